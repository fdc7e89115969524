// The main flow with urql: requests through its fetch exchange, subscriptions through graphql-ws.
//   npm run example:urql -- http://127.0.0.1:8080 ana "correct horse battery"
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createSocket } from "graphql-ws";
import { toAsyncIterable } from "wonka";
import { WebSocket } from "ws";

import {
  CreateConnectedAccountDocument,
  FetchEmailsDocument,
  isEnd,
  JobEventsDocument,
  JobsDocument,
  type JobState,
  LoginDocument,
  TransactionsDocument,
} from "../src/index.js";

const [address, login, password] = process.argv.slice(2);
if (!address || !login || !password) {
  console.error('usage: npm run example:urql -- http://127.0.0.1:8080 ana "correct horse battery"');
  process.exit(2);
}

let token: string | null = null;
const headers = (): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});
const url = new URL("/graphql", address).href;
const socket = createSocket({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
  // By itself it would subscribe again from version 0, and every event would come twice. `followJob` of this package
  // goes on behind the last one.
  retryAttempts: 0,
});
const client = new Client({
  url,
  // The server takes queries over GET as well; POST keeps their variables out of addresses and logs.
  preferGetMethod: false,
  fetchOptions: () => ({ headers: headers() }),
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: query ?? "", ...(variables ? { variables } : {}) }, sink),
        }),
      }),
    }),
  ],
});

/** The data of an answer; urql keeps what went wrong beside it. */
function dataOf<Data>(result: { data?: Data | undefined; error?: Error | undefined }): Data {
  if (result.error) throw result.error;
  if (!result.data) throw new Error("The answer is empty.");
  return result.data;
}

/**
 * Prints the job's events until the server completes them. An end state alone does not end them: a job may have been
 * tried again.
 */
async function watch(jobId: string): Promise<void> {
  let state: JobState | null = null;
  for await (const result of toAsyncIterable(client.subscription(JobEventsDocument, { jobId, afterVersion: 0 }))) {
    const event = dataOf(result).jobEvents;
    // When the stream completes, urql gives the last result once more, marked as the last.
    if (!result.hasNext) break;
    console.log(`${event.kind} ${event.version} ${event.state} ${event.progress.done}/${event.progress.total ?? "?"}`);
    state = event.state;
  }
  if (state === null || !isEnd(state)) throw new Error(`The events of the job stopped at ${state ?? "none"}.`);
}

const { login: signedIn } = dataOf(await client.mutation(LoginDocument, { input: { login, password } }));
token = signedIn.accessToken;
if (!token || !signedIn.user) throw new Error(signedIn.userErrors.map(({ message }) => message).join(" "));

const connected = dataOf(await client.mutation(CreateConnectedAccountDocument, { input: { provider: "DEMO" } }));
console.log("connected", connected.createConnectedAccount.connectedAccount?.address ?? "before");

const input = { source: { provider: "DEMO" } } as const;
const { fetchEmails } = dataOf(await client.mutation(FetchEmailsDocument, { input }));
if (!fetchEmails.job) throw new Error(fetchEmails.userErrors.map(({ message }) => message).join(" "));
await watch(fetchEmails.job.id);

// The fetch has enqueued the job that reads what it fetched. An admin sees what is everyone's: this asks for one's own.
const filter = { kinds: ["EXTRACT_EMAILS" as const], userId: signedIn.user.id };
const { jobs } = dataOf(await client.query(JobsDocument, { first: 1, filter }, { requestPolicy: "network-only" }));
if (jobs.nodes[0]) await watch(jobs.nodes[0].id);

const { transactions } = dataOf(await client.query(TransactionsDocument, { first: 5, userId: signedIn.user.id }));
console.log(`${transactions.totalCount} transactions`);
for (const { bookedOn, amount, merchant } of transactions.nodes) {
  console.log(bookedOn, amount.amount, amount.currency, merchant ?? "");
}
await socket.dispose();
