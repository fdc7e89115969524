// What may go wrong, in three types: the way to the server, the request itself, and the session that signs it.
//
// What a mutation refuses as a matter of course is none of them: it is data, in the payload's `userErrors`.

/** The codes of the server, as its README lists them. */
export const REQUEST_ERROR_CODES = [
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "UNSUPPORTED_MEDIA_TYPE",
  "NOT_ACCEPTABLE",
  "METHOD_NOT_ALLOWED",
  "PAYLOAD_TOO_LARGE",
  "QUERY_TOO_COMPLEX",
  "PERSISTED_QUERY_NOT_FOUND",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "RATE_LIMITED",
  "TIMEOUT",
  "SERVICE_UNAVAILABLE",
  "INTERNAL_SERVER_ERROR",
] as const;

/** One of the codes of the server. */
export type RequestErrorCode = (typeof REQUEST_ERROR_CODES)[number];

/** One entry of `errors` in an answer. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions?: { readonly code?: string; readonly requestId?: string; readonly [name: string]: unknown };
}

/** The server refused the request, or a field of it failed. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /**
   * The stable code of the first error, such as `UNAUTHENTICATED`; null when it carries none that this version knows. What
   * the server sent is in `errors`.
   */
  readonly code: RequestErrorCode | null;

  constructor(
    /** All the errors, as the server sent them. */
    readonly errors: readonly GraphqlError[],
    /** What could be answered all the same; null when nothing could. */
    readonly data: unknown = null,
    /** The status of the answer; null over a socket. */
    readonly status: number | null = null,
    /** How many seconds the server asks to wait before the next try; null when it does not say. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(errors[0]?.message ?? "The server refused the request and did not say why.");
    this.code = REQUEST_ERROR_CODES.find((code) => code === errors[0]?.extensions?.code) ?? null;
  }

  /** True when the server could not do it just now, and the same request may go through later. */
  get isWorthRetrying(): boolean {
    return this.code !== null && PASSING_CODES.has(this.code);
  }
}

/** What is known of a failure on the way. */
export interface TransportFailure {
  /** The status of an answer that was no GraphQL. */
  readonly status?: number;
  /** The code that the socket was closed with. */
  readonly closeCode?: number;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

/** No answer came, or none that is GraphQL: the server is away, the socket was lost, a proxy stood in between. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /** The status of an answer that was no GraphQL; null when there was none. */
  readonly status: number | null;
  /** The code that the socket was closed with; null when it was not a socket, or never opened. */
  readonly closeCode: number | null;

  constructor(message: string, failure: TransportFailure = {}) {
    super(message, { cause: failure.cause });
    this.status = failure.status ?? null;
    this.closeCode = failure.closeCode ?? null;
  }

  /**
   * False for a socket that was closed because of what this client sent, or because of a fault of the server: the same
   * again would end the same way. False, too, when what was thrown underneath says so, by an `isWorthRetrying` of its own.
   */
  get isWorthRetrying(): boolean {
    const { cause } = this;
    if (typeof cause === "object" && cause !== null && "isWorthRetrying" in cause && cause.isWorthRetrying === false) {
      return false;
    }
    return this.closeCode === null || !FATAL_CLOSE_CODES.has(this.closeCode);
  }
}

/** The session is over: the user has to sign in again. */
export class SessionEnded extends Error {
  override readonly name = "SessionEnded";
  /** The same again would end the same way. */
  readonly isWorthRetrying = false;

  constructor() {
    super("The session has ended. Sign in again.");
  }
}

/** The token was refused, or its time has passed. */
export const CLOSED_FOR_TOKEN = 4403;
/** The server is busy or misses a service, or this client reads too slowly. */
export const CLOSED_FOR_LOAD = 1013;

const PASSING_CODES: ReadonlySet<RequestErrorCode> = new Set(["RATE_LIMITED", "SERVICE_UNAVAILABLE", "TIMEOUT"]);

// A message that is too long or none of the protocol, an operation before the opening, an unknown subprotocol, an id in
// use, a second opening; 4004 and 4005 are this side's own. 4500 is a fault of the server, as INTERNAL_SERVER_ERROR is:
// a service that is away comes as 1013.
const FATAL_CLOSE_CODES: ReadonlySet<number> = new Set([1009, 4004, 4005, 4400, 4401, 4406, 4409, 4429, 4500]);
