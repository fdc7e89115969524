// Runs the main flow against a running server, through this package alone, and says in a few lines what came of it:
//   npm run flow -- http://127.0.0.1:8080
//   npm run flow -- http://127.0.0.1:8080 trusted    the same by ids, against a server that answers trusted documents only
// It registers a new user each time. Anything unexpected ends it with a sentence and the exit code 1.
import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";

import {
  AcceptSightingDocument,
  AccountsDocument,
  ApiTokensDocument,
  AuditEntriesDocument,
  CashFlowDocument,
  CategoriesDocument,
  ConnectedAccountsDocument,
  CreateConnectedAccountDocument,
  createPennypostClient,
  CreateTransactionDocument,
  DeleteTransactionDocument,
  EmailDocument,
  EmailsDocument,
  EmailTextDocument,
  expectDone,
  expectNoUserErrors,
  ExtractionsDocument,
  FetchEmailsDocument,
  JobsDocument,
  LlmUsagesDocument,
  MeDocument,
  memorySession,
  MyJobEventsDocument,
  NodeDocument,
  type PennypostClient,
  RejectSightingDocument,
  RequestError,
  type SessionClient,
  SessionEnded,
  SessionsDocument,
  type SessionStore,
  SightingsDocument,
  SpendingDocument,
  TransactionDocument,
  TransactionsDocument,
  type TransactionsQuery,
  TransportError,
  UpdateTransactionDocument,
  UserErrors,
  UsersDocument,
} from "./src/index.js";

/** What the flow expected and did not find. */
class Unexpected extends Error {}

function expect(isAsExpected: boolean, sentence: string): asserts isAsExpected {
  if (!isAsExpected) throw new Unexpected(sentence);
}

const say = (line: string) => console.log(line);

async function run(address: string, trustedDocuments: boolean): Promise<void> {
  const url = new URL("/graphql", address).href;
  const session = memorySession();
  const told: string[] = [];
  const onSignedOut = () => void told.push("signed out");
  const client = createPennypostClient({ url, session, onSignedOut, webSocket: WebSocket, trustedDocuments });
  try {
    if (trustedDocuments) await sendText(url);
    await signIn(client);
    await stay(client, session);
    const events = watchAll(client);
    const mailbox = await connect(client);
    await followToSuccess(client, await fetch(client, mailbox), "FETCH_EMAILS");
    await followToSuccess(client, await followUp(client), "EXTRACT_EMAILS");
    await events.stop();
    await read(client);
    await keep(client);
    await review(client);
    await browse(client);
    await leave(client);
    // Two sessions began, and each ended by a sign-out.
    expect(told.length === 2, `The end of a session was told ${told.length} times, and not twice.`);
    say("\nEverything was as expected.");
  } finally {
    client.close();
  }
}

/** A text that is no trusted document is refused, whatever it asks for. */
async function sendText(url: string): Promise<void> {
  const body = JSON.stringify({ query: "{ __typename }" });
  const response = await globalThis.fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const answer = (await response.json()) as { errors?: { extensions?: { code?: string } }[] };
  const isRefused = response.status === 403 && answer.errors?.[0]?.extensions?.code === "FORBIDDEN";
  expect(isRefused, "A text that is no trusted document was answered.");
  say("refused      a text; everything below is asked by ids");
}

async function signIn(client: SessionClient): Promise<void> {
  const username = `flow-${randomBytes(5).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  const email = `${username}@mail.example`;
  const user = await client.register({ username, email, password, timeZone: "Europe/Berlin" });
  expect(user.username === username, "The registration gave another user.");
  await client.logout();
  expect(!(await client.isSignedIn()), "Somebody is signed in behind the sign-out.");
  const again = await client.login({ login: email, password });
  expect(again.id === user.id, "Signing in gave another user.");
  say(`registered   ${username}, signed out and in again`);
}

/** Lets the tokens end in both ways: their time is over, and the server refuses them. */
async function stay(client: SessionClient, session: SessionStore): Promise<void> {
  const seen: string[] = [];
  for (const over of [{ renewAt: 0 }, { accessToken: "e30.e30.e30" }]) {
    const kept = await session.load();
    expect(kept !== null, "Nothing is kept of the session.");
    await session.save({ ...kept, ...over });
    await Promise.all([client.request(MeDocument), client.request(MeDocument), client.request(MeDocument)]);
    const renewed = await session.load();
    expect(renewed !== null && renewed.refreshToken !== kept.refreshToken, "The session was not renewed.");
    seen.push(renewed.refreshToken);
  }
  expect(new Set(seen).size === 2, "The session was renewed with the same token twice.");
  say("renewed      the session, before its token ended and after it was refused");
}

async function connect(client: PennypostClient): Promise<string> {
  const { me } = await client.request(MeDocument);
  const input = { provider: "DEMO" } as const;
  const { createConnectedAccount } = await client.request(CreateConnectedAccountDocument, { input });
  const made = expectDone(createConnectedAccount, "connectedAccount");
  expect(made.status === "ACTIVE", "The demo mailbox is not active.");
  say(`connected    ${made.provider} for ${me.displayName} (${me.baseCurrency}, ${me.timeZone})`);
  return made.id;
}

async function fetch(client: PennypostClient, connectedAccountId: string): Promise<string> {
  const { fetchEmails } = await client.request(FetchEmailsDocument, { input: { source: { connectedAccountId } } });
  expect(!fetchEmails.isDeduplicated, "The fetch made no job of its own.");
  return expectDone(fetchEmails, "job").id;
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

/** Books a transaction by hand, changes it, and takes it out again. */
async function keep(client: PennypostClient): Promise<void> {
  const { accounts } = await client.request(AccountsDocument, { first: 1 });
  const { categories } = await client.request(CategoriesDocument, { first: 1, filter: { kinds: ["EXPENSE"] } });
  const [account, category] = [accounts.nodes[0], categories.nodes[0]];
  expect(account !== undefined && category !== undefined, "There is no account, or no category, to book on.");
  const input = { accountId: account.id, amount: "-12.30", bookedOn: "2026-11-20", merchant: "Flow" };
  const idempotencyKey = randomBytes(8).toString("hex");
  const create = { input: { ...input, idempotencyKey } };
  const { createTransaction } = await client.request(CreateTransactionDocument, create);
  const made = expectDone(createTransaction, "transaction");
  expect(made.source === "MANUAL" && made.amount.amount === "-12.30", "Another transaction was made than was asked for.");
  const { createTransaction: repeated } = await client.request(CreateTransactionDocument, create);
  expect(expectDone(repeated, "transaction").id === made.id, "The same key made a second transaction.");
  const changes = { id: made.id, amount: "-13.00", categoryId: category.id };
  const { updateTransaction } = await client.request(UpdateTransactionDocument, { input: changes });
  const changed = expectDone(updateTransaction, "transaction");
  expect(changed.amount.amount === "-13.00" && changed.category?.id === category.id, "The change is not there.");
  expect(changed.merchant === "Flow", "What the change did not name is another.");
  const zero = { input: { id: made.id, amount: "0" } };
  const refused = (await client.request(UpdateTransactionDocument, zero)).updateTransaction;
  expect(codeOf(() => expectNoUserErrors(refused)) === "INVALID", "An amount of nothing was not refused.");
  const { deleteTransaction } = await client.request(DeleteTransactionDocument, { input: { id: made.id } });
  expect(expectDone(deleteTransaction, "deletedTransactionId") === made.id, "Another transaction was deleted.");
  const { transaction } = await client.request(TransactionDocument, { id: made.id });
  expect(transaction === null, "The deleted transaction is still there.");
  say(`kept         a transaction by hand: made, changed and deleted on ${account.name}`);
}

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof UserErrors ? error.code : null;
  }
}

/** Says of the sighting that waits that it is no transaction, and then that it is one after all. */
async function review(client: PennypostClient): Promise<void> {
  const waiting = { first: 1, filter: { states: ["IN_REVIEW" as const] } };
  const { sightings } = await client.request(SightingsDocument, waiting);
  const [sighting] = sightings.nodes;
  expect(sighting !== undefined, "No sighting waits for a person.");
  const { id } = sighting;
  const { rejectSighting } = await client.request(RejectSightingDocument, { input: { id, reason: "Not mine." } });
  expect(expectDone(rejectSighting, "sighting").state === "REJECTED", "The rejected sighting is not rejected.");
  const account = (await client.request(AccountsDocument, { first: 1 })).accounts.nodes[0];
  expect(account !== undefined, "There is no account to book on.");
  const input = { id, accountId: account.id, amount: "-4.20", bookedOn: "2026-11-20" };
  const { acceptSighting } = await client.request(AcceptSightingDocument, { input });
  const booked = expectDone(acceptSighting, "transaction");
  expect(booked.amount.amount === "-4.20" && booked.source === "MAIL", "Another transaction was booked than was said.");
  expect(expectDone(acceptSighting, "sighting").state === "FILED", "The accepted sighting is not filed.");
  const left = (await client.request(SightingsDocument, waiting)).sightings.totalCount;
  expect(left === sightings.totalCount - 1, `${left} sightings still wait, of ${sightings.totalCount}.`);
  say(`reviewed     a sighting of “${sighting.email?.subject ?? "a mail"}”: rejected, and booked after all`);
}

/** Asks for the largest page of each list: none of them is too expensive for the server. */
async function browse(client: PennypostClient): Promise<void> {
  const period = { from: "2026-01-01", to: "2026-12-31" };
  const reports = [
    client.request(SpendingDocument, { period, groupBy: "MERCHANT", first: 100 }),
    client.request(CashFlowDocument, { period }),
  ];
  const page = { first: 100 };
  const lists = [
    client.request(AccountsDocument, page),
    client.request(ApiTokensDocument, page),
    client.request(AuditEntriesDocument, page),
    client.request(CategoriesDocument, page),
    client.request(ConnectedAccountsDocument, page),
    client.request(EmailsDocument, page),
    client.request(ExtractionsDocument, page),
    client.request(JobsDocument, page),
    client.request(LlmUsagesDocument, page),
    client.request(SessionsDocument, page),
    client.request(SightingsDocument, page),
    client.request(TransactionsDocument, page),
    client.request(UsersDocument, page),
  ];
  await Promise.all([...reports, ...lists]);
  const { emails } = await client.request(EmailsDocument, { first: 1 });
  const id = emails.nodes[0]?.id ?? "";
  const { email } = await client.request(EmailDocument, { id });
  const { email: whole } = await client.request(EmailTextDocument, { id });
  const { node } = await client.request(NodeDocument, { id });
  expect(email?.id === id && node?.__typename === "Email", "A mail is not found by its id.");
  expect((whole?.text?.length ?? 0) > 0, "A mail has no text.");
  say(`browsed      ${lists.length} lists, ${reports.length} reports, and a mail`);
}

/** Signs out of every device. An open subscription ends with that, and nobody is there for the next request. */
async function leave(client: SessionClient): Promise<void> {
  const events = client.subscribe(MyJobEventsDocument);
  const last = events.next().then(
    () => null,
    (error: unknown) => error,
  );
  await client.logout({ everywhere: true });
  expect((await last) instanceof SessionEnded, "The subscription did not end with the session.");
  const refused: unknown = await client.request(MeDocument).catch((error: unknown) => error);
  const isRefused = refused instanceof RequestError && refused.code === "UNAUTHENTICATED";
  expect(isRefused, "Whoever has signed out is still answered.");
  say("left         signed out of every device");
}

type Page = TransactionsQuery["transactions"];

function line({ bookedOn, amount, merchant, category }: Page["nodes"][number]): string {
  const money = `${amount.amount} ${amount.currency}`.padStart(14);
  return `${bookedOn} ${money}  ${merchant ?? "somebody"} (${category?.name ?? "no category"})`;
}

const [, , address, mode] = process.argv;
if (!address || !URL.canParse(address) || (mode !== undefined && mode !== "trusted")) {
  console.error("usage: npm run flow -- http://127.0.0.1:8080 [trusted]");
  process.exit(2);
}
try {
  await run(address, mode === "trusted");
} catch (error) {
  const hasCode = error instanceof RequestError || error instanceof UserErrors;
  const code = hasCode && error.code ? ` (${error.code})` : "";
  const kinds = [Unexpected, RequestError, TransportError, UserErrors, SessionEnded];
  const isKnown = error instanceof Error && kinds.some((kind) => error instanceof kind);
  console.error(isKnown ? `The flow stopped: ${error.message}${code}` : error);
  process.exit(1);
}
