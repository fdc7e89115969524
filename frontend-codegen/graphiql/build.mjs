// Builds the page: bundles it, compresses each file, and writes them beside the table from which the server reads them.
//
//   node build.mjs   writes built/ and ../../src/http/page/files.rs
//
// The same input gives the same bytes on every machine: the versions are locked, no path and no time goes in, and the
// compressor is one of JavaScript, because zlib's output differs with the processor.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { gzipSync } from "fflate";

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, "built");
const table = path.join(here, "../../src/http/page/files.rs");

/** The page and the editor's workers, bundled together: they share half of what they are made of. */
const ENTRIES = {
  main: "page/main.tsx",
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
};
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
};

/** Changes what does not fit into the page in its packages. One that has changed itself stops the build. */
const fitting = {
  name: "fitting",
  setup(build) {
    const changed = (filter, change) =>
      build.onLoad({ filter }, ({ path }) => ({ contents: change(readFileSync(path, "utf8")), loader: "js" }));
    build.onResolve({ filter: /^page:/ }, ({ path: name }) => ({ path: path.join(here, "page", name.slice(5)) }));
    build.onResolve({ filter: /\/edcore\.main\.js$/ }, () => ({ path: path.join(here, "page/editor.ts") }));
    // The old name of the same part: twice in the page, and of a form that loses its exports on the way.
    build.onResolve({ filter: /^prettier\/parser-graphql$/ }, ({ kind, resolveDir }) =>
      build.resolve("prettier/plugins/graphql", { kind, resolveDir }),
    );
    // It formats JSON with a parser of JavaScript, eight times the size of the one that it reads JSON with.
    changed(/@graphiql\/react\/dist\/utility\/jsonc\.js$/, (text) =>
      replaced(
        replaced(text, "import { parse,", "import { applyEdits, format, parse,"),
        /async function formatJSONC\(content\) \{.*?\n\}\n/s,
        `async function formatJSONC(content) {
          return applyEdits(content, format(content, undefined, { insertSpaces: true, tabSize: 2 }));
        }\n`,
      ),
    );
    // What a person writes among the headers may be a token: the history keeps operations and variables alone.
    changed(/@graphiql\/plugin-history\/dist\/context\.js$/, (text) =>
      replaced(text, "headers: activeTab.headers ?? void 0,", ""),
    );
    // Without headers in the history, what stands among the headers stays when an operation is taken from there.
    changed(/@graphiql\/plugin-history\/dist\/components\.js$/, (text) =>
      replaced(text, 'headerEditor == null ? void 0 : headerEditor.setValue(headers ?? "");', ""),
    );
    // See page/style-attributes.ts.
    changed(/\/editor\/browser\/view\/viewLayer\.js$/, (text) =>
      [
        ["this._domNode.innerHTML = newLinesHTML;", "setHtml(this._domNode, newLinesHTML);"],
        ["lastChild.insertAdjacentHTML('afterend', newLinesHTML);", "insertHtmlAfter(lastChild, newLinesHTML);"],
        ["hugeDomNode.innerHTML = invalidLinesHTML;", "setHtml(hugeDomNode, invalidLinesHTML);"],
      ].reduce(
        (text, [before, after]) => replaced(text, before, after),
        `import { insertHtmlAfter, setHtml } from "page:style-attributes.ts";\n${text}`,
      ),
    );
  },
};

function replaced(text, before, after) {
  const result = text.replace(before, () => after);
  if (result === text) throw new Error(`This is no longer in the package: ${before}`);
  return result;
}

/** Every file of the page by its name, in the order of the names. */
async function files() {
  const { metafile, outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ENTRIES,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    loader: { ".ttf": "file" },
    legalComments: "none",
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    assetNames: "[name]-[hash]",
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "warning",
    plugins: [fitting],
  });
  const main = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === ENTRIES.main);
  // The style sheet of the entry holds every rule; the ones of the parts that are loaded later repeat some of them.
  const isWanted = (name) => !name.endsWith(".css") || name === path.basename(main.cssBundle);
  const bundled = outputFiles.map(({ path: output, contents }) => [path.basename(output), Buffer.from(contents)]);
  const wanted = [...bundled.filter(([name]) => isWanted(name)), licences(Object.keys(metafile.inputs))];
  const names = Object.fromEntries(wanted.map(([name]) => [name.replace(/-[A-Z0-9]{8}\./, "."), name]));
  const html = readFileSync(path.join(here, "page/index.html"), "utf8").replace(/\{\{(.*?)\}\}/g, (_, name) => {
    if (!names[name]) throw new Error(`The page names ${name}, which was not built.`);
    return names[name];
  });
  return new Map([...wanted, ["index.html", Buffer.from(html)]].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What the packages inside ask everyone to keep who passes them on. */
function licences(inputs) {
  const folders = inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  const texts = [...new Set(folders.filter(Boolean))].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(path.join(here, folder)).find((file) => /^licen[cs]e/i.test(file));
    const text = file ? readFileSync(path.join(here, folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  const bytes = Buffer.from([...new Set(texts)].join(`\n${"-".repeat(72)}\n\n`));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  return [`licences-${hash}.txt`, bytes];
}

function rust(names) {
  const rows = names.map((name) => {
    const type = TYPES[path.extname(name)];
    if (!type) throw new Error(`${name} has an ending without a media type.`);
    return `    File {
        name: "${name}",
        media_type: "${type}",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/${name}.gz"),
    },\n`;
  });
  return `//! The files of the page, as \`frontend-codegen/graphiql/build.mjs\` prints this table; never edited by hand.

use crate::http::page::File;

/// Every file by its name below \`/graphiql/\`. A name holds the hash of what is in it; \`index.html\` is the page itself.
pub const FILES: &[File] = &[
${rows.join("")}];
`;
}

const built = await files();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
let total = 0;
for (const [name, bytes] of built) {
  const gzipped = gzipSync(bytes, { level: 9, mtime: 0 });
  total += gzipped.length;
  writeFileSync(path.join(folder, `${name}.gz`), gzipped);
}
writeFileSync(table, rust([...built.keys()]));
console.log(`graphiql: ${built.size} files, ${Math.round(total / 1000)} kB compressed`);
