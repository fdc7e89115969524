// The main flow with Apollo Client: requests through its HTTP link, subscriptions through graphql-ws.
//   npm run example:apollo -- http://127.0.0.1:8080 ana "correct horse battery"
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client/core";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient as createSocket } from "graphql-ws";
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
  console.error('usage: npm run example:apollo -- http://127.0.0.1:8080 ana "correct horse battery"');
  process.exit(2);
}

let token: string | null = null;
const headers = (): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});
const uri = new URL("/graphql", address).href;
const socket = createSocket({
  url: uri.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
  // By itself it would subscribe again from version 0, and every event would come twice. `followJob` of this package
  // goes on behind the last one.
  retryAttempts: 0,
});
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new SetContextLink((before) => ({ ...before, headers: headers() })).concat(new HttpLink({ uri })),
  ),
});

/** The data of an answer: by default Apollo Client throws what went wrong, so it is there. */
function dataOf<Data>({ data }: { data?: Data | undefined }): Data {
  if (!data) throw new Error("The answer is empty.");
  return data;
}

/**
 * Prints the job's events until the server completes them. An end state alone does not end them: a job may have been
 * tried again.
 */
function watch(jobId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let state: JobState | null = null;
    client.subscribe({ query: JobEventsDocument, variables: { jobId, afterVersion: 0 } }).subscribe({
      next: ({ data, error }) => {
        if (error) return reject(error);
        const event = data?.jobEvents;
        if (!event) return;
        console.log(`${event.kind} ${event.version} ${event.state} ${event.progress.done}/${event.progress.total ?? "?"}`);
        state = event.state;
      },
      error: reject,
      complete: () => {
        if (state !== null && isEnd(state)) resolve();
        else reject(new Error(`The events of the job stopped at ${state ?? "none"}.`));
      },
    });
  });
}

const { login: signedIn } = dataOf(
  await client.mutate({ mutation: LoginDocument, variables: { input: { login, password } } }),
);
token = signedIn.accessToken;
if (!token || !signedIn.user) throw new Error(signedIn.userErrors.map(({ message }) => message).join(" "));

const connected = dataOf(
  await client.mutate({ mutation: CreateConnectedAccountDocument, variables: { input: { provider: "DEMO" } } }),
);
console.log("connected", connected.createConnectedAccount.connectedAccount?.address ?? "before");

const { fetchEmails } = dataOf(
  await client.mutate({ mutation: FetchEmailsDocument, variables: { input: { source: { provider: "DEMO" } } } }),
);
if (!fetchEmails.job) throw new Error(fetchEmails.userErrors.map(({ message }) => message).join(" "));
await watch(fetchEmails.job.id);

// The fetch has enqueued the job that reads what it fetched. An admin sees what is everyone's: this asks for one's own.
const { jobs } = dataOf(
  await client.query({
    query: JobsDocument,
    variables: { first: 1, filter: { kinds: ["EXTRACT_EMAILS"], userId: signedIn.user.id } },
    fetchPolicy: "network-only",
  }),
);
if (jobs.nodes[0]) await watch(jobs.nodes[0].id);

const { transactions } = dataOf(
  await client.query({ query: TransactionsDocument, variables: { first: 5, userId: signedIn.user.id } }),
);
console.log(`${transactions.totalCount} transactions`);
for (const { bookedOn, amount, merchant } of transactions.nodes) {
  console.log(bookedOn, amount.amount, amount.currency, merchant ?? "");
}
client.stop();
await socket.dispose();
