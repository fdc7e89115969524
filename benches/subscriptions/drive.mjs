// Makes about ten events a second for one user: it triggers `extractEmails` every 300 ms, and each job has three versions.
//   node drive.mjs http://127.0.0.1:8080 TOKEN SECONDS
const [base, token, seconds] = process.argv.slice(2);
if (!URL.canParse(base ?? "") || !token || !(Number(seconds) > 0)) {
  console.error("usage: node drive.mjs http://127.0.0.1:8080 TOKEN SECONDS");
  process.exit(2);
}
const EVERY = 300;
const query = "mutation { extractEmails(input: {}) { isDeduplicated job { id } userErrors { message } } }";
const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };

async function trigger() {
  const response = await fetch(new URL("/graphql", base), { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  const said = [...(errors ?? []), ...(data?.extractEmails.userErrors ?? [])].map(({ message }) => message);
  if (said.length > 0) throw new Error(said.join(" "));
  return data.extractEmails.isDeduplicated;
}

// By the clock, and not so long after the answer: a slow server does not get fewer.
const started = performance.now();
const answers = [];
for (let nth = 0; nth * EVERY < Number(seconds) * 1000; nth += 1) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + nth * EVERY - performance.now())));
  const answer = trigger();
  answer.catch((error) => {
    console.error(`drive: ${error.message}`);
    process.exit(1);
  });
  answers.push(answer);
}
const joined = (await Promise.all(answers)).filter(Boolean).length;
console.log(`${answers.length} calls of extractEmails, ${joined} of them joined a job that had not ended yet`);
