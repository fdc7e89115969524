// Takes the clients that people use through one scenario against a running server:
//
//   node clients.mjs URL
import { connect as apollo } from "./clients/apollo.mjs";
import { connect as graphqlWs } from "./clients/graphql-ws.mjs";
import { judge } from "./clients/scenario.mjs";
import { connect as urql } from "./clients/urql.mjs";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node clients.mjs URL");
  process.exit(2);
}

for (const [name, connect] of Object.entries({ "graphql-ws": graphqlWs, urql, apollo })) {
  try {
    await judge(url, name, connect);
    console.log(`${name}: query, mutation, subscription, and a fresh token after 4403`);
  } catch (error) {
    console.error(`${name}:`, error);
    process.exitCode = 1;
  }
}
