//! The main job through every room of the house: a mailbox becomes transactions, once.

use chrono::Duration;
use pennypost::extraction::extractor::Extractor;
use pennypost::mailer::Mailer;
use serde_json::{Value, json};

use crate::support::app::TestApp;

const JOBS: &str = "{ jobs(first: 50) { nodes { id kind state progress { done total stored booked } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_sees_the_demo_mailbox_as_transactions() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let jobs = ana.data(JOBS, json!({})).await;
    let states: Vec<(&Value, &Value)> =
        jobs["jobs"]["nodes"].as_array().unwrap().iter().map(|job| (&job["kind"], &job["state"])).collect();
    assert_eq!(
        states,
        [
            (&json!("EXTRACT_EMAILS"), &json!("SUCCESS")),
            (&json!("FETCH_EMAILS"), &json!("SUCCESS")),
            (&json!("SEND_EMAIL"), &json!("SUCCESS")),
        ]
    );
    let ledger = ana.ledger().await;
    assert!(ledger.len() > 40, "{} transactions", ledger.len());
    assert!(ledger.values().all(|times| *times == 1), "a transaction is there twice");
    let Mailer::Memory(sent) = &test.app.mailer else { panic!("tests send into memory") };
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, "ana@mail.example");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transaction_knows_its_mail_its_extraction_and_its_job() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let query = "{ transactions(first: 100) { totalCount nodes { id account { id } email { id subject }
        extraction { kind outcome job { kind state } } } } }";
    let data = ana.data(query, json!({})).await;
    for node in data["transactions"]["nodes"].as_array().unwrap() {
        assert!(node["email"]["id"].is_string(), "{node}");
        assert_eq!(
            node["extraction"]["job"],
            json!({ "kind": "EXTRACT_EMAILS", "state": "SUCCESS" }),
            "{node}"
        );
    }
    let counted = data["transactions"]["totalCount"].as_u64().unwrap();
    let counted = usize::try_from(counted).unwrap();
    assert_eq!(data["transactions"]["nodes"].as_array().unwrap().len(), counted);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_everything_again_changes_no_sum_and_adds_no_row() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let mbox = include_bytes!("../../src/mailbox/demo.mbox");
    test.write_import_file("ana", "takeout.mbox", mbox);
    let connect = r#"mutation { createConnectedAccount(input: { provider: MBOX, file: "takeout.mbox" }) {
        connectedAccount { id } userErrors { field code message } } }"#;
    let made = ana.data(connect, json!({})).await;
    let account = made["createConnectedAccount"]["connectedAccount"]["id"].clone();
    assert!(account.is_string(), "{made:#}");
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    let first = ana.ledger().await;
    assert!(first.len() > 40);

    // A later version of the extractor reads every mail again.
    let Extractor::Offline { version } = test.app.extractor;
    let later = test.successor(|app| app.extractor = Extractor::Offline { version: version + 1 });
    test.execute("UPDATE emails SET extraction_status = 'PENDING' WHERE extraction_status = 'COMPLETED'")
        .await;
    extract(&ana).await;
    test.run_jobs_of(&later).await;
    assert_eq!(test.number("SELECT count(DISTINCT extractor_version) AS number FROM extractions").await, 2);
    assert_eq!(ana.ledger().await, first);

    // Every job is aged out, and the same file comes once more, as an import and as a fetch.
    test.execute("UPDATE jobs SET finished_at = now() - interval '400 days'").await;
    age_out(&test).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE kind <> 'RETENTION'").await, 0);
    test.app.clock.advance(Duration::days(400));
    let ana = test.sign_in("ana").await;
    ana.fetch(account).await;
    ana.fetch_demo().await;
    test.run_jobs_of(&later).await;
    extract(&ana).await;
    test.run_jobs_of(&later).await;
    assert_eq!(ana.ledger().await, first);
    test.finish().await;
}

async fn extract(person: &crate::support::app::Person<'_>) {
    let extract = "mutation { extractEmails(input: {}) { job { state } userErrors { code } } }";
    let data = person.data(extract, json!({})).await;
    assert_eq!(data["extractEmails"]["job"]["state"], json!("QUEUED"));
}

async fn age_out(test: &TestApp) {
    use pennypost::jobs::{JobPayload, NewJob, enqueue};
    let mut conn = test.app.pool.connection().await.unwrap();
    enqueue(&mut conn, test.app.clock.new_id(), NewJob::new(None, JobPayload::Retention {})).await.unwrap();
    drop(conn);
    test.run_jobs().await;
}
