// The client: requests over HTTP, subscriptions over a socket, and jobs that are followed to their end.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { type FollowOptions, follow, wait } from "./follow-job.js";
import { JobEventsDocument, type JobEventFieldsFragment } from "./generated/graphql.js";
import type { CallOptions, ClientOptions } from "./options.js";
import { request } from "./request.js";
import { openSocket, subscribe } from "./socket.js";

/** The variables of an operation may be left out only where it has none that is required. */
export type Arguments<Variables> =
  Record<string, never> extends Variables
    ? [variables?: Variables, options?: CallOptions]
    : [variables: Variables, options?: CallOptions];

export interface PennypostClient {
  /** Sends a query or a mutation. Throws `RequestError` or `TransportError`. */
  request<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    ...rest: Arguments<Variables>
  ): Promise<Result>;
  /** The events of a subscription. A lost socket ends it with a `TransportError`: it does not start again by itself. */
  subscribe<Result, Variables>(
    document: TypedDocumentNode<Result, Variables>,
    ...rest: Arguments<Variables>
  ): AsyncGenerator<Result, void, undefined>;
  /** Every version of a job once and in order, through lost sockets, until it ends. */
  followJob(jobId: string, options?: FollowOptions): AsyncGenerator<JobEventFieldsFragment, void, undefined>;
  /** Closes the socket. Without it a program ends about a second after its last subscription. */
  close(): void;
}

/** Makes a client. Nothing is connected yet. */
export function createPennypostClient(options: ClientOptions): PennypostClient {
  const socket = openSocket(options);

  async function* events(jobId: string, afterVersion: number | null, call: CallOptions) {
    for await (const data of subscribe(socket, JobEventsDocument, { jobId, afterVersion }, call)) {
      yield data.jobEvents;
    }
  }

  return {
    request: (document, ...[variables, call]) => request(options, document, variables, call),
    subscribe: (document, ...[variables, call]) => subscribe(socket, document, variables, call),
    followJob: (jobId, following = {}) => {
      const call = following.signal ? { signal: following.signal } : {};
      const parts = { subscribe: (last: number | null) => events(jobId, last, call), wait, chance: Math.random };
      return follow(parts, following);
    },
    close: () => void socket.client.dispose(),
  };
}
