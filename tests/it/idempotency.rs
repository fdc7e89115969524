//! One key, one effect: a mutation that is sent twice makes its row once.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::mutation::refusal;

const CATEGORIES: &str = "SELECT count(*) AS number FROM categories WHERE name LIKE 'Bikes%'";

fn bikes(key: &str) -> Value {
    json!({ "name": "Bikes", "kind": "EXPENSE", "idempotencyKey": key })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_input_answer_with_the_first_row_at_once_and_an_hour_later() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let first = ana.done("createCategory", bikes("k1"), "category { id }").await;
    assert_eq!(ana.done("createCategory", bikes("k1"), "category { id }").await, first);
    test.app.clock.advance(Duration::hours(1));
    let ana = test.sign_in("ana").await;
    assert_eq!(ana.done("createCategory", bikes("k1"), "category { id }").await, first);
    assert_eq!(test.number(CATEGORIES).await, 1);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_another_input_or_for_another_mutation_is_invalid() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.done("createCategory", bikes("k1"), "category { id }").await;
    let other = json!({ "name": "Bikes 2", "kind": "EXPENSE", "idempotencyKey": "k1" });
    assert_eq!(ana.refused("createCategory", other).await, refusal("idempotencyKey", "INVALID"));
    let account = json!({ "name": "Bikes", "kind": "BANK", "currency": "EUR", "idempotencyKey": "k1" });
    assert_eq!(ana.refused("createAccount", account).await, refusal("idempotencyKey", "INVALID"));
    assert_eq!(ana.refused("createCategory", bikes("")).await, refusal("idempotencyKey", "TOO_SHORT"));
    let long = "k".repeat(201);
    assert_eq!(ana.refused("createCategory", bikes(&long)).await, refusal("idempotencyKey", "TOO_LONG"));
    assert_eq!(test.number(CATEGORIES).await, 1);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_one_row() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for round in 0..5 {
        let key = format!("round {round}");
        let input = json!({ "name": format!("Bikes {round}"), "kind": "EXPENSE", "idempotencyKey": key });
        let ask = || ana.done("createCategory", input.clone(), "category { id }");
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert!(one == two && two == three, "{one} {two} {three}");
    }
    assert_eq!(test.number(CATEGORIES).await, 5);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_call_that_failed_is_as_good_as_new() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.category("Bikes", "EXPENSE").await;
    assert_eq!(ana.refused("createCategory", bikes("k1")).await, refusal("name", "TAKEN"));
    let other = json!({ "name": "Bikes 2", "kind": "EXPENSE", "idempotencyKey": "k1" });
    ana.done("createCategory", other, "category { id }").await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_with_one_key_do_not_meet() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let anas = ana.done("createCategory", bikes("k1"), "category { id }").await;
    let bobs = bob.done("createCategory", bikes("k1"), "category { id }").await;
    assert_ne!(anas, bobs);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_gone_since_is_said_to_be() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let made = ana.done("createCategory", bikes("k1"), "category { id }").await;
    ana.done("deleteCategory", json!({ "id": made["category"]["id"] }), "").await;
    assert_eq!(ana.refused("createCategory", bikes("k1")).await, refusal("idempotencyKey", "NOT_FOUND"));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_started_once_for_each_key() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let demo = json!({ "provider": "DEMO", "idempotencyKey": "demo" });
    let made = ana.done("createConnectedAccount", demo.clone(), "connectedAccount { id }").await;
    assert_eq!(ana.done("createConnectedAccount", demo, "connectedAccount { id }").await, made);
    let source = json!({ "connectedAccountId": made["connectedAccount"]["id"] });
    let fetch = json!({ "source": source, "limit": 3, "idempotencyKey": "fetch" });
    let first = ana.done("fetchEmails", fetch.clone(), "job { id }").await;
    test.run_jobs().await;
    assert_eq!(ana.done("fetchEmails", fetch, "job { id }").await, first);
    let other = json!({ "source": source, "limit": 4, "idempotencyKey": "fetch" });
    assert_eq!(ana.refused("fetchEmails", other).await, refusal("idempotencyKey", "INVALID"));
    let extract = json!({ "idempotencyKey": "extract" });
    let first = ana.done("extractEmails", extract.clone(), "job { id } isDeduplicated").await;
    test.run_jobs().await;
    let second = ana.done("extractEmails", extract, "job { id } isDeduplicated").await;
    assert_eq!((&second["job"], &second["isDeduplicated"]), (&first["job"], &json!(true)));
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE kind = 'FETCH_EMAILS'").await, 1);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_after_a_day_and_its_row_removed() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.done("createCategory", bikes("k1"), "category { id }").await;
    ana.done(
        "createAccount",
        json!({ "name": "A", "kind": "BANK", "currency": "EUR", "idempotencyKey": "k2" }),
        "",
    )
    .await;
    test.app.clock.advance(Duration::hours(25));
    let ana = test.sign_in("ana").await;
    let other = json!({ "name": "Bikes 2", "kind": "EXPENSE", "idempotencyKey": "k1" });
    ana.done("createCategory", other, "category { id }").await;
    test.execute(
        "INSERT INTO jobs (id, queue, kind, payload, state, priority, run_at, max_attempts)
            VALUES (gen_random_uuid(), 'base', 'RETENTION', '{}', 'QUEUED', 50, now(), 3)",
    )
    .await;
    test.run_jobs().await;
    assert_eq!(test.texts("SELECT key AS text FROM idempotency_keys").await, ["k1"]);
    test.finish().await;
}
