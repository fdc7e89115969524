// What is sent of a document: its text, or the id under which the server has it.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import type { GraphqlError } from "./errors.js";

/** The part of a request that says which operation it is. */
export type Operation = { readonly query: string } | { readonly documentId: string; readonly operationName?: string };

type AnyDocument = TypedDocumentNode<any, any>;

/** A trusted document has an id; for another one this throws. */
export function operationOf(document: AnyDocument, isTrusted: boolean | undefined): Operation {
  if (!isTrusted) return { query: print(document) };
  const operationName = nameOf(document);
  // Codegen writes it; the type of a document does not know it.
  const { __meta__: meta } = document as { __meta__?: { hash?: unknown } };
  if (typeof meta?.hash !== "string") {
    const name = operationName ?? "without a name";
    throw new TypeError(`The document ${name} has no id: codegen has to make it, with persistedDocuments.`);
  }
  return { documentId: meta.hash, ...(operationName ? { operationName } : {}) };
}

/** Errors of the server as they are, but for a document that it does not know: those say what to do. */
export function explained(errors: readonly GraphqlError[], operation: Operation): readonly GraphqlError[] {
  if (!("documentId" in operation)) return errors;
  const { documentId, operationName } = operation;
  const what = `The server does not know the document ${operationName ?? "without a name"} (${documentId}).`;
  const message = `${what} Give it the persisted-documents.json of this version of the client.`;
  return errors.map((error) =>
    error.extensions?.code === "PERSISTED_QUERY_NOT_FOUND" ? { ...error, message } : error,
  );
}

function nameOf(document: AnyDocument): string | undefined {
  for (const definition of document.definitions) {
    if (definition.kind === "OperationDefinition") return definition.name?.value;
  }
  return undefined;
}
