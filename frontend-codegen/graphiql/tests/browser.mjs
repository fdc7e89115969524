// Walks through the page in a real browser, against a running server, and takes two pictures of it:
//   npm run browser -- http://127.0.0.1:8080 FOLDER
// It signs a new user up, runs the operations of the main flow from the tabs in which they wait, watches the jobs live, and
// reads the ledger. It fails on an error in the console, on anything that the page's policy refuses, and on any request to
// another host. The browser is /usr/bin/chromium (Debian's package chromium), or the one that CHROMIUM names.
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
const NEW_USER = `user-${randomBytes(5).toString("hex")}`;
const SIGN_UP = `mutation SignUp {
  register(
    input: {
      username: "${NEW_USER}"
      email: "${NEW_USER}@mail.example"
      password: "correct horse battery"
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
    if (message.type() === "error") faults.push(`an error in the console: ${message.text()}`);
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
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();

  await write(SIGN_UP);
  await run();
  await page.getByText(`signed in as ${NEW_USER}`).waitFor();
  say("signed up");

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
}

/** Starts a job beside the page, as its user, again and again until the subscription has told of one. */
async function extract() {
  const { token } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("pennypost:session")));
  const body = JSON.stringify({ query: "mutation { extractEmails(input: {}) { job { id } userErrors { message } } }" });
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  // The button shows a stop before the server has heard of the subscription.
  for (let nth = 0; nth < 5; nth += 1) {
    await fetch(new URL("/graphql", base), { method: "POST", headers, body });
    await page.waitForTimeout(300);
  }
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
async function write(text) {
  await page.locator(".graphiql-query-editor .view-lines").click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.locator(".graphiql-query-editor textarea").first().evaluate((area, text) => {
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
  // In the place of the headers, which hold a token; the scroll bars go out of sight a moment later.
  await page.getByRole("button", { name: "Variables", exact: true }).click();
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: path.join(folder, `graphiql-${name}.png`) });
}

function say(line) {
  console.log(`browser: ${line}`);
}
