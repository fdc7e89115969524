// The client: requests over HTTP, subscriptions over a socket, and jobs that are followed to their end.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { SessionEnded, TransportError } from "./errors.js";
import { type FollowOptions, follow, wait } from "./follow-job.js";
import {
  JobEventsDocument,
  type JobEventFieldsFragment,
  LoginDocument,
  type LoginInput,
  LogoutDocument,
  LogoutEverywhereDocument,
  RefreshSessionDocument,
  RegisterDocument,
  type RegisterInput,
  type UserFieldsFragment,
} from "./generated/graphql.js";
import { keepOpen, type SubscribeOptions } from "./keep-open.js";
import type {
  CallOptions,
  ClientOptions,
  Connection,
  Credentials,
  SessionOptions,
  TokenOptions,
} from "./options.js";
import { request } from "./request.js";
import { isLive, lockedBy, openSession, type Session } from "./session.js";
import { memorySession } from "./session-store.js";
import { openSocket, type Socket, subscribe } from "./socket.js";

/** The variables of an operation may be left out only where it has none that is required. */
export type Arguments<Variables, Options = CallOptions> =
  Record<string, never> extends Variables
    ? [variables?: Variables, options?: Options]
    : [variables: Variables, options?: Options];

export interface PennypostClient {
  /** Sends a query or a mutation. Throws `RequestError`, `TransportError` or `SessionEnded`. */
  request<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    ...rest: Arguments<Variables>
  ): Promise<Result>;
  /**
   * The events of a subscription. A lost socket ends it with a `TransportError`, unless it is given `onLost`: then it is
   * opened again, and what came meanwhile is missed.
   */
  subscribe<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    ...rest: Arguments<Variables, SubscribeOptions>
  ): AsyncGenerator<Result, void, undefined>;
  /** Every version of a job once and in order, through lost sockets, until it ends. */
  followJob(jobId: string, options?: FollowOptions): AsyncGenerator<JobEventFieldsFragment, void, undefined>;
  /** Closes the socket. Without it a program ends about a second after its last subscription. */
  close(): void;
}

/** A client that keeps its own session. Its tokens are renewed a moment before they end, and when the server refuses one. */
export interface SessionClient extends PennypostClient {
  /** Registers a user and signs them in. Throws `UserErrors`, such as `TAKEN`. */
  register(input: RegisterInput): Promise<UserFieldsFragment>;
  /** Signs a user in. Throws `UserErrors`, such as `INVALID_CREDENTIALS`. */
  login(input: Omit<LoginInput, "refreshToken">): Promise<UserFieldsFragment>;
  /**
   * Signs out, everywhere if that is wanted. On this device it does so in any case; it throws when the server could not be
   * told.
   */
  logout(options?: { readonly everywhere?: boolean }): Promise<void>;
  /** True while somebody is signed in, as far as this device knows. */
  isSignedIn(): Promise<boolean>;
}

/** How long the server may take to renew a session, in milliseconds. */
const RENEW_WITHIN = 15_000;

const NOBODY: Credentials = { current: async () => null, renewed: async () => null };

/** Makes a client. Nothing is connected yet. */
export function createPennypostClient(options: TokenOptions): PennypostClient;
export function createPennypostClient(options: SessionOptions): SessionClient;
export function createPennypostClient(options: ClientOptions): PennypostClient | SessionClient {
  const { token } = options;
  if (!token) return sessionClient(options);
  const credentials: Credentials = {
    current: async () => (await token("request")) ?? null,
    renewed: async () => (await token("refused")) ?? null,
  };
  const connection = { ...options, credentials };
  return plainClient(connection, openSocket(connection));
}

function plainClient(connection: Connection, socket: Socket): PennypostClient {
  async function* events(jobId: string, afterVersion: number | null, call: CallOptions) {
    for await (const data of subscribe(socket, JobEventsDocument, { jobId, afterVersion }, call)) {
      yield data.jobEvents;
    }
  }

  return {
    request: (document, ...[variables, call]) => request(connection, document, variables, call),
    subscribe: (document, ...[variables, call]) => {
      const open = () => subscribe(socket, document, variables, call);
      return call?.onLost ? keepOpen(open, { wait, chance: Math.random, now: () => Date.now() }, call) : open();
    },
    followJob: (jobId, following = {}) => {
      const call = following.signal ? { signal: following.signal } : {};
      const parts = { subscribe: (last: number | null) => events(jobId, last, call), wait, chance: Math.random };
      return follow(parts, following);
    },
    close: () => void socket.client.dispose(),
  };
}

function sessionClient(options: SessionOptions): SessionClient {
  const anonymous: Connection = { ...options, credentials: NOBODY };
  const session: Session = openSession({
    store: options.session ?? memorySession(),
    refresh: (refreshToken) => refresh(anonymous, refreshToken),
    exclusively: lockedBy(`pennypost session at ${options.url}`),
    onEnded: () => {
      socket.giveUp(new SessionEnded());
      options.onSignedOut?.();
    },
    now: () => Date.now(),
    wait,
  });
  const connection: Connection = { ...options, credentials: session };
  const socket = openSocket(connection);
  const begin = async (payload: Parameters<Session["begin"]>[0]) => {
    const user = await session.begin(payload);
    socket.giveUp(new TransportError("Somebody has signed in meanwhile."));
    return user;
  };
  return {
    ...plainClient(connection, socket),
    register: async (input) => begin((await request(anonymous, RegisterDocument, { input })).register),
    login: async (input) => {
      const last = await session.load();
      const device = last ? { refreshToken: last.refreshToken } : {};
      return begin((await request(anonymous, LoginDocument, { input: { ...input, ...device } })).login);
    },
    logout: ({ everywhere = false } = {}) => logout(connection, session, everywhere),
    isSignedIn: async () => isLive(await session.load()),
  };
}

async function refresh(anonymous: Connection, refreshToken: string) {
  const signal = AbortSignal.timeout(RENEW_WITHIN);
  try {
    const input = { refreshToken };
    return (await request(anonymous, RefreshSessionDocument, { input }, { signal })).refreshSession;
  } catch (cause) {
    if (cause === signal.reason) throw new TransportError("The session was not renewed in time.", { cause });
    throw cause;
  }
}

async function logout(connection: Connection, session: Session, isEverywhere: boolean): Promise<void> {
  if (!isLive(await session.load())) return;
  let isServerTold = false;
  try {
    if (isEverywhere) await request(connection, LogoutEverywhereDocument, {});
    else await request(connection, LogoutDocument, {});
    isServerTold = true;
  } catch (error) {
    // It had ended already.
    if (!(error instanceof SessionEnded)) throw error;
    isServerTold = true;
  } finally {
    await session.end(isServerTold);
  }
}
