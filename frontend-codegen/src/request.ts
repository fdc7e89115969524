// One request over HTTP and its answer, by the specification GraphQL over HTTP.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { explained, type Operation, operationOf } from "./document.js";
import { type GraphqlError, RequestError, TransportError } from "./errors.js";
import type { CallOptions, Connection } from "./options.js";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

/** Sends a query or a mutation and gives its data, whole: an answer with errors is a {@link RequestError}. */
export async function request<Result, Variables>(
  connection: Connection,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables | undefined,
  options: CallOptions = {},
): Promise<Result> {
  const operation = operationOf(document, connection.trustedDocuments);
  const attempt = async (token: string | null) => {
    const response = await send(connection, JSON.stringify({ ...operation, variables }), token, options);
    return read<Result>(response, operation, options);
  };
  const token = await connection.credentials.current();
  try {
    return await attempt(token);
  } catch (error) {
    if (token === null || !isRefusal(error)) throw error;
    // Once, with a token that is another one: whoever has none to offer learns that it was refused.
    const renewed = await connection.credentials.renewed(token);
    if (renewed === null || renewed === token) throw error;
    return attempt(renewed);
  }
}

/** The token was refused before anything was done. */
function isRefusal(error: unknown): boolean {
  if (error instanceof TransportError) return error.status === 401;
  if (!(error instanceof RequestError)) return false;
  return error.status === 401 || (error.code === "UNAUTHENTICATED" && error.data === null);
}

async function send(
  connection: Connection,
  body: string,
  token: string | null,
  options: CallOptions,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: ACCEPT, "Content-Type": "application/json" };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  const signal = options.signal ?? null;
  try {
    return await (connection.fetch ?? globalThis.fetch)(connection.url, { method: "POST", headers, body, signal });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new TransportError(`No answer came from ${connection.url}.`, { cause });
  }
}

async function read<Result>(response: Response, operation: Operation, options: CallOptions): Promise<Result> {
  const { status } = response;
  let answer: Answer;
  try {
    answer = (await response.json()) as Answer;
  } catch (cause) {
    options.signal?.throwIfAborted();
    const what = cause instanceof SyntaxError ? "is no JSON" : "broke off";
    throw new TransportError(`The answer ${what} (status ${status}).`, { status, cause });
  }
  if (Array.isArray(answer?.errors) && answer.errors.length > 0) {
    const errors = explained(answer.errors, operation);
    throw new RequestError(errors, answer.data ?? null, status, seconds(response.headers.get("Retry-After")));
  }
  if (typeof answer?.data !== "object" || answer.data === null) {
    throw new TransportError(`The answer is no GraphQL (status ${status}).`, { status });
  }
  return answer.data as Result;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlError[];
}

function seconds(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}
