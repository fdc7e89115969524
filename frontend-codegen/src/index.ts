// What the package gives: the client, its errors, and the typed operations of the whole schema.
export { type Arguments, createPennypostClient, type PennypostClient } from "./client.js";
export { type GraphqlError, REQUEST_ERROR_CODES, RequestError, type RequestErrorCode, TransportError } from "./errors.js";
export { type FollowOptions, isEnd } from "./follow-job.js";
export * from "./generated/graphql.js";
export type { CallOptions, ClientOptions, TokenReason } from "./options.js";
export { expectDone, expectNoUserErrors, UserErrors } from "./user-errors.js";
