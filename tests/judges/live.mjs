// Starts a server in a temporary folder and has it judged by every judge that needs one:
//
//   node live.mjs PENNYPOST EXAMPLES
//
// PENNYPOST is the binary, EXAMPLES how many documents Schemathesis makes up for each field. The limits that a judge would
// meet, and that are settings, are out of the way.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [binary, examples] = process.argv.slice(2);
if (!examples) {
  console.error("usage: node live.mjs PENNYPOST EXAMPLES");
  process.exit(2);
}

/** How long the server may take to start and to stop, in milliseconds. */
const PATIENCE = 60_000;
const PLENTY = "1000000000";
const LIMITS = { COST_CAPACITY: PLENTY, COST_RESTORED_PER_SECOND: PLENTY, WEBSOCKETS_PER_USER: "100" };

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, () => stopping.abort(new Error(`It was stopped by ${name}.`)));
}

/** Starts the server, works against its address and its admin, and stops it in any case. */
async function withServer(work) {
  const folder = await mkdtemp(path.join(tmpdir(), "pennypost-judges-"));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATA_DIR: folder, LISTEN: "127.0.0.1:0", ...LIMITS };
  const server = spawn(path.resolve(binary), ["up"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => {
    server.once("error", ({ message }) => resolve(message));
    server.once("close", (code, signal) => resolve(`${code ?? signal}`));
  });
  let said = "";
  const up = new Promise((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (part) => {
        said += part;
        const url = /GraphQL is at (\S+)/.exec(said)?.[1];
        const password = /^.*password +(\S+)/m.exec(said)?.[1];
        if (url && password) resolve({ url, admin: { login: "admin", password } });
      });
    }
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE)]);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    void ended.then((how) => reject(new Error(`The server ended before it was up: ${how}.\n${said}`)));
  });
  try {
    await work(await up);
    for (const line of said.split("\n").filter((line) => / (ERROR|panicked) /.test(line))) {
      console.error(`The server said: ${line}`);
      process.exitCode = 1;
    }
  } finally {
    server.kill("SIGTERM");
    const impatience = setTimeout(() => server.kill("SIGKILL"), PATIENCE);
    const how = await ended;
    clearTimeout(impatience);
    await rm(folder, { recursive: true, force: true });
    if (how !== "0") {
      console.error(`The server ended with ${how} and not with 0.`);
      process.exitCode = 1;
    }
  }
}

/** Runs one judge, and lets the others run whatever it finds. */
async function run(program, values, env = {}) {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const options = { stdio: "inherit", env: { ...process.env, ...env }, signal: stopping.signal };
  const child = spawn(process.execPath, [file, ...values], options);
  const [code, signal] = await once(child, "close");
  if (code !== 0) {
    console.error(`${program} ended with ${code ?? signal}.`);
    process.exitCode = 1;
  }
}

try {
  await withServer(async ({ url, admin }) => {
    await run("clients.mjs", [url]);
    await run("schemathesis.mjs", [url, examples], { JUDGE_ADMIN: JSON.stringify(admin) });
  });
} catch (error) {
  console.error(`The judges could not finish: ${error.message}`);
  process.exitCode = 1;
}
