// Runs the main flow against a running server, through this package alone, and says in a few lines what came of it:
//   npm run flow -- http://127.0.0.1:8080
// It registers a new user each time. Anything unexpected ends it with a sentence and the exit code 1.
import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";

import {
  AccountsDocument,
  CategoriesDocument,
  CreateConnectedAccountDocument,
  createPennypostClient,
  EmailsDocument,
  FetchEmailsDocument,
  JobsDocument,
  LoginDocument,
  MeDocument,
  MyJobEventsDocument,
  type PennypostClient,
  RegisterDocument,
  RequestError,
  TransactionsDocument,
  type TransactionsQuery,
  TransportError,
  type UserErrorFieldsFragment,
} from "./src/index.js";

/** What the flow expected and did not find. */
class Unexpected extends Error {}

function expect(isAsExpected: boolean, sentence: string): asserts isAsExpected {
  if (!isAsExpected) throw new Unexpected(sentence);
}

function expectNone(userErrors: readonly UserErrorFieldsFragment[], what: string): void {
  const said = userErrors.map(({ code, field, message }) => `${code} at ${field?.join(".") ?? "no field"}: ${message}`);
  expect(said.length === 0, `${what} was refused: ${said.join(" ")}`);
}

const say = (line: string) => console.log(line);

async function run(address: string): Promise<void> {
  const url = new URL("/graphql", address).href;
  let token: string | null = null;
  const client = createPennypostClient({ url, token: () => token, webSocket: WebSocket });
  try {
    token = await register(client);
    const events = watchAll(client);
    const mailbox = await connect(client);
    await followToSuccess(client, await fetch(client, mailbox), "FETCH_EMAILS");
    await followToSuccess(client, await followUp(client), "EXTRACT_EMAILS");
    await events.stop();
    await read(client);
    say("\nEverything was as expected.");
  } finally {
    client.close();
  }
}

async function register(client: PennypostClient): Promise<string> {
  const username = `flow-${randomBytes(5).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  const input = { username, email: `${username}@mail.example`, password, timeZone: "Europe/Berlin" };
  const { register } = await client.request(RegisterDocument, { input });
  expectNone(register.userErrors, "The registration");
  expect(register.user?.username === username, "The registration gave no user.");
  const { login } = await client.request(LoginDocument, { input: { login: input.email, password } });
  expectNone(login.userErrors, "Signing in");
  expect(login.accessToken !== null && login.user?.id === register.user.id, "Signing in gave another user, or no token.");
  say(`registered   ${username}, and signed in`);
  return login.accessToken;
}

async function connect(client: PennypostClient): Promise<string> {
  const { me } = await client.request(MeDocument);
  const input = { provider: "DEMO" } as const;
  const { createConnectedAccount: made } = await client.request(CreateConnectedAccountDocument, { input });
  expectNone(made.userErrors, "Connecting the demo mailbox");
  expect(made.connectedAccount?.status === "ACTIVE", "The demo mailbox is not active.");
  say(`connected    ${made.connectedAccount.provider} for ${me.displayName} (${me.baseCurrency}, ${me.timeZone})`);
  return made.connectedAccount.id;
}

async function fetch(client: PennypostClient, connectedAccountId: string): Promise<string> {
  const { fetchEmails } = await client.request(FetchEmailsDocument, { input: { source: { connectedAccountId } } });
  expectNone(fetchEmails.userErrors, "The fetch");
  expect(fetchEmails.job !== null && !fetchEmails.isDeduplicated, "The fetch made no job of its own.");
  return fetchEmails.job.id;
}

/** The job that the fetch enqueued in its last transaction: whoever has seen the fetch end finds it. */
async function followUp(client: PennypostClient): Promise<string> {
  const { jobs } = await client.request(JobsDocument, { first: 2, filter: { kinds: ["EXTRACT_EMAILS"] } });
  const [job, other] = jobs.nodes;
  expect(job !== undefined && other === undefined, `After the fetch there are ${jobs.nodes.length} jobs that read mails.`);
  return job.id;
}

async function followToSuccess(client: PennypostClient, jobId: string, kind: string): Promise<void> {
  const started = performance.now();
  const states: string[] = [];
  let version = 0;
  const onLost = (error: Error) => say(`             ${error.message} Going on after version ${version}.`);
  for await (const event of client.followJob(jobId, { afterVersion: 0, onLost, signal: AbortSignal.timeout(120_000) })) {
    expect(event.version === version + 1, `${kind}: version ${event.version} came after version ${version}.`);
    expect(event.jobId === jobId && event.kind === kind, `${kind}: an event of another job came: ${event.jobId}.`);
    expect(event.state !== "FAILED", `${kind} failed: ${event.error?.message ?? "it does not say why."}`);
    expect(event.state !== "CANCELLED", `${kind} was cancelled.`);
    version = event.version;
    if (states.at(-1) !== event.state) states.push(event.state);
  }
  expect(states.at(-1) === "SUCCESS", `${kind}: the events ended at ${states.at(-1) ?? "none"} and not at SUCCESS.`);
  const took = Math.round(performance.now() - started);
  say(`followed     ${kind.padEnd(14)} versions 1 to ${version}, ${states.join(" → ")}, ${took} ms`);
}

/** Listens to all jobs of the user meanwhile: there, too, each job's versions come one by one. */
function watchAll(client: PennypostClient) {
  const stopping = new AbortController();
  const versions = new Map<string, number>();
  const watching = (async () => {
    try {
      for await (const { myJobEvents: event } of client.subscribe(MyJobEventsDocument, {}, { signal: stopping.signal })) {
        const before = versions.get(event.jobId);
        const isNext = before === undefined || event.version === before + 1;
        expect(isNext, `myJobEvents: version ${event.version} came after version ${before}.`);
        versions.set(event.jobId, event.version);
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  })();
  // Looked at when it is stopped; until then a failure is no unhandled one.
  watching.catch(() => {});
  const stop = async () => {
    stopping.abort();
    await watching;
    expect(versions.size > 0, "myJobEvents sent nothing while two jobs ran.");
    say(`listened     myJobEvents told of ${versions.size} jobs`);
  };
  return { stop };
}

async function read(client: PennypostClient): Promise<void> {
  let after: string | null = null;
  let rows = 0;
  let total: number;
  let newest: string[] = [];
  do {
    const { transactions }: { transactions: Page } = await client.request(TransactionsDocument, { first: 50, after });
    total = transactions.totalCount;
    rows += transactions.nodes.length;
    if (after === null) newest = transactions.nodes.slice(0, 3).map(line);
    after = transactions.pageInfo.hasNextPage ? transactions.pageInfo.endCursor : null;
  } while (after !== null);
  expect(rows > 0 && rows === total, `There are ${total} transactions, and the pages held ${rows}.`);
  const { accounts } = await client.request(AccountsDocument, { first: 100 });
  const { categories } = await client.request(CategoriesDocument, { first: 100 });
  const { emails } = await client.request(EmailsDocument, { first: 1, filter: { extractionStatus: ["PENDING"] } });
  expect(accounts.nodes.length > 0, "There are transactions and no account.");
  expect(categories.nodes.length > 0, "There is no category.");
  expect(emails.nodes.length === 0, "A mail is still to be read, although its job has ended.");
  say(`read         ${total} transactions on ${accounts.nodes.length} accounts; the newest:`);
  for (const row of newest) say(`               ${row}`);
}

type Page = TransactionsQuery["transactions"];

function line({ bookedOn, amount, merchant, category }: Page["nodes"][number]): string {
  const money = `${amount.amount} ${amount.currency}`.padStart(14);
  return `${bookedOn} ${money}  ${merchant ?? "somebody"} (${category?.name ?? "no category"})`;
}

const address = process.argv[2];
if (!address || !URL.canParse(address)) {
  console.error("usage: npm run flow -- http://127.0.0.1:8080");
  process.exit(2);
}
try {
  await run(address);
} catch (error) {
  const code = error instanceof RequestError && error.code ? ` (${error.code})` : "";
  const isKnown = error instanceof Unexpected || error instanceof RequestError || error instanceof TransportError;
  console.error(isKnown ? `The flow stopped: ${error.message}${code}` : error);
  process.exit(1);
}
