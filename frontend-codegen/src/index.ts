// What the package gives: the client, its errors, and the typed operations of pennypost's main flow.
export { type Arguments, createPennypostClient, type PennypostClient } from "./client.js";
export { type GraphqlError, RequestError, TransportError } from "./errors.js";
export { type FollowOptions, isEnd } from "./follow-job.js";
export * from "./generated/graphql.js";
export type { CallOptions, ClientOptions, TokenReason } from "./options.js";
