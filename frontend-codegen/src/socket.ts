// Subscriptions over one shared socket, by the protocol graphql-transport-ws.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { type Client, createClient } from "graphql-ws";

import { CLOSED_FOR_TOKEN, type GraphqlError, RequestError, TransportError } from "./errors.js";
import { type CallOptions, type ClientOptions, socketAddress, type TokenReason } from "./options.js";

/** How often the server is asked whether it is still there, and how long it may take to say so, in milliseconds. */
const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;

/** Closed by {@link Client.terminate}, in the package's numbers. */
const TERMINATED = 4499;
/** Closed by the package because there was nothing to open the connection with. */
const CLOSED_WITHOUT_TOKEN = 4005;

export interface Socket {
  readonly client: Client;
  /** Why there was no token when one was asked for last; null while each time there was one. */
  readonly tokenFailure: () => TransportError | null;
}

/**
 * A socket that opens with the first subscription and closes a moment after the last.
 *
 * It never subscribes again by itself. Only who subscribed knows from where to go on: from the start, what was seen
 * already would come twice.
 */
export function openSocket(options: ClientOptions): Socket {
  let reason: TokenReason = "request";
  let failure: TransportError | null = null;
  let pong: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: socketAddress(options.url),
    ...(options.webSocket === undefined ? {} : { webSocketImpl: options.webSocket }),
    lazy: true,
    lazyCloseTimeout: 1_000,
    retryAttempts: 0,
    keepAlive: PING_EVERY,
    connectionParams: async () => {
      let token: string | null;
      try {
        token = (await options.token?.(reason)) ?? null;
      } catch (cause) {
        failure = new TransportError("No token could be had for the socket.", { cause });
        throw failure;
      }
      return token === null ? {} : { Authorization: `Bearer ${token}` };
    },
    on: {
      connected: () => {
        reason = "request";
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
        if (closing(event)?.code === CLOSED_FOR_TOKEN) reason = "refused";
      },
    },
  });
  return { client, tokenFailure: () => failure };
}

/** The events of one subscription; a lost socket is a {@link TransportError} and ends it. */
export async function* subscribe<Result, Variables>(
  socket: Socket,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables | undefined,
  options: CallOptions = {},
): AsyncGenerator<Result, void, undefined> {
  options.signal?.throwIfAborted();
  const results = socket.client.iterate<Result>({
    query: print(document),
    ...(variables ? { variables: variables as Record<string, unknown> } : {}),
  });
  const stop = () => void results.return?.();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const result of results) {
      if (result.errors) throw new RequestError(result.errors as readonly GraphqlError[], result.data ?? null);
      if (result.data) yield result.data;
    }
  } catch (error) {
    throw asOurs(error, socket.tokenFailure());
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
  options.signal?.throwIfAborted();
}

function asOurs(error: unknown, tokenFailure: TransportError | null): unknown {
  if (error instanceof RequestError || error instanceof TransportError) return error;
  if (Array.isArray(error)) return new RequestError(error as readonly GraphqlError[]);
  const closed = closing(error);
  if (closed?.code === TERMINATED) {
    return new TransportError("The server fell silent, and the socket was given up.", { closeCode: closed.code });
  }
  // The package tells all of a socket's closing, also who has come after it and waits for the next one.
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
