// A session that signs in, is renewed once for all who ask, outlives sockets, and ends with a word.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { WebSocket } from "ws";

import {
  browserSession,
  createPennypostClient,
  JobEventsDocument,
  LoginDocument,
  type LoginMutation,
  MeDocument,
  memorySession,
  MyJobEventsDocument,
  RequestError,
  SessionEnded,
  type SessionOptions,
  type SessionStore,
  type StoredSession,
  TransportError,
  UserErrors,
} from "../src/index.js";
import { type Reply, type Sent, startServer, type Step } from "./server.js";
import { sessions } from "./session-server.js";

interface Parts {
  expiresIn?: number;
  /** Stands before the answer of the server's sessions. */
  before?: (sent: Sent) => Reply | Promise<Reply | undefined> | undefined | void;
  steps?: (sent: Sent, nth: number) => Step[];
}

async function start(context: TestContext, parts: Parts = {}, options: Partial<SessionOptions> = {}) {
  const ledger = sessions(parts.expiresIn);
  const server = await startServer({
    reply: async (sent) => (await parts.before?.(sent)) ?? ledger.answer(sent),
    ...(parts.steps ? { steps: parts.steps } : {}),
    isRefused: (authorization) => authorization !== undefined && !ledger.isGood(authorization),
  });
  let signedOut = 0;
  const client = (more: Partial<SessionOptions> = {}) => {
    const onSignedOut = () => void (signedOut += 1);
    const made = createPennypostClient({ url: server.url, webSocket: WebSocket, onSignedOut, ...options, ...more });
    context.after(() => made.close());
    return made;
  };
  context.after(() => server.stop());
  return { server, ledger, client, signedOut: () => signedOut };
}

const right = { login: "ana", password: "right" };
const isUnauthenticated = (error: unknown) => error instanceof RequestError && error.code === "UNAUTHENTICATED";
const tokens = (sent: Sent[]) => sent.map(({ authorization }) => authorization);

test("whoever signs in is signed in, and a wrong password is told with its code", async (context) => {
  const { server, client: make } = await start(context);
  const client = make();
  assert.equal(await client.isSignedIn(), false);
  await assert.rejects(client.login({ login: "ana", password: "wrong" }), (error) => {
    return error instanceof UserErrors && error.code === "INVALID_CREDENTIALS";
  });
  assert.equal((await client.login(right)).username, "ana");
  assert.equal(await client.isSignedIn(), true);
  assert.equal((await client.request(MeDocument)).me.id, "u");
  assert.deepEqual(tokens(server.requests), [undefined, undefined, "Bearer access-10"]);
});

test("a hundred requests whose token is refused renew it once, and each is sent once more", async (context) => {
  const { server, ledger, client: make } = await start(context);
  const client = make();
  await client.login(right);
  ledger.expire();
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.request(MeDocument)));
  assert.equal(answers.length, 100);
  assert.deepEqual(ledger.rotations, ["refresh-10"]);
  const sent = tokens(server.requests);
  for (const token of ["Bearer access-10", "Bearer access-11"]) {
    assert.equal(sent.filter((other) => other === token).length, 100, token);
  }
});

test("the new pair is saved before it is used", async (context) => {
  const kept = memorySession();
  const done: string[] = [];
  const session: SessionStore = {
    ...kept,
    save: async (next) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await kept.save(next);
      done.push(`saved ${next.accessToken}`);
    },
  };
  const before = ({ authorization }: Sent) => void (authorization && done.push(`sent ${authorization}`));
  const { ledger, client: make } = await start(context, { before }, { session });
  const client = make();
  await client.login(right);
  ledger.expire();
  await client.request(MeDocument);
  assert.deepEqual(done, ["saved access-10", "sent Bearer access-10", "saved access-11", "sent Bearer access-11"]);
});

test("a token is renewed shortly before it ends, without a refusal", async (context) => {
  const session = memorySession();
  for (const [expiresIn, good] of [
    [100, 90],
    [3_600, 3_540],
  ] as const) {
    const { server, ledger, client: make } = await start(context, { expiresIn }, { session });
    const client = make();
    await client.login(right);
    await client.request(MeDocument);
    const kept = await session.load();
    assert.ok(kept);
    const goodFor = (kept.renewAt - Date.now()) / 1_000;
    assert.ok(goodFor > good - 5 && goodFor <= good, `${goodFor} s`);
    assert.deepEqual(ledger.rotations, []);
    await session.save({ ...kept, renewAt: Date.now() });
    await client.request(MeDocument);
    assert.deepEqual(ledger.rotations, ["refresh-10"]);
    assert.deepEqual(tokens(server.requests), [undefined, "Bearer access-10", undefined, "Bearer access-11"]);
  }
});

test("two tabs that are refused at once end up with the same pair, in whatever order the answers come", async (context) => {
  for (const first of [0, 1]) {
    let nth = 0;
    const slow = async (sent: Sent) => {
      if (!sent.operation.query?.includes("refreshSession")) return;
      const isLate = nth++ === first;
      const reply = ledger.answer(sent);
      await new Promise((resolve) => setTimeout(resolve, isLate ? 60 : 10));
      return reply;
    };
    const session = memorySession();
    const { ledger, client, signedOut } = await start(context, { before: slow }, { session });
    const [left, right_] = [client(), client()];
    await left.login(right);
    ledger.expire();
    await Promise.all([left.request(MeDocument), right_.request(MeDocument)]);
    assert.equal((await session.load())?.refreshToken, "refresh-11");
    await Promise.all([left.request(MeDocument), right_.request(MeDocument)]);
    assert.ok(ledger.rotations.every((shown) => shown === "refresh-10"));
    assert.equal(signedOut(), 0);
  }
});

test("a tab takes the pair that another one has saved, and shows no old token", async (context) => {
  const session = memorySession();
  const { ledger, client } = await start(context, {}, { session });
  const [left, other] = [client(), client()];
  await left.login(right);
  await other.request(MeDocument);
  for (let nth = 0; nth < 3; nth += 1) {
    ledger.expire();
    await left.request(MeDocument);
    await other.request(MeDocument);
  }
  assert.deepEqual(ledger.rotations, ["refresh-10", "refresh-11", "refresh-12"]);
});

test("what another tab has saved while this one waited for its pair stays", async (context) => {
  const session = memorySession();
  const newer: StoredSession = { userId: "u", accessToken: "access-12", refreshToken: "refresh-12", renewAt: Infinity };
  const { ledger, server, client } = await start(
    context,
    {
      before: (sent) => {
        if (sent.operation.query?.includes("refreshSession")) void session.save(newer);
        if (sent.authorization === "Bearer access-12") return { body: { data: { me: { id: "u" } } } };
        return undefined;
      },
    },
    { session },
  );
  const one = client();
  await one.login(right);
  ledger.expire();
  await one.request(MeDocument);
  assert.equal(await session.load(), newer);
  assert.equal(server.requests.at(-1)?.authorization, "Bearer access-12");
});

test("what one user asked is not asked again for another who has signed in since", async (context) => {
  const session = memorySession();
  const other: StoredSession = { userId: "b", accessToken: "access-b", refreshToken: "refresh-b", renewAt: Infinity };
  const before = (sent: Sent) => {
    if (sent.authorization === "Bearer access-10") void session.save(other);
    return undefined;
  };
  const { ledger, server, client: make } = await start(context, { before }, { session });
  const client = make();
  await client.login(right);
  ledger.expire();
  await assert.rejects(client.request(MeDocument), SessionEnded);
  assert.deepEqual([server.requests.length, ledger.rotations, await session.load()], [2, [], other]);
});

test("a refresh whose answer is lost is sent again, with the same token", async (context) => {
  let lost = 0;
  const before = (sent: Sent) => {
    if (!sent.operation.query?.includes("refreshSession") || lost > 0) return undefined;
    lost += 1;
    ledger.answer(sent);
    return { status: 502, body: "<html>" };
  };
  const { ledger, client: make } = await start(context, { before });
  const client = make();
  await client.login(right);
  ledger.expire();
  assert.equal((await client.request(MeDocument)).me.id, "u");
  assert.deepEqual(ledger.rotations, ["refresh-10", "refresh-10"]);
});

test("a server that is away ends no session", async (context) => {
  let isAway = false;
  const before = () => (isAway ? { status: 503, body: "<html>" } : undefined);
  const { ledger, client: make, signedOut } = await start(context, { before, expiresIn: 0 });
  const client = make();
  await client.login(right);
  isAway = true;
  await assert.rejects(client.request(MeDocument), (error) => error instanceof TransportError && error.status === 503);
  isAway = false;
  await client.request(MeDocument);
  assert.deepEqual([ledger.rotations, signedOut()], [["refresh-10"], 0]);
});

test("a refresh that is refused ends the session for all who ask, with one word to the page", async (context) => {
  const session = memorySession();
  const { ledger, client: make, signedOut } = await start(context, {}, { session });
  const client = make();
  await client.login(right);
  ledger.end();
  const asked = await Promise.allSettled([1, 2, 3].map(() => client.request(MeDocument)));
  for (const result of asked) assert.ok(result.status === "rejected" && result.reason instanceof SessionEnded);
  assert.deepEqual([ledger.rotations.length, signedOut(), await client.isSignedIn()], [1, 1, false]);
  await assert.rejects(client.request(MeDocument), isUnauthenticated);
  // The server knows the device by its last token, so that strangers cannot lock its owner out.
  await client.login(right);
  assert.deepEqual(ledger.logins, [right, { ...right, refreshToken: "refresh-10" }]);
  assert.equal((await client.request(MeDocument)).me.id, "u");
});

test("a server that asks for patience ends no session", async (context) => {
  const userErrors = [{ code: "RATE_LIMITED", message: "Wait.", field: null, retryAfterSeconds: 7 }];
  const nobody = { accessToken: null, refreshToken: null, tokenType: null, expiresIn: null, user: null };
  const busy = { body: { data: { refreshSession: { ...nobody, userErrors } } } };
  const before = ({ operation }: Sent) => (operation.query?.includes("refreshSession") ? busy : undefined);
  const { ledger, client: make, signedOut } = await start(context, { before });
  const client = make();
  await client.login(right);
  ledger.expire();
  await assert.rejects(client.request(MeDocument), (error) => error instanceof UserErrors && error.retryAfterSeconds === 7);
  assert.deepEqual([await client.isSignedIn(), signedOut()], [true, 0]);
});

test("a pair that comes after the sign-out signs nobody in again", async (context) => {
  const session = memorySession();
  const before = (sent: Sent) => {
    if (!sent.operation.query?.includes("refreshSession")) return undefined;
    const reply = ledger.answer(sent);
    void session.clear();
    return reply;
  };
  const { ledger, client: make, signedOut } = await start(context, { before }, { session });
  const client = make();
  await client.login(right);
  ledger.expire();
  await assert.rejects(client.request(MeDocument), SessionEnded);
  assert.deepEqual([await session.load(), signedOut()], [null, 1]);
});

test("a mutation that failed in part is not sent again", async (context) => {
  let asked = 0;
  const before = (sent: Sent) => {
    if (!sent.authorization) return undefined;
    asked += 1;
    const errors = [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }];
    return { body: { errors, data: asked === 1 ? { me: null } : null } };
  };
  const { client: make } = await start(context, { before });
  const client = make();
  await client.login(right);
  await assert.rejects(client.request(MeDocument), RequestError);
  assert.equal(asked, 1);
  // One that was refused as a whole is.
  await assert.rejects(client.request(MeDocument), RequestError);
  assert.equal(asked, 3);
});

test("signing out ends the session on the server and here, and is told once", async (context) => {
  const session = memorySession();
  const { ledger, client: make, signedOut, server } = await start(context, {}, { session });
  const client = make();
  await client.login(right);
  await client.logout();
  await client.logout();
  assert.deepEqual([signedOut(), await client.isSignedIn(), ledger.isGood("Bearer access-10")], [1, false, false]);
  assert.equal(server.requests.length, 2);
  assert.deepEqual(await session.load(), { ...(await session.load()), accessToken: null, refreshToken: "refresh-10" });
});

test("signing out forgets every token when the server cannot be told, and says so", async (context) => {
  const session = memorySession();
  const before = (sent: Sent) => (sent.operation.query?.includes("logout") ? { status: 503, body: "" } : undefined);
  const { client: make, signedOut } = await start(context, { before }, { session });
  const client = make();
  await client.login(right);
  await assert.rejects(client.logout(), TransportError);
  assert.deepEqual([await session.load(), signedOut()], [null, 1]);
});

test("a tab learns with its next request that another one has signed out", async (context) => {
  const session = memorySession();
  const { client, signedOut } = await start(context, {}, { session });
  const [left, other] = [client({ onSignedOut: () => {} }), client()];
  await left.login(right);
  await other.request(MeDocument);
  await left.logout();
  assert.equal(signedOut(), 0);
  await assert.rejects(other.request(MeDocument), isUnauthenticated);
  assert.equal(signedOut(), 1);
});

const event = (version: number, state = "RUNNING"): Step => ({ next: { jobEvents: { jobId: "j", version, state } } });

test("a job is followed through the end of its token", async (context) => {
  const scripts: Step[][] = [[event(1), { close: 4403 }], [event(2, "SUCCESS"), "complete"]];
  const steps = (_sent: Sent, nth: number) => scripts[nth - 1] ?? [];
  const { ledger, server, client: make } = await start(context, { steps });
  const client = make();
  await client.login(right);
  const seen: number[] = [];
  for await (const { version } of client.followJob("j", { afterVersion: 0 })) seen.push(version);
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(tokens(server.subscriptions), ["Bearer access-10", "Bearer access-11"]);
  assert.deepEqual(ledger.rotations, ["refresh-10"]);
});

test("a socket that is refused at its opening is opened once more, and nobody notices", async (context) => {
  const { ledger, server, client: make } = await start(context, { steps: () => [event(1)] });
  const client = make();
  await client.login(right);
  ledger.expire();
  const first = await client.subscribe(JobEventsDocument, { jobId: "j" }).next();
  assert.equal(first.value?.jobEvents.version, 1);
  assert.deepEqual(tokens(server.subscriptions), ["Bearer access-11"]);
});

test("a job is not followed any further for another user who has signed in since", async (context) => {
  const session = memorySession();
  const other: StoredSession = { userId: "b", accessToken: "access-b", refreshToken: "refresh-b", renewAt: Infinity };
  const steps = () => {
    void session.save(other);
    return [event(1), { close: 4403 }];
  };
  const { server, client: make } = await start(context, { steps }, { session });
  const client = make();
  await client.login(right);
  const events = client.followJob("j");
  await events.next();
  await assert.rejects(events.next(), SessionEnded);
  assert.equal(server.subscriptions.length, 1);
});

test("a subscription of a session that has ended says so", { timeout: 20_000 }, async (context) => {
  const { ledger, client: make, signedOut } = await start(context);
  const client = make();
  await client.login(right);
  ledger.end();
  await assert.rejects(client.subscribe(JobEventsDocument, { jobId: "j" }).next(), SessionEnded);
  await client.login(right);
  ledger.end();
  await assert.rejects(client.followJob("j").next(), SessionEnded);
  assert.equal(signedOut(), 2);
});

test("a subscription with onLost is opened again, without one it ends", async (context) => {
  const mine = (version: number): Step => ({ next: { myJobEvents: { jobId: "j", version } } });
  const scripts: Step[][] = [[mine(1), { close: 4403 }], [mine(3), { close: 1012 }], [mine(5), "complete"]];
  const steps = (_sent: Sent, nth: number) => scripts[nth - 1] ?? [mine(9), { close: 4403 }];
  const { server, client: make } = await start(context, { steps });
  const client = make();
  await client.login(right);
  const seen: number[] = [];
  const lost: unknown[] = [];
  const onLost = (error: Error) => lost.push(error instanceof TransportError && error.closeCode);
  for await (const { myJobEvents } of client.subscribe(MyJobEventsDocument, {}, { onLost })) seen.push(myJobEvents.version);
  assert.deepEqual([seen, lost], [[1, 3, 5], [4403, 1012]]);
  assert.deepEqual(tokens(server.subscriptions), ["Bearer access-10", "Bearer access-11", "Bearer access-11"]);
  const events = client.subscribe(MyJobEventsDocument);
  assert.equal((await events.next()).value?.myJobEvents.version, 9);
  await assert.rejects(events.next(), (error) => error instanceof TransportError && error.closeCode === 4403);
});

test("whoever signs in or out takes the socket along", { timeout: 20_000 }, async (context) => {
  const { server, client: make } = await start(context, { steps: () => [event(1)] });
  const client = make();
  const anonymous = client.subscribe(JobEventsDocument, { jobId: "j" });
  await anonymous.next();
  const waiting = assert.rejects(anonymous.next(), /Somebody has signed in meanwhile/);
  await client.login(right);
  await waiting;
  const signedIn = client.subscribe(JobEventsDocument, { jobId: "j" });
  await signedIn.next();
  assert.deepEqual(tokens(server.subscriptions), [undefined, "Bearer access-10"]);
  const over = assert.rejects(signedIn.next(), SessionEnded);
  await client.logout();
  await over;
});

test("the browser's store keeps a session, and takes what is none of its own for nothing", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
  const store = browserSession("s", storage);
  assert.equal(store.load(), null);
  const session: StoredSession = { userId: "u", accessToken: "a", refreshToken: "r", renewAt: 7 };
  void store.save(session);
  assert.deepEqual(browserSession("s", storage).load(), session);
  const broken = Object.keys(session).map((name) => JSON.stringify({ ...session, [name]: true }));
  for (const text of ["", "x", "null", "7", "{}", ...broken]) {
    kept.set("s", text);
    assert.equal(store.load(), null, text);
  }
  void store.clear();
  assert.equal(kept.size, 0);
});

test("where the browser has locks, a refresh waits for that of another tab", async (context) => {
  const held: string[] = [];
  const locks = {
    request: async (name: string, work: () => Promise<unknown>) => {
      held.push(name);
      return work();
    },
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  context.after(() => {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete (globalThis as { navigator?: unknown }).navigator;
  });
  const { ledger, server, client: make } = await start(context);
  const client = make();
  await client.login(right);
  ledger.expire();
  await client.request(MeDocument);
  assert.deepEqual(held, [`pennypost session at ${server.url}`]);
});

test("a token of one's own knows no sign-in, by its type", async (context) => {
  const { client: make, server } = await start(context);
  void make;
  const client = createPennypostClient({ url: server.url, webSocket: WebSocket, token: () => null });
  context.after(() => client.close());
  // @ts-expect-error A client with a token of its own has no `login`.
  assert.equal(client.login, undefined);
  const { login }: LoginMutation = await client.request(LoginDocument, { input: right });
  assert.equal(login.accessToken, "access-10");
});
