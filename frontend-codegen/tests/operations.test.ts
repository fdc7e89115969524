// The operations are those of the whole schema, and the trusted documents are theirs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { buildSchema, type DocumentNode, Kind, parse, print, visit, visitWithTypeInfo, TypeInfo } from "graphql";

import * as client from "../src/index.js";

// The tests run from dist/tests.
const top = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, top), "utf8");

const schema = buildSchema(read("../schema.graphql"));
const files = readdirSync(new URL("operations/", top)).map((name) => ({ name, text: read(`operations/${name}`) }));
const operations = parse(files.map(({ text }) => text).join("\n"));
const manifest = JSON.parse(read("src/generated/persisted-documents.json")) as Record<string, string>;
const exported = Object.entries(client).filter(([name]) => name.endsWith("Document")) as [string, DocumentNode][];

/** The fields of the schema that the operations ask for, as `Query.me`. */
function askedFor(): Set<string> {
  const asked = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    operations,
    visitWithTypeInfo(info, {
      Field: ({ name }) => void asked.add(`${info.getParentType()?.name}.${name.value}`),
    }),
  );
  return asked;
}

function fieldsOf(...types: string[]): string[] {
  return types.flatMap((type) => {
    const found = schema.getType(type);
    assert.ok(found && "getFields" in found, `The schema has no ${type}.`);
    return Object.keys(found.getFields()).map((field) => `${type}.${field}`);
  });
}

test("every root field of the schema has an operation", () => {
  const asked = askedFor();
  const missing = fieldsOf("Query", "Mutation", "Subscription").filter((field) => !asked.has(field));
  assert.deepEqual(missing, []);
});

test("every field of a main object is asked for somewhere, but for lists that the roots have, too", () => {
  const roots = new Set(fieldsOf("Query").map((field) => field.split(".")[1]));
  const interfaces = schema.getPossibleTypes(schema.getType("Node") as never).map(({ name }) => name);
  const asked = askedFor();
  const missing = fieldsOf(...interfaces).filter((field) => !asked.has(field));
  // An event is asked for below its job, or names it.
  const known = ["Account.transactions", "Category.transactions", "JobEvent.job"];
  assert.deepEqual(
    missing.filter((field) => !known.includes(field) && !(field.startsWith("User.") && roots.has(field.slice(5)))),
    [],
  );
});

test("every payload is asked for whole, with its user errors", () => {
  const asked = askedFor();
  const payloads = Object.keys(schema.getTypeMap()).filter((name) => name.endsWith("Payload"));
  assert.ok(payloads.length > 30);
  assert.deepEqual(fieldsOf(...payloads).filter((field) => !asked.has(field)), []);
});

test("each operation has one root field, and the name of that", () => {
  for (const definition of operations.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const name = definition.name?.value ?? "";
    assert.equal(definition.selectionSet.selections.length, 1, name);
    const [field] = definition.selectionSet.selections;
    assert.ok(field?.kind === Kind.FIELD, name);
    const expected = field.name.value[0]?.toUpperCase() + field.name.value.slice(1);
    assert.ok([expected, "Sessions", "ApiTokens", "EmailText", "LlmCosts"].includes(name), `${name} asks for ${field.name.value}`);
  }
});

test("each file says in its first line what it is about", () => {
  for (const { name, text } of files) assert.match(text, /^# [A-Z].*[.]\n\n/, name);
});

test("the manifest holds each document under the SHA-256 of its text, and nothing else", () => {
  assert.equal(exported.length, operations.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length);
  const ids = new Set<string>();
  for (const [name, document] of exported) {
    const { hash } = (document as unknown as { __meta__: { hash: string } }).__meta__;
    const text = manifest[hash] ?? "";
    assert.equal(hash, `sha256:${createHash("sha256").update(text).digest("hex")}`, name);
    assert.deepEqual(asSets(parse(text)), asSets(document), name);
    ids.add(hash);
  }
  assert.deepEqual(new Set(Object.keys(manifest)), ids);
});

/** The lines of a document in the order of the alphabet: codegen sorts what it prints. */
function asSets(document: DocumentNode): string[] {
  const words = print(document).split(/[\s,()]+/);
  return words.sort();
}
