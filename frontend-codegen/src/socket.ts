// Subscriptions over one shared socket, by the protocol graphql-transport-ws.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type Client, createClient, type SubscribePayload } from "graphql-ws";

import { explained, type Operation, operationOf } from "./document.js";
import { CLOSED_FOR_TOKEN, type GraphqlError, RequestError, SessionEnded, TransportError } from "./errors.js";
import { type CallOptions, type Connection, socketAddress } from "./options.js";

/** How often the server is asked whether it is still there, and how long it may take to say so, in milliseconds. */
const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;

/** Closed by {@link Client.terminate}, in the package's numbers. */
const TERMINATED = 4499;
/** Closed by the package because there was nothing to open the connection with. */
const CLOSED_WITHOUT_TOKEN = 4005;

export interface Socket {
  readonly connection: Connection;
  readonly client: Client;
  /** Why there was no token when one was asked for last; null while each time there was one. */
  readonly tokenFailure: () => Error | null;
  /** True when the last socket was closed for its token before it was open: nothing was missed. */
  readonly isRefusedAtOpening: () => boolean;
  /** Why the socket was given up from this side; null when it was not. */
  readonly givenUp: () => Error | null;
  /** Closes the socket, for whoever signs in or out: the next one opens with another token. */
  readonly giveUp: (reason: Error) => void;
}

/**
 * A socket that opens with the first subscription and closes a moment after the last.
 *
 * It never subscribes again by itself. Only who subscribed knows from where to go on: from the start, what was seen
 * already would come twice.
 */
export function openSocket(connection: Connection): Socket {
  let token: string | null = null;
  let isRefused = false;
  let isOpen = false;
  let isRefusedAtOpening = false;
  let failure: Error | null = null;
  let givenUp: Error | null = null;
  let pong: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: socketAddress(connection.url),
    ...(connection.webSocket === undefined ? {} : { webSocketImpl: connection.webSocket }),
    lazy: true,
    lazyCloseTimeout: 1_000,
    retryAttempts: 0,
    keepAlive: PING_EVERY,
    jsonMessageReplacer: withoutText,
    connectionParams: async () => {
      try {
        const { credentials } = connection;
        token = isRefused ? await credentials.renewed(token) : await credentials.current();
      } catch (cause) {
        const isOver = cause instanceof SessionEnded;
        failure = isOver ? cause : new TransportError("No token could be had for the socket.", { cause });
        throw failure;
      }
      return token === null ? {} : { Authorization: `Bearer ${token}` };
    },
    on: {
      connected: () => {
        isRefused = false;
        isOpen = true;
        givenUp = null;
      },
      // A connection that is gone without a word stays open on this side. Only silence tells.
      ping: (isReceived) => {
        if (!isReceived) pong = setTimeout(() => client.terminate(), PONG_WITHIN);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(pong);
      },
      closed: (event) => {
        clearTimeout(pong);
        if (closing(event)?.code === CLOSED_FOR_TOKEN) isRefused = true;
        isRefusedAtOpening = isRefused && !isOpen;
        isOpen = false;
      },
    },
  });
  const giveUp = (reason: Error) => {
    givenUp = reason;
    isRefused = false;
    client.terminate();
  };
  return {
    connection,
    client,
    tokenFailure: () => failure,
    isRefusedAtOpening: () => isRefusedAtOpening,
    givenUp: () => givenUp,
    giveUp,
  };
}

/** The package wants a text in each operation; one that is sent by its id has none. */
function withoutText(this: unknown, key: string, value: unknown): unknown {
  const isTrusted = key === "query" && typeof this === "object" && this !== null && "documentId" in this;
  return isTrusted && value === "" ? undefined : value;
}

/** The events of one subscription; a lost socket is a {@link TransportError} and ends it. */
export async function* subscribe<Result, Variables>(
  socket: Socket,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables | undefined,
  options: CallOptions = {},
): AsyncGenerator<Result, void, undefined> {
  const operation = operationOf(document, socket.connection.trustedDocuments);
  const payload = { query: "", ...operation, ...(variables ? { variables: variables as Record<string, unknown> } : {}) };
  for (let isFirst = true; ; isFirst = false) {
    try {
      return yield* events<Result>(socket, payload, operation, options);
    } catch (error) {
      const isRefused = error instanceof TransportError && error.closeCode === CLOSED_FOR_TOKEN;
      if (!isFirst || !isRefused || !socket.isRefusedAtOpening()) throw error;
    }
  }
}

async function* events<Result>(
  socket: Socket,
  payload: SubscribePayload,
  operation: Operation,
  options: CallOptions,
): AsyncGenerator<Result, void, undefined> {
  options.signal?.throwIfAborted();
  const results = socket.client.iterate<Result>(payload);
  const stop = () => void results.return?.();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const result of results) {
      if (result.errors) {
        throw new RequestError(explained(result.errors as readonly GraphqlError[], operation), result.data ?? null);
      }
      if (result.data) yield result.data;
    }
  } catch (error) {
    if (Array.isArray(error)) throw new RequestError(explained(error as readonly GraphqlError[], operation));
    throw asOurs(error, socket);
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
  options.signal?.throwIfAborted();
}

function asOurs(error: unknown, socket: Socket): unknown {
  const ours = [RequestError, TransportError, SessionEnded];
  if (ours.some((kind) => error instanceof kind)) return error;
  const closed = closing(error);
  if (closed?.code === TERMINATED) {
    const givenUp = socket.givenUp();
    if (givenUp) return givenUp;
    return new TransportError("The server fell silent, and the socket was given up.", { closeCode: closed.code });
  }
  // The package tells all of a socket's closing, also who has come after it and waits for the next one.
  const tokenFailure = socket.tokenFailure();
  if (closed?.code === CLOSED_WITHOUT_TOKEN && tokenFailure) return tokenFailure;
  if (closed) {
    const said = closed.reason ? ` “${closed.reason}”` : "";
    return new TransportError(`The socket was closed with ${closed.code}${said}.`, { closeCode: closed.code });
  }
  return new TransportError("The socket could not be opened, or broke.", { cause: error });
}

function closing(event: unknown): { code: number; reason: string } | null {
  if (typeof event !== "object" || event === null) return null;
  const { code, reason } = event as { code?: unknown; reason?: unknown };
  return typeof code === "number" ? { code, reason: typeof reason === "string" ? reason : "" } : null;
}
