//! What the four who ask find: a ledger each, with a row of every type, and a few rows that name another's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::rights::matrix::NODES;
use crate::rights::people::People;
use crate::rights::rows::Rows;
use crate::support::app::{Person, TestApp};

/// A call of a language model about a mail of each user, and the oldest sighting of each rejected.
const FINDINGS: &str = "INSERT INTO llm_usages
        (id, user_id, email_id, extraction_id, job_id, attempt, call, model, latency_ms, outcome)
    SELECT DISTINCT ON (user_id) gen_random_uuid(), user_id, email_id, id, job_id, 1, 1, 'small', 7, 'ANSWERED' FROM extractions;
    UPDATE sightings SET state = 'REJECTED', reason = 'none'
        WHERE id IN (SELECT DISTINCT ON (user_id) id FROM sightings ORDER BY user_id, id)";

/// What no key of the database rules out: rows of the stranger's that name a job of the owner's.
const STRAYS: &str = "CREATE TEMP TABLE owners ON COMMIT DROP AS
        SELECT jobs.id FROM jobs JOIN users ON users.id = user_id WHERE username = 'ana' ORDER BY jobs.id LIMIT 1;
    INSERT INTO llm_usages (id, user_id, email_id, job_id, attempt, call, model, latency_ms, outcome)
    SELECT gen_random_uuid(), emails.user_id, emails.id, owners.id, 1, 2, 'stray', 7, 'FAILED'
        FROM emails JOIN users ON users.id = user_id, owners WHERE username = 'bob' LIMIT 1;
    UPDATE extractions SET job_id = owners.id FROM owners WHERE extractions.id = (
        SELECT max(extraction_id::text)::uuid FROM sightings JOIN users ON users.id = user_id
        WHERE username = 'bob' AND transaction_id IS NOT NULL)";

/// The rows that name a job of somebody else's.
const STRAYING: &str = "SELECT count(*) AS number FROM jobs JOIN (
        SELECT user_id, job_id FROM llm_usages UNION ALL SELECT user_id, job_id FROM extractions
    ) AS rows ON jobs.id = job_id WHERE jobs.user_id <> rows.user_id";

/// The variables by which a row of the matrix names something of the viewer's own beside, and its type.
const OWN_VARIABLES: [(&str, &str); 4] = [
    ("account", "Account"),
    ("category", "Category"),
    ("transaction", "Transaction"),
    ("sighting", "Sighting"),
];

/// A program on which nobody runs out of sockets or of allowance.
pub async fn start() -> TestApp {
    // Sockets are opened faster than the server notices that they are closed.
    let change = |app: &mut pennypost::app::App| {
        app.config.limits.sockets_of_user = 1_000;
        app.config.cost_capacity = 1_000_000_000;
    };
    TestApp::start_with(change).await
}

/// Has the program tell of its jobs until the token ends it.
pub fn tell_of_jobs(test: &TestApp) -> CancellationToken {
    let (app, stop) = (Arc::clone(&test.app), CancellationToken::new());
    let ending = stop.clone();
    tokio::spawn(async move { app.live.run(&app.pool, &app.redis, ending).await.unwrap() });
    stop
}

/// Everybody, each with a ledger and a job that waits to fetch.
pub async fn people(test: &TestApp) -> People<'_> {
    let (owner, stranger) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    for person in [&owner, &stranger, &admin] {
        person.fetch_demo().await;
    }
    test.run_jobs().await;
    for person in [&owner, &stranger, &admin] {
        token(person, &["READ"]).await;
        let accounts = "{ me { connectedAccounts(first: 1) { nodes { id } } } }";
        let data = person.data(accounts, json!({})).await;
        person.fetch(data["me"]["connectedAccounts"]["nodes"][0]["id"].clone()).await;
    }
    test.execute(FINDINGS).await;
    test.execute(&format!("BEGIN; {STRAYS}; COMMIT")).await;
    assert_eq!(test.number(STRAYING).await, 2);
    // Another device, so that nobody loses the one that asks.
    for name in ["ana", "bob", "root"] {
        test.sign_in(name).await;
    }
    let mut ids = BTreeMap::new();
    for person in [&owner, &stranger, &admin] {
        let of_theirs = ids_of(person).await;
        let kind = person
            .data("query ($id: ID!) { category(id: $id) { kind } }", json!({ "id": of_theirs["Category"] }))
            .await;
        let child =
            json!({ "name": "Below", "kind": kind["category"]["kind"], "parentId": of_theirs["Category"] });
        person.done("createCategory", child, "").await;
        ids.insert(person.id.clone(), of_theirs);
    }
    // The owner is told who looked.
    let look = "query ($id: ID!) { email(id: $id) { text } }";
    admin.data(look, json!({ "id": ids[&owner.id]["Email"] })).await;
    let strangers_token = holder(test, &stranger, &["READ", "WRITE", "INGEST"]).await;
    let admins_token = holder(test, &admin, &["READ", "WRITE", "INGEST"]).await;
    let rows = Rows::read(test).await;
    let nobody = test.nobody();
    People { nobody, owner, stranger, admin, strangers_token, admins_token, ids, rows }
}

/// The variables of a person's own that every row of the matrix may name.
pub fn own_variables(ids: &BTreeMap<&'static str, Value>) -> impl Iterator<Item = (String, Value)> {
    OWN_VARIABLES.into_iter().map(|(name, of)| (name.to_owned(), ids[of].clone()))
}

/// A new API token of the person's with those scopes.
pub async fn token(person: &Person<'_>, scopes: &[&str]) -> String {
    let make = "mutation ($scopes: [ApiTokenScope!]!) { createApiToken(input: { name: \"x\", scopes: $scopes }) { token } }";
    let data = person.data(make, json!({ "scopes": scopes })).await;
    data["createApiToken"]["token"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned()
}

/// Whoever shows such a token.
pub async fn holder<'a>(test: &'a TestApp, person: &Person<'_>, scopes: &[&str]) -> Person<'a> {
    let mut holder = test.holder_of(&token(person, scopes).await);
    holder.id.clone_from(&person.id);
    holder
}

/// One id of each type that is the person's; the job's is of one that waits.
async fn ids_of(person: &Person<'_>) -> BTreeMap<&'static str, Value> {
    let query = "{ me { id accounts(first: 1) { nodes { id } } connectedAccounts(first: 1) { nodes { id } }
        auditEntries(first: 1) { nodes { id } } apiTokens(first: 1) { nodes { id } }
        jobs(filter: { states: [QUEUED], kinds: [FETCH_EMAILS] }) { nodes { id events(first: 1) { nodes { id } } } }
        sightings(first: 1) { nodes { id } } sessions(last: 1) { nodes { id } } llmUsages(first: 1) { nodes { id } }
        transactions(first: 1) { nodes { id account { id } category { id } extraction { id } email { id } } } } }";
    let data = person.data(query, json!({})).await;
    let (me, transaction) = (&data["me"], &data["me"]["transactions"]["nodes"][0]);
    let first = |list: &str| me[list]["nodes"][0]["id"].clone();
    let ids = BTreeMap::from([
        ("Account", transaction["account"]["id"].clone()),
        ("ApiToken", first("apiTokens")),
        ("AuditEntry", first("auditEntries")),
        ("Category", transaction["category"]["id"].clone()),
        ("ConnectedAccount", first("connectedAccounts")),
        ("Email", transaction["email"]["id"].clone()),
        ("Extraction", transaction["extraction"]["id"].clone()),
        ("Job", first("jobs")),
        ("JobEvent", me["jobs"]["nodes"][0]["events"]["nodes"][0]["id"].clone()),
        ("LlmUsage", first("llmUsages")),
        ("Session", first("sessions")),
        ("Sighting", first("sightings")),
        ("Transaction", transaction["id"].clone()),
        ("User", me["id"].clone()),
    ]);
    assert!(ids.values().all(Value::is_string) && ids.keys().eq(NODES), "{ids:?}");
    ids
}
