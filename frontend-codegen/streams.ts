// Judges the server's event streams by the client of npm's graphql-sse, in its distinct connections mode:
//   npm run streams -- http://127.0.0.1:8080
// It registers a new user each time. Anything unexpected ends it with a sentence and the exit code 1.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { randomBytes } from "node:crypto";
import { type ExecutionResult, print } from "graphql";
import { type Client, createClient, NetworkError } from "graphql-sse";

import {
  CreateConnectedAccountDocument,
  FetchEmailsDocument,
  JobEventsDocument,
  MeDocument,
  MyJobEventsDocument,
  RegisterDocument,
} from "./src/index.js";

/** How long a token lives whose end is waited for, and how much later the stream may end, in milliseconds. */
const SHORT_LIFE = 1_500;
const TOO_LATE = 2_500;

/** What was expected and did not happen. */
class Unexpected extends Error {}

function expect(isAsExpected: boolean, sentence: string): asserts isAsExpected {
  if (!isAsExpected) throw new Unexpected(sentence);
}

const say = (line: string) => console.log(line);
const expectEqual = (found: unknown, wanted: unknown, what: string) =>
  expect(found === wanted, `${what}: ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}.`);

/** A client that begins no stream again by itself, so that each end is seen. */
const clientOf = (url: string, token: () => string): Client =>
  createClient({ url, headers: () => ({ Authorization: `Bearer ${token()}` }), retryAttempts: 0 });

function follow<Result, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
  connected?: () => void,
): AsyncIterableIterator<ExecutionResult<Result>> {
  const on = connected ? { connected } : {};
  return client.iterate({ query: print(document), variables }, on) as AsyncIterableIterator<ExecutionResult<Result>>;
}

/** The data of a query or a mutation, which is all that its stream holds. */
async function only<Result, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const results: ExecutionResult<Result>[] = [];
  for await (const result of follow(client, document, variables)) results.push(result);
  const [result] = results;
  expectEqual(results.length, 1, "The answers to a query");
  expect(result?.data != null && !result.errors, `A query was refused: ${JSON.stringify(result?.errors)}`);
  return result.data;
}

async function register(url: string): Promise<string> {
  const username = `streams-${randomBytes(5).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  const input = { username, email: `${username}@mail.example`, password, timeZone: "Europe/Berlin" };
  const { register } = await only(createClient({ url, retryAttempts: 0 }), RegisterDocument, { input });
  expect(register.accessToken !== null, "The registration gave no token.");
  return register.accessToken;
}

async function fetchDemo(client: Client): Promise<string> {
  const { fetchEmails } = await only(client, FetchEmailsDocument, { input: { source: { provider: "DEMO" } } });
  expect(fetchEmails.job !== null, `The fetch was refused: ${fetchEmails.userErrors[0]?.message}`);
  return fetchEmails.job.id;
}

async function followJob(client: Client): Promise<void> {
  const { me } = await only(client, MeDocument, {});
  const made = await only(client, CreateConnectedAccountDocument, { input: { provider: "DEMO" } });
  expect(made.createConnectedAccount.connectedAccount !== null, "The demo mailbox was refused.");
  const jobId = await fetchDemo(client);
  let version = 0;
  let state = "none";
  for await (const { data, errors } of follow(client, JobEventsDocument, { jobId, afterVersion: 0 })) {
    expect(data != null, `The job could not be followed: ${JSON.stringify(errors)}`);
    version += 1;
    expectEqual(data.jobEvents.version, version, "The next version");
    state = data.jobEvents.state;
  }
  expectEqual(state, "SUCCESS", "The last state");
  say(`followed     a job of ${me.username} by one stream, versions 1 to ${version}, to SUCCESS`);
}

async function isRefused(client: Client, url: string): Promise<void> {
  const codes: unknown[] = [];
  for await (const result of client.iterate({ query: "subscription { nothing }" })) {
    codes.push(result.errors?.[0]?.extensions?.["code"], result.data);
  }
  expectEqual(JSON.stringify(codes), '["GRAPHQL_VALIDATION_FAILED",null]', "The answers to a document that is refused");
  const refused = await only(clientOf(url, () => "bad"), MeDocument, {}).catch((error: unknown) => error);
  expect(refused instanceof NetworkError, `A bad token was no error of the network: ${refused}`);
  expectEqual(refused.response?.status, 401, "The status for a bad token");
  say("was refused  a bad document by an answer, a bad token by 401");
}

/** A stream whose token ends says so, and the same client goes on with a fresh one. */
async function comeAgain(client: Client, url: string, access: string): Promise<void> {
  const make = "mutation ($at: DateTime!) { createApiToken(input: { name: \"short\", scopes: [READ], expiresAt: $at }) { token } }";
  const ends = Date.now() + SHORT_LIFE;
  const made = client.iterate<{ createApiToken: { token: string } }>({ query: make, variables: { at: new Date(ends) } });
  const short = (await made.next()).value?.data?.createApiToken.token;
  expect(typeof short === "string", "There is no token with an end.");
  let token = short;
  const again = clientOf(url, () => token);
  const codes: unknown[] = [];
  // The job before may still tell of itself meanwhile.
  for await (const { data, errors } of follow(again, MyJobEventsDocument, {})) {
    if (!data) codes.push(errors?.[0]?.extensions["code"]);
  }
  const late = Date.now() - ends;
  expectEqual(codes.join(), "UNAUTHENTICATED", "What a stream said whose token ended");
  expect(late > -100 && late < TOO_LATE, `The stream ended ${late} ms after its token.`);
  token = access;
  let jobId: Promise<string> | undefined;
  for await (const { data, errors } of follow(again, MyJobEventsDocument, {}, () => (jobId ??= fetchDemo(client)))) {
    expect(data != null, `A fresh token was refused: ${JSON.stringify(errors)}`);
    if (data.myJobEvents.jobId === (await jobId)) break;
  }
  say(`came again   with a fresh token, ${late} ms after the end of the one before`);
}

async function run(url: string): Promise<void> {
  const access = await register(url);
  const client = clientOf(url, () => access);
  await followJob(client);
  await isRefused(client, url);
  await comeAgain(client, url, access);
}

const address = process.argv[2];
if (!address || !URL.canParse(address)) {
  console.error("usage: npm run streams -- http://127.0.0.1:8080");
  process.exit(2);
}
try {
  await run(new URL("/graphql", address).href);
} catch (error) {
  console.error(error instanceof Unexpected ? `The streams stopped: ${error.message}` : error);
  process.exit(1);
}
