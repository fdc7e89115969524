// With trusted documents the client sends ids, over HTTP and over the socket, and says what to do about one that is unknown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { parse } from "graphql";
import { WebSocket } from "ws";

import { createPennypostClient, JobDocument, JobEventsDocument, MeDocument, RequestError } from "../src/index.js";
import { type Reply, type Sent, startServer, type Step } from "./server.js";

const manifest = JSON.parse(
  readFileSync(new URL("../../src/generated/persisted-documents.json", import.meta.url), "utf8"),
) as Record<string, string>;

async function start(
  context: TestContext,
  parts: { reply?: (sent: Sent) => Reply; steps?: (sent: Sent) => Step[] },
  trustedDocuments = true,
) {
  const server = await startServer(parts);
  const client = createPennypostClient({ url: server.url, webSocket: WebSocket, trustedDocuments });
  context.after(async () => {
    client.close();
    await server.stop();
  });
  return { server, client };
}

const unknown = [{ message: "Unknown document.", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }];

function isExplained(error: unknown, name: string): boolean {
  assert.ok(error instanceof RequestError && error.code === "PERSISTED_QUERY_NOT_FOUND");
  assert.match(error.message, new RegExp(`the document ${name} \\(sha256:[0-9a-f]{64}\\)\\..*persisted-documents\\.json`));
  return true;
}

test("a request has the id and the name of its document, and no text", async (context) => {
  const { server, client } = await start(context, { reply: () => ({ body: { data: { job: null } } }) });
  await client.request(JobDocument, { id: "j" });
  const [sent] = server.requests;
  assert.deepEqual(Object.keys(sent?.operation ?? {}).sort(), ["documentId", "operationName"]);
  assert.deepEqual([sent?.operation.operationName, sent?.variables], ["Job", { id: "j" }]);
  assert.match(manifest[sent?.operation.documentId ?? ""] ?? "", /query Job\(/);
});

test("a subscription does, too", async (context) => {
  const { server, client } = await start(context, { steps: () => ["complete"] });
  await client.subscribe(JobEventsDocument, { jobId: "j" }).next();
  const [sent] = server.subscriptions;
  assert.deepEqual(Object.keys(sent?.operation ?? {}).sort(), ["documentId", "operationName"]);
  assert.match(manifest[sent?.operation.documentId ?? ""] ?? "", /subscription JobEvents\(/);
});

test("a variable that is called query arrives, whatever is in it", async (context) => {
  const { server, client } = await start(context, { steps: () => ["complete"] });
  const variables = { jobId: "j", query: "" };
  await client.subscribe(JobEventsDocument, variables).next();
  assert.deepEqual(server.subscriptions[0]?.variables, variables);
});

test("a document that the server does not know is named, with what to do", async (context) => {
  const { client } = await start(context, {
    reply: () => ({ status: 400, body: { errors: unknown } }),
    steps: () => [{ error: unknown }],
  });
  await assert.rejects(client.request(MeDocument), (error) => isExplained(error, "Me"));
  const events = client.subscribe(JobEventsDocument, { jobId: "j" });
  await assert.rejects(events.next(), (error) => isExplained(error, "JobEvents"));
});

test("a document without an id is not sent", async (context) => {
  const { server, client } = await start(context, {});
  await assert.rejects(client.request(parse("query Mine { me { id } }") as never), /The document Mine has no id/);
  assert.equal(server.requests.length, 0);
});

test("without trusted documents the text is sent, and an error stays as it is", async (context) => {
  const { server, client } = await start(context, { reply: () => ({ body: { errors: unknown } }) }, false);
  await assert.rejects(client.request(MeDocument), { message: "Unknown document." });
  assert.match(server.requests[0]?.operation.query ?? "", /^query Me /);
});
