// Walks through the page in a real browser, against a running server, and takes pictures of it:
//   npm run browser -- http://127.0.0.1:8080 FOLDER
// It signs a new user up, runs the operations of the main flow from the tabs in which they wait, watches the jobs live, reads
// the ledger, has its session ended from elsewhere, and signs out. It fails on an error in the console, on anything that the
// page's policy refuses, and on any request to another host. It walks a server in development and one in production, which
// shows its schema only to who has signed in. The browser is /usr/bin/chromium (Debian's package chromium), or the one that CHROMIUM names.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";

import { chromium } from "playwright-core";

const [base, folder] = process.argv.slice(2);
if (!URL.canParse(base ?? "") || !folder) {
  console.error("usage: npm run browser -- http://127.0.0.1:8080 FOLDER");
  process.exit(2);
}
const host = new URL(base).host;
const PATIENCE = 20_000;
const PASSWORD = "correct horse battery";
const ENDED = "Your session has ended.";
const NEW_USER = `user-${randomBytes(5).toString("hex")}`;
const SIGN_UP = `mutation SignUp {
  register(
    input: {
      username: "${NEW_USER}"
      email: "${NEW_USER}@mail.example"
      password: "${PASSWORD}"
      timeZone: "Europe/Berlin"
    }
  ) {
    accessToken
    user {
      username
    }
    userErrors {
      message
    }
  }
}
`;
const MY_JOBS = `# All of one's jobs, as it happens.
subscription MyJobs {
  myJobEvents {
    kind
    version
    state
    at
    progress {
      done
      total
      booked
    }
  }
}
`;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const faults = [];
/** True while the server refuses a token on purpose; a browser notes each such answer as an error. */
let isRefusing = false;
const page = await browser.newPage({ viewport: { width: 1240, height: 740 } });
page.setDefaultTimeout(PATIENCE);
try {
  await watch();
  await walk();
} catch (error) {
  faults.push(error.message);
  // The page may not even have loaded.
  await picture("failure").catch(() => {});
} finally {
  await browser.close();
}
for (const fault of faults) console.error(`browser: ${fault}`);
if (faults.length > 0) process.exit(1);
console.log("browser: nothing was refused, nothing failed, and no other host was asked");

/** Notes whatever the page must not do. */
async function watch() {
  await page.exposeFunction("noteViolation", (what) => faults.push(`the policy refused ${what}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
      window.noteViolation(`${violatedDirective}: ${blockedURI} in ${sourceFile}`);
    });
  });
  page.on("pageerror", (error) => faults.push(`an error that nobody caught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error" || (isRefusing && /status of 401/.test(message.text()))) return;
    faults.push(`an error in the console: ${message.text()}`);
  });
  const look = (url) => {
    if (/^(https?|wss?):/.test(url) && new URL(url).host !== host) faults.push(`another host was asked: ${url}`);
  };
  // The context hears of the requests of workers, too.
  page.context().on("request", (request) => look(request.url()));
  page.context().on("requestfailed", (request) => faults.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("websocket", (socket) => look(socket.url()));
}

async function walk() {
  await page.goto(new URL("/graphiql", base).href);
  await opened();
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const isOpen = Boolean((await ask("{ __schema { queryType { name } } }")).data);
  await page.getByText(isOpen ? "Root Types" : /^Sign in above/).first().waitFor();
  say(isOpen ? "read the schema" : "was told to sign in for the schema");

  await write(SIGN_UP);
  await run();
  await signedIn();
  await page.getByText("Root Types").waitFor();
  await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();
  say("signed up, and read the schema");

  await show("ConnectDemo");
  await run();
  await answerWith('"status": "ACTIVE"');
  await show("Fetch");
  await run();
  await answerWith('"state": "QUEUED"');
  say("connected and fetched");

  // The page has filled in the job's id.
  await show("WatchJob");
  await run();
  await answerWith('"state": "SUCCESS"');
  await isIdle();
  say("watched the job to its end, and the stream ended by itself");

  await write(MY_JOBS);
  await run();
  await page.getByRole("button", { name: "Stop query" }).waitFor();
  await extract();
  await answerWith('"kind": "EXTRACT_EMAILS"', '"state": "SUCCESS"');
  await page.getByRole("button", { name: "Stop query" }).waitFor();
  await picture("subscription");
  await page.getByRole("button", { name: "Stop query" }).click();
  await isIdle();
  say("watched all jobs, and stopped it");

  await show("Transactions");
  await run();
  await answerWith('"totalCount": 67', '"bookedOn"');
  await picture("query");
  say("read the ledger");

  await endElsewhere();
  await narrow();
  await signOut();
}

/** On a telephone nothing reaches over the edge, and the answer has as much place as the text. */
async function narrow() {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await picture("narrow");
  const widths = await page.evaluate(() => {
    const width = (selector) => document.querySelector(selector).getBoundingClientRect().width;
    return { page: document.documentElement.scrollWidth, text: width(".graphiql-editors"), answer: width(".graphiql-response") };
  });
  expect(widths.page <= 390 && widths.text > 340 && widths.answer > 340, `On a telephone: ${JSON.stringify(widths)}`);
  await page.setViewportSize(before);
  say("looked at it on a telephone");
}

/** Ends the session beside the page, which has to notice: from the socket, and from an answer. */
async function endElsewhere() {
  isRefusing = true;
  await show("MyJobs");
  await run();
  await page.getByRole("button", { name: "Stop query" }).waitFor();
  await ask("mutation { logoutEverywhere { userErrors { message } } }", await token());
  await page.getByText(ENDED).waitFor();
  await isIdle();
  await textIs("myJobEvents");
  await signIn();
  await page.getByText(ENDED).waitFor({ state: "hidden" });
  say("noticed by the socket that the session had ended, and signed in again");

  await ask("mutation { logoutEverywhere { userErrors { message } } }", await token());
  await show("Transactions");
  await run();
  await page.getByText(ENDED).waitFor();
  await textIs("totalCount");
  await signIn();
  await run();
  await answerWith('"totalCount": 67');
  isRefusing = false;
  say("noticed by an answer that the session had ended, and read the ledger again");
}

/** Signs out, and looks for anything that is left of the user: in the storages, on the screen, in the history, on the server. */
async function signOut() {
  const ended = await token();
  const key = "written-by-hand";
  expect(!(await stored()).includes(ended), "GraphiQL has stored the token.");
  // Not the operation of before: the history would not take it again.
  await show("Jobs");
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  await write(`{ "Authorization": "Bearer ${ended}", "X-Key": "${key}" }`, "Headers");
  await run();
  await answerWith('"kind": "EXTRACT_EMAILS"', '"state": "SUCCESS"');
  await page.getByRole("button", { name: "Show History" }).click();
  await page.locator(".graphiql-history-item-label").getByText("Jobs", { exact: true }).first().click();
  await page.getByRole("region", { name: "Headers" }).getByText(key).waitFor();
  // The tabs are stored half a second after a change.
  await page.waitForTimeout(1_000);
  expect((await stored()).includes("query Jobs"), "GraphiQL has stored nothing.");
  expect(!(await stored()).includes(ended), "GraphiQL has stored a token that was written among the headers.");
  expect((await ask("{ me { id } }", ended)).data, "The token of the session is not good.");

  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Sign out" }).click()]);
  await opened();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  // What was still about to be written would be there now.
  await page.waitForTimeout(1_000);
  const left = `${await stored("pennypost:session")} ${await page.content()}`;
  for (const text of [ended, key, NEW_USER]) expect(!left.includes(text), `After the sign-out there is: ${text}`);
  await show("Transactions");
  expect(!(await page.locator(".graphiql-response").innerText()).includes("bookedOn"), "The ledger is still shown.");
  await page.getByRole("button", { name: "Show History" }).click();
  await page.getByRole("region", { name: "History" }).waitFor();
  expect((await page.locator(".graphiql-history-item").count()) === 0, "The history is still there.");
  const [error] = (await ask("{ me { id } }", ended)).errors ?? [];
  expect(error?.extensions?.code === "UNAUTHENTICATED", "The server still takes the token.");
  say("signed out, and nothing was left");
}

/** Everything that the page has stored but its session; with the session's key, too, where that is asked for. */
async function stored(session = "") {
  return page.evaluate((session) => {
    const entries = [...Object.entries(localStorage), ...Object.entries(sessionStorage)];
    return JSON.stringify(entries.filter(([key]) => key === session || key !== "pennypost:session"));
  }, session);
}

async function token() {
  return page.evaluate(() => JSON.parse(sessionStorage.getItem("pennypost:session")).token);
}

/** Asks the server beside the page. */
async function ask(query, token) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(new URL("/graphql", base), { method: "POST", headers, body: JSON.stringify({ query }) });
  return answer.json();
}

function expect(isAsExpected, sentence) {
  if (!isAsExpected) throw new Error(sentence);
}

/** Starts a job beside the page, as its user, again and again until the subscription has told of one. */
async function extract() {
  // The button shows a stop before the server has heard of the subscription.
  for (let nth = 0; nth < 5; nth += 1) {
    await ask("mutation { extractEmails(input: {}) { job { id } userErrors { message } } }", await token());
    await page.waitForTimeout(300);
  }
}

async function opened() {
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
}

async function signIn() {
  await page.getByLabel("Username or email").fill(NEW_USER);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await signedIn();
}

async function signedIn() {
  await page.getByText(`signed in as ${NEW_USER}`).waitFor();
}

async function textIs(part) {
  expect((await page.locator(".graphiql-query-editor .view-lines").innerText()).includes(part), `The text lost ${part}.`);
}

async function show(operation) {
  await page.getByRole("tab", { name: operation, exact: true }).click();
  await page.locator(".graphiql-query-editor").getByText(operation).first().waitFor();
}

async function run() {
  // The page reads an operation's name a moment after the operation has been written or shown.
  await page.waitForTimeout(500);
  await page.getByRole("button", { name: /^Execute query/ }).click();
}

/** The button says again that it would run the operation: nothing runs. */
async function isIdle() {
  await page.getByRole("button", { name: /^Execute query/ }).waitFor();
}

/** Pastes a text in the place of the editor's own: what is typed would be indented once more. */
async function write(text, section = "Operation Editor") {
  const editor = page.getByRole("region", { name: section, exact: true }).locator(".graphiql-editor:not(.hidden)").first();
  await editor.locator(".view-lines").click();
  await page.keyboard.press("ControlOrMeta+A");
  await editor.locator("textarea").first().evaluate((area, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

async function answerWith(...parts) {
  const said = page.locator(".graphiql-response .view-lines");
  for (const part of parts) {
    // The editor shows spaces that do not break.
    await said.filter({ hasText: new RegExp(part.replaceAll(" ", "\\s")) }).waitFor();
  }
}

async function picture(name) {
  // The scroll bars go out of sight a moment later.
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: path.join(folder, `graphiql-${name}.png`) });
}

function say(line) {
  console.log(`browser: ${line}`);
}
