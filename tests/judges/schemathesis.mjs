// Has Schemathesis try every field at the root of the schema against a running server, with the rights of an admin:
//
//   JUDGE_ADMIN='{"login":"admin","password":"…"}' node schemathesis.mjs URL EXAMPLES
//
// EXAMPLES is how many documents for each field. Fails on an error of the server, on an answer that is not what the schema
// says, and when fewer than 90 % of the answers carry data. $JUDGE_PYTHON is a Python with schemathesis/requirements.txt.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createApiToken, login, readDemoMailbox, register, someIds } from "./world.mjs";

const [url, examples] = process.argv.slice(2);
const { JUDGE_ADMIN, JUDGE_PYTHON } = process.env;
if (!examples || !JUDGE_ADMIN || !JUDGE_PYTHON) {
  console.error("usage: JUDGE_ADMIN='{…}' JUDGE_PYTHON=… node schemathesis.mjs URL EXAMPLES");
  process.exit(2);
}

const WITH_DATA = 0.9;
/** What only the server is to blame for; Schemathesis takes some of them for refusals where they come without a path. */
const FAULTS = ["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "no code"];
const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * What hooks.py takes. The token is an admin's, which no token revokes; and the people who have signed in are no admins, so
 * that they cannot revoke it either.
 */
async function prepareWorld() {
  const accessToken = await login(url, JSON.parse(JUDGE_ADMIN));
  const apiToken = await createApiToken(url, accessToken, ["ADMIN", "INGEST", "WRITE"]);
  await readDemoMailbox(url, accessToken);
  const [other, person, leaver] = [await register(url, "other"), await register(url, "person"), await register(url, "leaver")];
  await createApiToken(url, person.accessToken, ["READ"]);
  const owners = await someIds(url, accessToken);
  const ids = [...owners, ...(await someIds(url, person.accessToken))];
  return { url, schema: path.join(here, "../../schema.graphql"), apiToken, ownerId: owners[0], other, person, leaver, ids };
}

/** Prints the faults of the server, and says whether there are any. */
function hasFaults(fields) {
  const faulty = Object.entries(fields).filter(([, counts]) => FAULTS.some((code) => counts[code]));
  for (const [field, counts] of faulty) console.error(`${field}: ${JSON.stringify(counts)}`);
  return faulty.length > 0;
}

/** Prints the fields that seldom carry data, and says which share of all answers does. */
function shareWithData(fields) {
  const total = { answers: 0, data: 0 };
  for (const [field, { answers, data = 0, ...codes }] of Object.entries(fields)) {
    total.answers += answers;
    total.data += data;
    if (data / answers < WITH_DATA) console.log(`  ${field}: ${data} of ${answers} with data, ${JSON.stringify(codes)}`);
  }
  const share = total.data / total.answers;
  console.log(`schemathesis: ${total.answers} answers of ${Object.keys(fields).length} fields, ${(100 * share).toFixed(1)} % with data`);
  return share;
}

const folder = await mkdtemp(path.join(tmpdir(), "pennypost-schemathesis-"));
try {
  const [world, counts] = ["world.json", "counts.json"].map((name) => path.join(folder, name));
  await writeFile(world, JSON.stringify(await prepareWorld()), { mode: 0o600 });
  const env = {
    ...process.env,
    JUDGE_WORLD: world,
    JUDGE_COUNTS: counts,
    PYTHONPATH: path.join(here, "schemathesis"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const config = path.join(here, "schemathesis/schemathesis.toml");
  const values = ["--config-file", config, "run", "--mode", "positive", "--max-examples", examples, url];
  const program = spawn(JUDGE_PYTHON, ["-m", "schemathesis.cli", ...values], { cwd: folder, env, stdio: "inherit" });
  const [code] = await once(program, "close");
  const fields = JSON.parse(await readFile(counts, "utf8"));
  const isFaulty = hasFaults(fields);
  if (shareWithData(fields) < WITH_DATA || isFaulty || code !== 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
