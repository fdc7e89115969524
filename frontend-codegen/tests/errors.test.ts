// The codes are those of the server, and what a mutation refuses can be thrown with its own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  type CreateAccountMutation,
  expectDone,
  expectNoUserErrors,
  REQUEST_ERROR_CODES,
  RequestError,
  UserErrors,
} from "../src/index.js";

// The tests run from dist/tests.
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test("the codes of requests are those that the server's README lists, in its order", () => {
  const section = /`extensions\.code` is one of ([^.(]+)/.exec(read("README.md"))?.[1] ?? "";
  assert.deepEqual([...REQUEST_ERROR_CODES], section.match(/[A-Z]+(_[A-Z]+)*/g));
});

test("the codes of requests are those that the server's source has", () => {
  const source = /fn as_str[\s\S]*?\n {4}}\n/.exec(read("src/graphql/error.rs"))?.[0] ?? "";
  // Two reasons to end a request may have one code.
  const codes = [...new Set([...source.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code))];
  assert.deepEqual([...REQUEST_ERROR_CODES].sort(), codes.sort());
});

test("a code that nobody knows is none, and stays in the errors", () => {
  const error = new RequestError([{ message: "New.", extensions: { code: "BRAND_NEW" } }]);
  assert.deepEqual([error.code, error.errors[0]?.extensions?.code], [null, "BRAND_NEW"]);
});

const refused = [
  { code: "INVALID", field: ["openingBalance", "amount"], message: "No number.", retryAfterSeconds: null },
  { code: "TAKEN", field: ["name"], message: "Taken.", retryAfterSeconds: null },
  { code: "RATE_LIMITED", field: null, message: "Wait.", retryAfterSeconds: 7 },
] as const;

const payload = (parts: object) => ({ userErrors: [], ...parts }) as unknown as CreateAccountMutation["createAccount"];

test("what a mutation refuses is thrown with its codes, its fields and its patience", () => {
  assert.throws(
    () => expectNoUserErrors(payload({ account: null, userErrors: refused })),
    (error) => {
      assert.ok(error instanceof UserErrors);
      assert.deepEqual([error.code, error.message, error.retryAfterSeconds], ["INVALID", "No number. Taken. Wait.", 7]);
      assert.deepEqual(error.at("name").map(({ code }) => code), ["TAKEN"]);
      assert.deepEqual(error.at("openingBalance", "amount").map(({ code }) => code), ["INVALID"]);
      assert.deepEqual(error.at("openingBalance"), []);
      return true;
    },
  );
  assert.throws(() => expectDone(payload({ account: null, userErrors: refused }), "account"), UserErrors);
});

test("what a mutation has done comes through, and cannot be null", () => {
  const done = payload({ account: { id: "a" } });
  assert.equal(expectNoUserErrors(done), done);
  const { id } = expectDone(done, "account");
  assert.equal(id, "a");
  assert.throws(() => expectDone(payload({ account: null }), "account"), /was done, and has no account/);
});
