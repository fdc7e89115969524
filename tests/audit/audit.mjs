// Audits a running server against the GraphQL over HTTP specification, with the audits of graphql-http.
//
//   node audit.mjs URL [AT_LEAST]
//
// Prints what did not pass and how many passed; exits with 1 when one did not, or when fewer than AT_LEAST did.
// `scripts/audit` runs it.
import { auditServer } from "graphql-http";

const [url, atLeast] = process.argv.slice(2);
if (!url) {
  console.error("usage: node audit.mjs URL [AT_LEAST]");
  process.exit(2);
}

const results = await auditServer({ url });
const passed = results.filter((result) => result.status === "ok");
for (const result of results) {
  if (result.status !== "ok") {
    console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}
console.log(`${passed.length} of ${results.length} audits passed`);
const wanted = Math.max(results.length, Number(atLeast ?? 0));
process.exit(passed.length < wanted ? 1 : 0);
