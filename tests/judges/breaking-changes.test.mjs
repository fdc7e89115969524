// The judge of breaking changes, judged: by changed copies of the present schema, and by changelogs of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { breakingChanges } from "./changelog.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const released = readFileSync(path.join(here, "../../schema.graphql"), "utf8");

/** The present schema with a change. */
function changed(find, put) {
  const present = released.replace(find, put);
  assert.notEqual(present, released, `nothing in the schema matches ${find}`);
  return present;
}

/** A changelog that says one thing of what is not released yet, and another of what is. */
const changelog = (unreleased, past = "") => `# Changelog\n\n## [Unreleased]\n\n${unreleased}\n\n## [0.1.0]\n\n${past}\n`;

const withoutCount = changed(/(?<=type TransactionConnection \{[^}]*)"""\n[^"]*"""\n  totalCount: Int!\n/, "");
const COUNT = "TransactionConnection.totalCount";

/** Where the changes are that the changelog does not name. */
async function unnamed(present, log) {
  return (await breakingChanges(released, present, log)).unnamed.map(({ coordinate }) => coordinate);
}

test("a field that is gone has to be named", async () => {
  assert.deepEqual(await unnamed(withoutCount, changelog("### Removed\n\n- Much.")), [COUNT]);
  assert.deepEqual(await unnamed(withoutCount, changelog(`### Removed\n\n- \`${COUNT}\`: nobody counted.`)), []);
});

test("a field that is named without backticks, or under a release, is not named", async () => {
  assert.deepEqual(await unnamed(withoutCount, changelog(`- ${COUNT}`)), [COUNT]);
  assert.deepEqual(await unnamed(withoutCount, changelog("- Nothing.", `- \`${COUNT}\``)), [COUNT]);
});

test("an argument that became required is named with its field", async () => {
  const present = changed(/(?<=jobEvents\([^)]*)afterVersion: Int,/, "afterVersion: Int!,");
  const coordinate = "Subscription.jobEvents(afterVersion:)";
  assert.deepEqual(await unnamed(present, changelog("- Nothing.")), [coordinate]);
  assert.deepEqual(await unnamed(present, changelog(`- \`${coordinate}\` is required.`)), []);
});

test("a field that came is no breaking change", async () => {
  const present = changed(/^type Query \{/m, 'type Query {\n  "New."\n  new: Int');
  assert.deepEqual(await breakingChanges(released, present, changelog("- Nothing.")), { breaking: [], unnamed: [] });
});

test("a changelog without a section for what is not released is refused", async () => {
  await assert.rejects(unnamed(withoutCount, "# Changelog\n"), /no section "Unreleased"/);
});

test("the program fails, and says what to write, until the changelog names the field", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pennypost-breaking-"));
  const run = (log) => {
    const texts = { "released.graphql": released, "present.graphql": withoutCount, "CHANGELOG.md": log };
    for (const [name, text] of Object.entries(texts)) writeFileSync(path.join(folder, name), text);
    const values = [path.join(here, "breaking-changes.mjs"), ...Object.keys(texts)];
    return spawnSync(process.execPath, values, { cwd: folder, encoding: "utf8" });
  };
  try {
    const refused = run(changelog("- Nothing."));
    assert.equal(refused.status, 1);
    assert.ok(refused.stderr.includes(`\`${COUNT}\``), refused.stderr);
    assert.equal(run(changelog(`- \`${COUNT}\``)).status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
