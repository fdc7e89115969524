// One request over HTTP and its answer, by the specification GraphQL over HTTP.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import { type GraphqlError, RequestError, TransportError } from "./errors.js";
import type { CallOptions, ClientOptions } from "./options.js";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

/** Sends a query or a mutation and gives its data, whole: an answer with errors is a {@link RequestError}. */
export async function request<Result, Variables>(
  client: ClientOptions,
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables | undefined,
  options: CallOptions = {},
): Promise<Result> {
  const body = JSON.stringify({ query: print(document), variables });
  const token = (await client.token?.("request")) ?? null;
  let response = await send(client, body, token, options);
  if (response.status === 401 && token !== null) {
    // Once, with a token that is another one: whoever has none to offer learns that it was refused.
    const renewed = (await client.token?.("refused")) ?? null;
    if (renewed !== null && renewed !== token) response = await send(client, body, renewed, options);
  }
  return read<Result>(response, options);
}

async function send(
  client: ClientOptions,
  body: string,
  token: string | null,
  options: CallOptions,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: ACCEPT, "Content-Type": "application/json" };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  const signal = options.signal ?? null;
  try {
    return await (client.fetch ?? globalThis.fetch)(client.url, { method: "POST", headers, body, signal });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new TransportError(`No answer came from ${client.url}.`, { cause });
  }
}

async function read<Result>(response: Response, options: CallOptions): Promise<Result> {
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
    throw new RequestError(answer.errors, answer.data ?? null, status, seconds(response.headers.get("Retry-After")));
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
