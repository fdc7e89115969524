// Runs the flow, the streams and both examples against a server of their own, and the flow once more by ids against one that
// answers trusted documents only; fails when one of them does:
//   PENNYPOST=target/debug/pennypost npm run live
// `make flow` builds the server and does that. The server lives in a temporary folder, on a free port, and takes nothing
// from the environment; both are gone afterwards, whatever happened.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";

import { createPennypostClient } from "./src/index.js";

const PASSWORD = "correct horse battery";
/** How long the server may take to start, each program to run, and the server to stop, in milliseconds. */
const PATIENCE = 60_000;

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => stopping.abort(new Error(`It was stopped by ${name}.`)));
}
const soon = () => AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE)]);

/** Starts the server with those settings, works against its address, and stops it in any case. */
async function withServer(
  binary: string,
  settings: Record<string, string>,
  work: (address: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "pennypost-flow-"));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATA_DIR: folder, LISTEN: "127.0.0.1:0", ...settings };
  const server = spawn(binary, ["up"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  // A binary that is not there is told by `error` alone.
  const ended = new Promise<string>((resolve) => {
    server.once("error", ({ message }) => resolve(message));
    server.once("close", (code, signal) => resolve(`${code ?? signal}`));
  });
  let said = "";
  const address = new Promise<string>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (part) => {
        said += String(part);
        const found = /GraphQL is at (http:\/\/\S+)\/graphql/.exec(said)?.[1];
        if (found) resolve(found);
      });
    }
    const signal = soon();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    void ended.then((how) => reject(new Error(`The server ended before it was up: ${how}.`)));
  });
  try {
    await work(await address);
  } catch (error) {
    console.error(`What the server said:\n${said}`);
    throw error;
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

async function register(address: string, username: string): Promise<void> {
  const client = createPennypostClient({ url: `${address}/graphql`, webSocket: WebSocket });
  const input = { username, email: `${username}@mail.example`, password: PASSWORD, timeZone: "Europe/Berlin" };
  await client.register(input);
}

async function run(program: string, ...values: string[]): Promise<void> {
  console.log(`\n${program}`);
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...values], { stdio: "inherit", signal: soon() });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}.`);
}

const binary = process.env["PENNYPOST"];
if (!binary) {
  console.error("usage: PENNYPOST=target/debug/pennypost npm run live");
  process.exit(2);
}
try {
  await withServer(path.resolve(binary), {}, async (address) => {
    await run("flow.js", address);
    await run("streams.js", address);
    for (const example of ["urql", "apollo"]) {
      await register(address, example);
      await run(`examples/${example}.js`, address, example, PASSWORD);
    }
  });
  const manifest = fileURLToPath(new URL("../src/generated/persisted-documents.json", import.meta.url));
  const onlyThese = { TRUSTED_DOCUMENTS: manifest, TRUSTED_DOCUMENTS_ONLY: "true" };
  await withServer(path.resolve(binary), onlyThese, (address) => run("flow.js", address, "trusted"));
} catch (error) {
  console.error(error instanceof Error ? `It failed: ${error.message}` : error);
  process.exitCode = 1;
}
