// A ledger that the judges can ask about: an admin, whose demo mailbox has been read, and another user.
import { setTimeout as pause } from "node:timers/promises";

/** What the server answers to one request; it throws when an error is among it. */
export async function ask(url, token, query, variables = {}) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].message} In: ${query}`);
  return data;
}

const PASSWORD = "correct horse battery";

/** A new user: their access token, their id, and what `login` takes. */
export async function register(url, username) {
  const input = { username, email: `${username}@mail.example`, password: PASSWORD, timeZone: "Europe/Berlin" };
  const query = "mutation ($input: RegisterInput!) { register(input: $input) { accessToken user { id } userErrors { message } } }";
  const { register } = await ask(url, null, query, { input });
  if (!register.accessToken) throw new Error(register.userErrors[0].message);
  return { accessToken: register.accessToken, id: register.user.id, login: { login: username, password: PASSWORD } };
}

export async function login(url, input) {
  const query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken userErrors { message } } }";
  const { login } = await ask(url, null, query, { input });
  if (!login.accessToken) throw new Error(login.userErrors[0].message);
  return login.accessToken;
}

export async function createApiToken(url, token, scopes) {
  const query = `mutation ($scopes: [ApiTokenScope!]!) {
    createApiToken(input: { name: "a judge", scopes: $scopes }) { token userErrors { message } }
  }`;
  const { createApiToken } = await ask(url, token, query, { scopes });
  if (!createApiToken.token) throw new Error(createApiToken.userErrors[0].message);
  return createApiToken.token;
}

/** Reads the demo mailbox into the ledger of the token's owner, and waits for it. */
export async function readDemoMailbox(url, token) {
  await ask(url, token, "mutation { createConnectedAccount(input: { provider: DEMO }) { userErrors { message } } }");
  await ask(url, token, "mutation { fetchEmails(input: { source: { provider: DEMO } }) { userErrors { message } } }");
  const query = "{ jobs(filter: { kinds: [EXTRACT_EMAILS], states: [SUCCESS] }) { nodes { id } } }";
  for (let tries = 0; tries < 300; tries += 1) {
    const { jobs } = await ask(url, token, query);
    if (jobs.nodes.length > 0) return;
    await pause(200);
  }
  throw new Error("The demo mailbox was not read within a minute.");
}

/** Some ids of objects of every type that the owner of the token has. */
export async function someIds(url, token) {
  const lists = ["accounts", "apiTokens", "auditEntries", "categories", "connectedAccounts", "emails"].concat(
    ["extractions", "jobs", "llmUsages", "sessions", "sightings", "transactions"],
  );
  const query = `{ me { id ${lists.map((list) => `${list}(first: 20) { nodes { id } }`).join(" ")} } }`;
  const { me } = await ask(url, token, query);
  return [me.id, ...lists.flatMap((list) => me[list].nodes.map(({ id }) => id))];
}
