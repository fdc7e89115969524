// How a client is set up.

/** Why a token is asked for: to send it along, or because the server refused the one that it was given last. */
export type TokenReason = "request" | "refused";

export interface ClientOptions {
  /** Where the server answers GraphQL: `https://ledger.example.org/graphql`, or `/graphql` in a page of the server's. */
  readonly url: string;
  /**
   * Gives the access token; null sends none. It is called for each request and each socket, so it should keep what it
   * has. With the reason `refused` it should bring a new one, or null: the request, or the job that is being followed,
   * goes on with that.
   *
   * It may throw: a request throws that very error, a subscription a `TransportError` with it as its `cause`. A job that
   * is being followed asks for a token again a moment later, unless the error has `isWorthRetrying: false`.
   */
  readonly token?: (reason: TokenReason) => string | null | Promise<string | null>;
  /** What sends requests; the global `fetch` unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** What opens sockets; the global `WebSocket` unless given. Node 20 has none: give it the one of the package `ws`. */
  readonly webSocket?: unknown;
}

export interface CallOptions {
  /** Stops the request or the subscription. */
  readonly signal?: AbortSignal;
}

/** The address of the server's sockets beside that of its requests. */
export function socketAddress(url: string): string {
  const address = new URL(url, globalThis.location?.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
