// What every client has to get through: a query, a mutation, a subscription, and the loss of its session.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { ask, login, register } from "../world.mjs";

/** How long anything may take, in milliseconds. The server ends the sockets of a revoked session within five seconds. */
const PATIENCE = 20_000;
/** The server closed the socket, because its token is no longer good. */
const FORBIDDEN = 4403;

const EVENTS = "subscription { myJobEvents { version state job { id } } }";
const FETCH = "mutation { fetchEmails(input: { source: { provider: DEMO } }) { job { id } userErrors { message } } }";

/** Takes the client that `connect` makes through it, as a user of its own. */
export async function judge(url, name, connect) {
  const user = await register(url, `by-${name}`);
  const tokens = [user.accessToken];
  const headers = () => ({ Authorization: `Bearer ${tokens.at(-1)}` });
  const closings = [];
  const opened = [];
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 5,
    on: {
      connected: () => opened.push(tokens.at(-1)),
      closed: ({ code }) => closings.push(code),
    },
  });
  const client = connect({ url, socket, headers });
  const events = watch(client);
  try {
    await queriesAndMutates(client, user);
    await client.mutate("mutation { createConnectedAccount(input: { provider: DEMO }) { userErrors { message } } }", {});
    await events.seen(await fetchEmails(client), "SUCCESS");
    const before = opened.length;

    tokens.push(await login(url, user.login));
    await endOtherSession(url, tokens.at(-1));
    await until(() => opened.length > before, "the client connects again");
    assert.deepEqual(closings, [FORBIDDEN]);
    assert.equal(opened.at(-1), tokens.at(-1));
    await events.seen(await fetchEmails(client), "SUCCESS");
  } finally {
    events.stop();
    socket.terminate();
  }
}

async function queriesAndMutates(client, user) {
  const { me } = await client.query("query ($first: Int) { me { id categories(first: $first) { totalCount } } }", { first: 1 });
  assert.equal(me.id, user.id);
  const create = `mutation ($input: CreateCategoryInput!) {
    createCategory(input: $input) { category { name } userErrors { code field } }
  }`;
  const input = { name: "Judges", kind: "EXPENSE" };
  const made = await client.mutate(create, { input });
  assert.equal(made.createCategory.category.name, "Judges");
  const again = await client.mutate(create, { input });
  assert.equal(again.createCategory.userErrors[0].code, "TAKEN");
  await assert.rejects(client.query("{ me { noSuchField } }", {}));
}

async function fetchEmails(client) {
  const { fetchEmails } = await client.mutate(FETCH, {});
  assert.ok(fetchEmails.job, fetchEmails.userErrors[0]?.message);
  return fetchEmails.job.id;
}

/** Ends every session of the token's owner but the token's own. */
async function endOtherSession(url, token) {
  const { me } = await ask(url, token, "{ me { sessions { nodes { id isCurrent } } } }");
  const query = "mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { userErrors { message } } }";
  for (const { id } of me.sessions.nodes.filter(({ isCurrent }) => !isCurrent)) {
    const { revokeSession } = await ask(url, token, query, { input: { sessionId: id } });
    assert.deepEqual(revokeSession.userErrors, []);
  }
}

/** Collects the events of one subscription, which is the same one all along. */
function watch(client) {
  const seen = [];
  let failure = null;
  const stop = client.subscribe(EVENTS, {}, {
    next: (data) => data && seen.push(data.myJobEvents),
    error: (error) => (failure = error),
  });
  const has = (jobId, state) => seen.some((event) => event.job?.id === jobId && event.state === state);
  return {
    stop,
    seen: (jobId, state) =>
      until(() => {
        if (failure) throw failure;
        return has(jobId, state);
      }, `the event ${state} of a job arrives`),
  };
}

async function until(isSo, what) {
  for (const start = Date.now(); !isSo(); ) {
    if (Date.now() - start > PATIENCE) throw new Error(`It took more than ${PATIENCE / 1000} s until ${what}.`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
