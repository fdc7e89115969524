//! How a user leaves: at once for everybody else, and with every row of theirs.

use std::time::Duration;

use pennypost::jobs::{JobPayload, NewJob, enqueue};
use serde_json::json;

use crate::identity::world::{client, code, start};
use crate::support::app::{PASSWORD, Person, TestApp};

const DELETE: &str = "mutation ($p: String!) { deleteUser(input: { password: $p }) { deletedUserId userErrors { field code } } }";

/// Every table with rows of users.
const TABLES: &str = "SELECT table_name::text AS text FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1";
/// Calls of a language model about the user's mails: nothing else makes any yet.
const CALLS: &str = "INSERT INTO llm_usages (id, user_id, email_id, extraction_id, job_id, attempt, call, model, latency_ms, outcome)
    SELECT gen_random_uuid(), user_id, email_id, id, gen_random_uuid(), 1, 1, 'small', 7, 'ANSWERED' FROM extractions";

/// Every table in which something is left that belongs to the user of that id.
async fn left_of(test: &TestApp, id: &str) -> Vec<String> {
    let mut left = Vec::new();
    for table in test.texts(TABLES).await {
        if test.number(&format!("SELECT count(*) AS number FROM {table} WHERE user_id = '{id}'")).await > 0 {
            left.push(table);
        }
    }
    left
}

/// The tables in whose rows the id of a user stands, wherever; an entry of the audit is none with a pseudonym in its place.
async fn named_in(test: &TestApp, id: &str) -> Vec<String> {
    let tables = "SELECT relname::text AS text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";
    let mut named = Vec::new();
    for table in test.texts(tables).await {
        let rows = format!("SELECT count(*) AS number FROM {table} AS t WHERE t::text LIKE '%{id}%'");
        if test.number(&rows).await > 0 {
            named.push(table);
        }
    }
    named
}

/// Gives the user what the demo mailbox does not.
async fn fill(test: &TestApp, ana: &Person<'_>) {
    let make = "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { token } }";
    ana.data(make, json!({})).await;
    let category = json!({ "name": "Below", "kind": "EXPENSE", "idempotencyKey": "once" });
    ana.done("createCategory", category, "").await;
    test.execute(CALLS).await;
}

async fn id_of(test: &TestApp, name: &str) -> String {
    test.texts(&format!("SELECT id::text AS text FROM users WHERE username = '{name}'")).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_out_at_once_and_nothing_of_theirs_stays() {
    let test = start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    for person in [&ana, &bob] {
        person.fetch_demo().await;
    }
    test.run_jobs().await;
    let (home, phone) = (client(&test, "198.51.100.1"), client(&test, "198.51.100.2"));
    let (first, second) = (home.login("ana", PASSWORD).await, phone.login("ana", PASSWORD).await);
    home.request_reset("ana@mail.example").await;
    home.login("ana", "a wrong pass phrase").await;
    test.run_jobs().await;
    let (id, bobs) = (id_of(&test, "ana").await, id_of(&test, "bob").await);
    fill(&test, &ana).await;
    let (before, of_bob) = (left_of(&test, &id).await, left_of(&test, &bobs).await);
    assert_eq!(before, test.texts(TABLES).await, "a table in which the user has nothing shows nothing");
    let refused = home.with(&first).field(DELETE, json!({ "p": "a wrong pass phrase" })).await;
    assert_eq!(refused["userErrors"], json!([{ "field": ["password"], "code": "INVALID_CREDENTIALS" }]));
    assert!(home.with(&first).is_signed_in().await);

    let done = home.with(&first).field(DELETE, json!({ "p": PASSWORD })).await;
    assert_eq!(done, json!({ "deletedUserId": ana.id, "userErrors": [] }));
    for (who, payload) in [(&home, &first), (&phone, &second)] {
        assert!(!who.with(payload).is_signed_in().await);
        assert_eq!(code(&who.refresh(payload).await), "EXPIRED");
    }
    assert_eq!(code(&client(&test, "203.0.113.9").login("ana", PASSWORD).await), "INVALID_CREDENTIALS");
    test.run_jobs().await;
    assert_eq!(left_of(&test, &id).await, Vec::<String>::new());
    assert_eq!(named_in(&test, &id).await, Vec::<String>::new());
    assert_eq!(left_of(&test, &bobs).await, of_bob);
    assert!(bob.ledger().await.len() > 40);
    // The name is free again.
    assert_eq!(home.register("ana").await["userErrors"], json!([]));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_at_work_for_the_user_is_stopped_and_waited_for() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let payload = home.register("ana").await;
    test.run_jobs().await;
    let id = id_of(&test, "ana").await;
    // A worker elsewhere has it.
    test.execute(&format!(
        "INSERT INTO jobs (id, user_id, queue, kind, payload, state, max_attempts, attempt, worker_id, lease_expires_at)
         VALUES (gen_random_uuid(), '{id}', 'email', 'EXTRACT_EMAILS', '{{}}', 'RUNNING', 5, 1, gen_random_uuid(),
             now() + interval '1 hour')"
    ))
    .await;
    home.with(&payload).field(DELETE, json!({ "p": PASSWORD })).await;
    test.run_jobs().await;
    let asked =
        "SELECT count(*) AS number FROM jobs WHERE state = 'RUNNING' AND cancel_requested_at IS NOT NULL";
    assert_eq!(test.number(asked).await, 1);
    assert!(left_of(&test, &id).await.contains(&"categories".to_owned()), "nothing is deleted beside it");
    test.execute(
        "UPDATE jobs SET state = 'CANCELLED', version = version + 1, finished_at = now(), worker_id = NULL,
            lease_expires_at = NULL WHERE state = 'RUNNING'",
    )
    .await;
    let active = "SELECT count(*) AS number FROM jobs WHERE state NOT IN ('SUCCESS', 'FAILED', 'CANCELLED')";
    for _ in 0..50 {
        test.run_jobs().await;
        if test.number(active).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(left_of(&test, &id).await, Vec::<String>::new());
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_cannot_leave_and_one_of_two_can() {
    let test = start().await;
    let root = test.register_admin("root").await;
    let refused = root.data(DELETE, json!({ "p": PASSWORD })).await;
    assert_eq!(
        refused["deleteUser"],
        json!({ "deletedUserId": null, "userErrors": [{ "field": null, "code": "IN_USE" }] })
    );
    let other = test.register_admin("other").await;
    test.run_jobs().await;
    let done = root.data(DELETE, json!({ "p": PASSWORD })).await;
    assert_eq!(done["deleteUser"]["userErrors"], json!([]));
    let refused = other.data(DELETE, json!({ "p": PASSWORD })).await;
    assert_eq!(refused["deleteUser"]["userErrors"][0]["code"], "IN_USE");
    test.run_jobs().await;
    assert_eq!(test.number("SELECT count(*) AS number FROM users").await, 1);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_brings_back_or_keeps_halfway_whoever_leaves() {
    let test = start().await;
    let (root, home) = (test.register_admin("root").await, client(&test, "198.51.100.1"));
    let payload = home.register("ana").await;
    test.run_jobs().await;
    let ana = payload["user"]["id"].clone();
    home.with(&payload).field(DELETE, json!({ "p": PASSWORD })).await;
    let brought_back = root.refused("activateUser", json!({ "userId": ana })).await;
    assert_eq!(brought_back, ("userId".to_owned(), "IN_USE".to_owned()));
    let jobs = root.data("{ jobs(filter: { kinds: [DELETE_USER] }) { nodes { id } } }", json!({})).await;
    let job = &jobs["jobs"]["nodes"][0]["id"];
    let stopped = root.refused("cancelJob", json!({ "jobId": job })).await;
    assert_eq!(stopped, ("jobId".to_owned(), "INVALID".to_owned()));
    // Whatever ended the job, the night begins another.
    test.execute("UPDATE jobs SET state = 'FAILED', version = version + 1, finished_at = now() WHERE kind = 'DELETE_USER'")
        .await;
    let mut conn = test.app.pool.connection().await.unwrap();
    let night = NewJob::new(None, JobPayload::Retention {});
    enqueue(&mut conn, test.app.clock.new_id(), night).await.unwrap();
    drop(conn);
    test.run_jobs().await;
    assert_eq!(test.texts("SELECT username AS text FROM users").await, ["root"]);
    test.finish().await;
}
