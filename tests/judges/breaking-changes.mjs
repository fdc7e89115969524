// Holds what the schema took from those who use it to the changelog:
//
//   node breaking-changes.mjs RELEASED PRESENT CHANGELOG
//
// A breaking change is fine when the changelog's section "Unreleased" names where it is, in backticks, as `Type.field`.
import { readFile } from "node:fs/promises";
import { breakingChanges } from "./changelog.mjs";

const files = process.argv.slice(2);
if (files.length !== 3) {
  console.error("usage: node breaking-changes.mjs RELEASED PRESENT CHANGELOG");
  process.exit(2);
}

const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
const { breaking, unnamed } = await breakingChanges(...texts);
for (const { message, coordinate } of unnamed) {
  console.error(`${message}. Under "Unreleased" in ${files[2]} a line has to name \`${coordinate}\`.`);
}
console.log(`graphql-inspector: ${breaking.length} breaking changes, ${unnamed.length} of them not in the changelog`);
process.exitCode = unnamed.length === 0 ? 0 : 1;
