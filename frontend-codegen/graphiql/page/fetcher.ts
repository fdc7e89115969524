// How this page's operations reach the server: over HTTP, and subscriptions over a socket of the same host.
import type { Fetcher, FetcherOpts, FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { type Client, createClient } from "graphql-ws";

import { authorizationIn, bearer, type Headers } from "./headers.ts";
import { currentSession, endSession } from "./session.ts";

/** The server's path, from where this page lies: a proxy may have put both below another one. */
const ENDPOINT = new URL("graphql", document.baseURI);
const SOCKETS = new URL(ENDPOINT);
SOCKETS.protocol = ENDPOINT.protocol === "https:" ? "wss:" : "ws:";

/** An answer of this type is a 200 even where it is a refusal: a browser would note any other as a fault of the page. */
const QUIET = "application/json";
/** The close code of a socket whose token, session, role or user is not what it was. */
const FORBIDDEN = 4403;

/** What stands in the place of an answer until somebody has signed in, where the server shows its schema to no others. */
export const SIGN_IN_FIRST = "Sign in above, or make yourself a user: then the schema is shown, and completed as you type.";

type Answer = { data?: unknown; errors?: unknown };

/** A fetcher that shows each answer over HTTP to `look`. */
export function createFetcher(look: (answer: Answer) => void): Fetcher {
  return (params, options) => {
    const headers = withSession({ ...(options?.headers as Headers | undefined) });
    if (isSubscription(params, options)) return subscribe(params, authorizationIn(headers));
    if (isIntrospection(params)) headers["Accept"] = QUIET;
    return post(params, headers).then((answer) => {
      notice(authorizationIn(headers), answer.errors);
      // In production the schema is for who has signed in. What the server says to others sounds like a fault.
      if (isIntrospection(params) && !answer.data && !currentSession()) throw { message: SIGN_IN_FIRST };
      look(answer);
      return answer as never;
    });
  };
}

/** Sends one request, without anything that an editor holds. */
export async function post(params: Pick<FetcherParams, "query" | "variables" | "operationName">, headers: Headers = {}) {
  const { query, variables, operationName } = params;
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ query, variables, operationName }),
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw { message: `The server answered ${response.status} and no JSON: ${text.slice(0, 200)}` };
  }
}

/** The token goes in here and into no editor, so that GraphiQL has none to remember. What a person wrote there goes first. */
function withSession(headers: Headers): Headers {
  const session = currentSession();
  return session && authorizationIn(headers) === undefined ? { ...headers, Authorization: bearer(session.token) } : headers;
}

/** Ends the session here when the server has refused its token. */
function notice(authorization: string | undefined, errors: unknown): void {
  const session = currentSession();
  if (!session || authorization !== bearer(session.token) || !Array.isArray(errors)) return;
  const isRefused = (error: { extensions?: { code?: unknown } } | null) => error?.extensions?.code === "UNAUTHENTICATED";
  if (errors.some(isRefused)) endSession(session.token);
}

/** A socket is closed for another role, too, which ends no session: a query tells. */
async function ask(authorization: string | undefined): Promise<void> {
  const session = currentSession();
  if (!session || authorization !== bearer(session.token)) return;
  const answer = await post({ query: "query StillSignedIn { me { id } }" }, { Authorization: authorization });
  notice(authorization, answer.errors);
}

function isIntrospection(params: FetcherParams): boolean {
  return params.operationName === "IntrospectionQuery";
}

function isSubscription(params: FetcherParams, options: FetcherOpts | undefined): boolean {
  try {
    const document = options?.documentAST ?? parse(params.query);
    return getOperationAST(document, params.operationName)?.operation === "subscription";
  } catch {
    // The server says better what is wrong with it.
    return false;
  }
}

let socket: { client: Client; authorization: string | undefined } | null = null;

/** One socket for as long as the headers say the same: it is signed in once, when it opens. */
function socketFor(authorization: string | undefined): Client {
  if (socket && socket.authorization === authorization) return socket.client;
  void socket?.client.dispose();
  const client = createClient({
    url: SOCKETS.href,
    connectionParams: authorization === undefined ? {} : { Authorization: authorization },
    // A subscription that starts again by itself would show its first events twice, and nobody would know why.
    retryAttempts: 0,
  });
  socket = { client, authorization };
  return client;
}

/** An observable, because it can be left at any time: an iterator is left only with its next event. */
function subscribe({ query, variables, operationName }: FetcherParams, authorization: string | undefined) {
  const request = {
    query,
    variables: variables as Record<string, unknown> | null,
    operationName: operationName ?? null,
  };
  const subscribeWith = (observer: Observer) => ({
    unsubscribe: socketFor(authorization).subscribe(request, {
      next: (result) => {
        notice(authorization, result.errors);
        observer.next(result);
      },
      error: (error) => {
        notice(authorization, error);
        // A server that does not answer now says nothing about the session.
        if (error instanceof CloseEvent && error.code === FORBIDDEN) void ask(authorization).catch(() => undefined);
        observer.error(asSentence(error));
      },
      complete: () => observer.complete(),
    }),
  });
  return { subscribe: subscribeWith } as unknown as Extract<ReturnType<Fetcher>, { subscribe: unknown }>;
}

interface Observer {
  next(result: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** A closed socket tells its reason in fields that an answer would not show. */
function asSentence(error: unknown): unknown {
  if (error instanceof CloseEvent) {
    return { message: `The server closed the socket with ${error.code}${error.reason ? `: ${error.reason}` : "."}` };
  }
  return error instanceof Event ? { message: "The socket could not be opened." } : error;
}
