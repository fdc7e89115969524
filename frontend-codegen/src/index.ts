// What the package gives: the client, its errors, and the typed operations of the whole schema.
export { type Arguments, createPennypostClient, type PennypostClient, type SessionClient } from "./client.js";
export {
  type GraphqlError,
  REQUEST_ERROR_CODES,
  RequestError,
  type RequestErrorCode,
  SessionEnded,
  TransportError,
} from "./errors.js";
export { type FollowOptions, isEnd } from "./follow-job.js";
export * from "./generated/graphql.js";
export type { SubscribeOptions } from "./keep-open.js";
export type {
  CallOptions,
  ClientOptions,
  ConnectionOptions,
  SessionOptions,
  TokenOptions,
  TokenReason,
} from "./options.js";
export { browserSession, memorySession, type SessionStore, type StoredSession } from "./session-store.js";
export { expectDone, expectNoUserErrors, UserErrors } from "./user-errors.js";
