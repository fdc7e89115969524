// The client against a real socket and real requests: tokens, errors, and a job that is followed through closed sockets.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { WebSocket } from "ws";

import {
  createPennypostClient,
  JobDocument,
  JobEventsDocument,
  type JobState,
  MeDocument,
  RequestError,
  type TokenOptions,
  TransportError,
} from "../src/index.js";
import { type Reply, type Sent, signed, startServer, type Step } from "./server.js";

async function start(
  context: TestContext,
  parts: { reply?: (sent: Sent) => Reply; steps?: (sent: Sent, nth: number) => Step[] },
  options: Partial<TokenOptions> = {},
) {
  const server = await startServer(parts);
  const client = createPennypostClient({ url: server.url, webSocket: WebSocket, token: () => null, ...options });
  context.after(async () => {
    client.close();
    await server.stop();
  });
  return { server, client };
}

const event = (version: number, state: JobState): Step => ({ next: { jobEvents: { jobId: "j", version, state } } });

test("a request carries the token and its variables, and gives the data", async (context) => {
  const { server, client } = await start(
    context,
    { reply: () => ({ body: { data: { job: { id: "j" } } } }) },
    { token: async () => "t1" },
  );
  const data = await client.request(JobDocument, { id: "j" });
  assert.equal(data.job?.id, "j");
  assert.deepEqual(server.requests.map(signed), [{ authorization: "Bearer t1", variables: { id: "j" } }]);
});

test("errors of the request are thrown with their code and what could be answered", async (context) => {
  const errors = [{ message: "Slow down.", extensions: { code: "RATE_LIMITED" } }];
  const { client } = await start(context, {
    reply: () => ({ status: 429, headers: { "Retry-After": "7" }, body: { errors, data: { job: null } } }),
  });
  await assert.rejects(client.request(MeDocument), (error) => {
    assert.ok(error instanceof RequestError);
    assert.deepEqual([error.code, error.message, error.status], ["RATE_LIMITED", "Slow down.", 429]);
    assert.deepEqual([error.retryAfterSeconds, error.data], [7, { job: null }]);
    return true;
  });
});

test("an answer that is no GraphQL is an error of the way", async (context) => {
  for (const body of ["<html>", "null", "[]", "{}", '{"data": null}']) {
    const { client } = await start(context, { reply: () => ({ status: 502, body }) });
    await assert.rejects(client.request(MeDocument), (error) => error instanceof TransportError && error.status === 502);
  }
});

test("a server that is away is an error of the way", async () => {
  const client = createPennypostClient({ url: "http://127.0.0.1:9/graphql", webSocket: WebSocket });
  await assert.rejects(client.request(MeDocument), (error) => error instanceof TransportError && error.status === null);
  await assert.rejects(client.subscribe(JobEventsDocument, { jobId: "j" }).next(), TransportError);
});

test("a request whose token is refused is sent once more with a new one", async (context) => {
  const refused = { status: 401, body: { errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }] } };
  const me = { body: { data: { me: { id: "u" } } } };
  const { server, client } = await start(
    context,
    { reply: (sent) => (sent.authorization === "Bearer new" ? me : refused) },
    { token: (reason) => (reason === "refused" ? "new" : "old") },
  );
  assert.equal((await client.request(MeDocument)).me.id, "u");
  assert.deepEqual(server.requests.map((sent) => sent.authorization), ["Bearer old", "Bearer new"]);
});

test("a request whose token cannot be renewed says so and is not repeated", async (context) => {
  const { server, client } = await start(
    context,
    { reply: () => ({ status: 401, body: { errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }] } }) },
    { token: () => "old" },
  );
  await assert.rejects(client.request(MeDocument), (error) => error instanceof RequestError && error.status === 401);
  assert.equal(server.requests.length, 1);
});

test("a request can be stopped", async (context) => {
  const { client } = await start(context, { reply: () => ({ body: { data: {} } }) });
  await assert.rejects(client.request(MeDocument, {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("a request that is stopped while its answer comes says so, and not that the answer is broken", async () => {
  const stop = new AbortController();
  const fetch = async (_url: unknown, { signal }: RequestInit = {}) => {
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('{"data": '));
        signal?.addEventListener("abort", () => stream.error(signal.reason));
        setTimeout(() => stop.abort(), 5);
      },
    });
    return new Response(body);
  };
  const client = createPennypostClient({ url: "http://127.0.0.1:9/graphql", webSocket: WebSocket, fetch });
  await assert.rejects(client.request(MeDocument, {}, { signal: stop.signal }), { name: "AbortError" });
});

test("a job is followed through a server that restarts, is busy, and refuses the token", async (context) => {
  const scripts: Step[][] = [
    [event(1, "QUEUED"), event(2, "RUNNING"), { close: 1012 }],
    [event(3, "RUNNING"), { close: 4403 }],
    [event(4, "RUNNING"), { close: 1013 }],
    [event(5, "SUCCESS"), "complete"],
  ];
  let token = 1;
  const { server, client } = await start(
    context,
    { steps: (_sent, nth) => scripts[nth - 1] ?? [] },
    { token: (reason) => `t${reason === "refused" ? ++token : token}` },
  );
  const seen: number[] = [];
  for await (const { version } of client.followJob("j", { afterVersion: 0 })) seen.push(version);
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  assert.deepEqual(server.subscriptions.map(signed), [
    { authorization: "Bearer t1", variables: { jobId: "j", afterVersion: 0 } },
    { authorization: "Bearer t1", variables: { jobId: "j", afterVersion: 2 } },
    { authorization: "Bearer t2", variables: { jobId: "j", afterVersion: 3 } },
    { authorization: "Bearer t2", variables: { jobId: "j", afterVersion: 4 } },
  ]);
});

test("a subscription that the server refuses throws the request's error", async (context) => {
  const error = [{ message: "No such job.", extensions: { code: "BAD_USER_INPUT" } }];
  const { client } = await start(context, { steps: () => [{ error }] });
  await assert.rejects(client.followJob("j").next(), (thrown) => {
    return thrown instanceof RequestError && thrown.code === "BAD_USER_INPUT";
  });
});

test("a subscription ends with the code of a closed socket, and does not start again", async (context) => {
  const { server, client } = await start(context, { steps: () => [event(1, "RUNNING"), { close: 1012 }] });
  const events = client.subscribe(JobEventsDocument, { jobId: "j" });
  assert.equal((await events.next()).value?.jobEvents.version, 1);
  await assert.rejects(events.next(), (error) => error instanceof TransportError && error.closeCode === 1012);
  assert.equal(server.subscriptions.length, 1);
});

test("a job that is followed can be left while it waits for its next version", async (context) => {
  const { client } = await start(context, { steps: () => [event(1, "RUNNING")] });
  const stop = new AbortController();
  const events = client.followJob("j", { signal: stop.signal });
  await events.next();
  const next = events.next();
  stop.abort();
  await assert.rejects(next, { name: "AbortError" });
});

test("a subscription whose token cannot be had is an error of the way, with its cause", async (context) => {
  const cause = Object.assign(new Error("The way to the refresh is gone."), { code: 20 });
  const { client, server } = await start(context, {}, { token: () => Promise.reject(cause) });
  await assert.rejects(client.subscribe(JobEventsDocument, { jobId: "j" }).next(), (error) => {
    assert.ok(error instanceof TransportError);
    assert.deepEqual([error.cause, error.closeCode, error.isWorthRetrying], [cause, null, true]);
    return true;
  });
  assert.equal(server.subscriptions.length, 0);
});

test("a job is followed past a token that cannot be had for a moment", async (context) => {
  let asked = 0;
  const token = async () => {
    asked += 1;
    if (asked === 1) throw new TypeError("fetch failed");
    return "t";
  };
  const { client, server } = await start(context, { steps: () => [event(1, "SUCCESS"), "complete"] }, { token });
  const seen: number[] = [];
  const lost: Error[] = [];
  for await (const { version } of client.followJob("j", { onLost: (error) => lost.push(error) })) seen.push(version);
  assert.deepEqual([seen, asked, lost.length], [[1], 2, 1]);
  assert.equal(server.subscriptions[0]?.authorization, "Bearer t");
});

test("a socket that still closes for want of a token is taken for nothing worse", async (context) => {
  const cause = new Error("The way to the refresh is gone.");
  const { client } = await start(context, {}, { token: () => Promise.reject(cause) });
  // The second comes while the first one's socket is closing, and hears of that.
  for (let nth = 1; nth <= 2; nth += 1) {
    await assert.rejects(client.subscribe(JobEventsDocument, { jobId: "j" }).next(), (error) => {
      assert.ok(error instanceof TransportError);
      assert.deepEqual([error.cause, error.isWorthRetrying], [cause, true]);
      return true;
    });
  }
});

test("a job is not followed any more when the error of the token says that it is of no use", async (context) => {
  const cause = Object.assign(new Error("Sign in again."), { isWorthRetrying: false });
  let asked = 0;
  const token = () => {
    asked += 1;
    throw cause;
  };
  const { client } = await start(context, {}, { token });
  await assert.rejects(client.followJob("j").next(), (error) => error instanceof TransportError && error.cause === cause);
  assert.equal(asked, 1);
});
