// Has relay-compiler compile the operations in relay/ against a schema:
//
//   node relay.mjs [SCHEMA]
//
// Fails when it refuses one, or does not see in them the connections and the objects to fetch again that they ask for.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import compiler from "relay-compiler";

const here = path.dirname(fileURLToPath(import.meta.url));
const schema = process.argv[2] ?? path.join(here, "../../schema.graphql");

/** What the compiler makes of each operation that is more than a query. */
const EXPECTED = [
  ["ledger_transactions", '"direction": "forward"'],
  ["ledger_transactions", '"identifierField": "id"'],
  ["ledgerTransactionsPageQuery", '"name": "node"'],
  ["ledger_categories", '"direction": "backward"'],
  ["ledgerCategoriesPageQuery", '"handle": "connection"'],
  ["ledger_transaction", '"identifierField": "id"'],
  ["ledgerTransactionAgainQuery", '"name": "node"'],
  ["changesCreateCategoryMutation", '"handle": "appendNode"'],
  ["changesDeleteCategoryMutation", '"handle": "deleteEdge"'],
  ["changesJobEventsSubscription", '"operationKind": "subscription"'],
];

// It takes a configuration file and nothing else, and no path that leads out of that file's folder.
const folder = await mkdtemp(path.join(tmpdir(), "pennypost-relay-"));
try {
  await cp(path.join(here, "relay"), path.join(folder, "operations"), { recursive: true });
  await cp(schema, path.join(folder, "schema.graphql"));
  await mkdir(path.join(folder, "compiled"));
  const config = {
    src: "operations",
    schema: "schema.graphql",
    language: "javascript",
    artifactDirectory: "compiled",
  };
  await writeFile(path.join(folder, "relay.config.json"), JSON.stringify(config));
  await promisify(execFile)(compiler, ["--noWatchman", "relay.config.json"], { cwd: folder });
  for (const [operation, wanted] of EXPECTED) {
    const text = await readFile(path.join(folder, "compiled", `${operation}.graphql.js`), "utf8");
    if (!text.includes(wanted)) throw new Error(`In ${operation} the compiler sees no ${wanted}.`);
  }
  console.log("relay-compiler: every operation compiles");
} catch (error) {
  console.error(`relay-compiler: ${error.stderr || error.message}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
