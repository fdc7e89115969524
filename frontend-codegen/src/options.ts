// How a client is set up.
import type { SessionStore } from "./session-store.js";

/** Why a token is asked for: to send it along, or because the server refused the one that it was given last. */
export type TokenReason = "request" | "refused";

/** Where the server is, and how it is reached. */
export interface ConnectionOptions {
  /** Where the server answers GraphQL: `https://ledger.example.org/graphql`, or `/graphql` in a page of the server's. */
  readonly url: string;
  /** What sends requests; the global `fetch` unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** What opens sockets; the global `WebSocket` unless given. Node 20 has none: give it the one of the package `ws`. */
  readonly webSocket?: unknown;
  /**
   * Sends a document's id in place of its text, for a server that was given this package's `persisted-documents.json`.
   * Documents of your own have an id when this package's codegen has made them.
   */
  readonly trustedDocuments?: boolean;
}

/** A client that signs in, stays signed in, and says when that is over. */
export interface SessionOptions extends ConnectionOptions {
  /** Where the tokens are kept; in memory unless given, so that whoever loads the page again has to sign in again. */
  readonly session?: SessionStore;
  /** Is called when nobody is signed in any more: after a `logout`, here or in another tab, or when the server ended it. */
  readonly onSignedOut?: () => void;
  readonly token?: undefined;
}

/** A client that is given its tokens: an API token, or what another part of the program keeps. */
export interface TokenOptions extends ConnectionOptions {
  /**
   * Gives the access token; null sends none. It is called for each request and each socket, so it should keep what it
   * has. With the reason `refused` it should bring a new one, or null: the request, or the job that is being followed,
   * goes on with that.
   *
   * It may throw: a request throws that very error, a subscription a `TransportError` with it as its `cause`. A job that
   * is being followed asks for a token again a moment later, unless the error has `isWorthRetrying: false`.
   */
  readonly token: (reason: TokenReason) => string | null | Promise<string | null>;
  readonly session?: undefined;
}

export type ClientOptions = SessionOptions | TokenOptions;

export interface CallOptions {
  /** Stops the request or the subscription. */
  readonly signal?: AbortSignal;
}

/** Who signs requests and sockets. */
export interface Credentials {
  /** The token to send; null for none. */
  current(): Promise<string | null>;
  /** Another token than the one that was refused; null when there is none. */
  renewed(refused: string | null): Promise<string | null>;
}

/** What requests and sockets take from the client. */
export interface Connection extends ConnectionOptions {
  readonly credentials: Credentials;
}

/** The address of the server's sockets beside that of its requests. */
export function socketAddress(url: string): string {
  const address = new URL(url, globalThis.location?.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
