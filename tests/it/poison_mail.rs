//! Mails that stop their worker: real workers are killed while a mail is named, and only the one that did it twice is given up.
//!
//! A mail whose row somebody has locked holds its worker up at exactly that mail, for as long as the test wants.

use diesel_async::SimpleAsyncConnection;
use pennypost::db::pool::connect as connect_database;
use serde_json::json;

use crate::support::app::{Person, TestApp};
use crate::support::redis::shared;
use crate::worker_faults::{ACTIVE, WorkerProcess, connect, wait_until};

const MAILS: i64 = 30;
/// What was read is forgotten, and all mails wait again.
const FORGET: &str = "DELETE FROM sightings; DELETE FROM transactions; DELETE FROM extractions;
    UPDATE emails SET extraction_status = 'PENDING', extraction_reason = NULL";
/// The mail in the middle that holds its worker up.
const HELD: &str = "subject = 'Card purchase' AND message_id = 'purchase-15@nordhafen.example'";
const WAITING_FOR_LOCK: &str = "SELECT count(*) AS number FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// How often a worker is killed at the held mail, how it is let go, and what it is in the end.
struct Plan {
    killed_while_named: usize,
    let_go: &'static str,
    status: &'static str,
    reason: Option<&'static str>,
    booked: i64,
    failed: i64,
}

async fn stored_mails(test: &TestApp, ana: &Person<'_>) {
    let account = connect(test, ana, "ana", MAILS).await;
    ana.fetch(account).await;
    test.run_jobs().await;
    test.execute(FORGET).await;
    test.execute("DELETE FROM jobs").await;
}

async fn extract(person: &Person<'_>) {
    let extract = "mutation { extractEmails(input: { batchSize: 10 }) { job { id } userErrors { code } } }";
    let data = person.data(extract, json!({})).await;
    assert!(data["extractEmails"]["job"]["id"].is_string(), "{data}");
}

fn is_named() -> String {
    format!(
        "SELECT count(*) AS number FROM jobs WHERE state = 'RUNNING'
         AND checkpoint->'at'->>'suspect' = (SELECT id::text FROM emails WHERE {HELD})"
    )
}

/// Starts a worker, kills it once `sql` counts something and it waits at the held mail, and waits for the rescue of its job.
async fn kill_worker_when(test: &TestApp, sql: &str) {
    let mut worker = WorkerProcess::start(test, &shared("pennypost"), "4");
    wait_until(test, "the worker comes to the mail", sql, |found| found > 0).await;
    wait_until(test, "it waits at the mail", WAITING_FOR_LOCK, |waiting| waiting > 0).await;
    worker.kill();
    // Its connections do not hear of it while they wait for the lock.
    let orphans = "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    test.number(orphans).await;
    wait_until(test, "nobody waits any more", WAITING_FOR_LOCK, |waiting| waiting == 0).await;
}

async fn carry_out(plan: Plan) {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    stored_mails(&test, &ana).await;
    let mut holder = connect_database(&test.app.database_url).await.unwrap();
    let hold = format!(
        "SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT id FROM emails WHERE {HELD} FOR UPDATE"
    );
    holder.batch_execute(&hold).await.unwrap();
    extract(&ana).await;
    // The first one dies in a batch, of whatever is in it.
    kill_worker_when(&test, "SELECT count(*) AS number FROM jobs WHERE state = 'RUNNING'").await;
    for _ in 0..plan.killed_while_named {
        kill_worker_when(&test, &is_named()).await;
    }
    holder.batch_execute(plan.let_go).await.unwrap();
    let _worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    wait_until(&test, "the job ends", ACTIVE, |active| active == 0).await;
    let status = format!("SELECT extraction_status AS text FROM emails WHERE {HELD}");
    assert_eq!(test.texts(&status).await, [plan.status]);
    let reason = format!("SELECT coalesce(extraction_reason, '') AS text FROM emails WHERE {HELD}");
    assert_eq!(test.texts(&reason).await, [plan.reason.unwrap_or_default()]);
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, plan.booked);
    let ended =
        "SELECT state || ' ' || (progress->>'done') || ' ' || (progress->>'failed') AS text FROM jobs";
    assert_eq!(test.texts(ended).await, [format!("SUCCESS {MAILS} {}", plan.failed)]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_mail_that_was_named_when_a_worker_was_killed_is_read() {
    carry_out(Plan {
        killed_while_named: 1,
        let_go: "ROLLBACK",
        status: "COMPLETED",
        reason: None,
        booked: MAILS,
        failed: 0,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_stopped_its_worker_twice_is_given_up_and_the_others_are_read() {
    carry_out(Plan {
        killed_while_named: 2,
        let_go: "ROLLBACK",
        status: "FAILED",
        reason: Some("Reading it stopped the worker twice."),
        booked: MAILS - 1,
        failed: 1,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_ignored_meanwhile_is_not_marked_as_failed() {
    carry_out(Plan {
        killed_while_named: 2,
        let_go: "UPDATE emails SET extraction_status = 'IGNORED'
            WHERE message_id = 'purchase-15@nordhafen.example'; COMMIT",
        status: "IGNORED",
        reason: None,
        booked: MAILS - 1,
        failed: 0,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_attempt_that_ran_out_of_time_each_mail_is_named_before_it_is_read() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    stored_mails(&test, &ana).await;
    let mut holder = connect_database(&test.app.database_url).await.unwrap();
    let hold = format!("BEGIN; SELECT id FROM emails WHERE {HELD} FOR UPDATE");
    holder.batch_execute(&hold).await.unwrap();
    extract(&ana).await;
    // As `settle` leaves a job whose first attempt made no checkpoint within its time.
    test.execute(
        "UPDATE jobs SET state = 'RETRYING', version = version + 1, attempt = 1, run_at = clock_timestamp(),
         error_payload = jsonb_build_object('code', 'TIMEOUT', 'class', 'TIMEOUT', 'message', 'Late.',
             'retryable', true, 'attempt', 1, 'at', clock_timestamp())",
    )
    .await;
    let worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    wait_until(&test, "the mail is named", &is_named(), |named| named > 0).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 14, "one mail a checkpoint");
    holder.batch_execute("ROLLBACK").await.unwrap();
    wait_until(&test, "the job ends", ACTIVE, |active| active == 0).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, MAILS);
    drop(worker);
    test.finish().await;
}

/// Fetches `MAILS` mails while the one in the middle cannot be stored, with workers that are killed at it; then lets it go.
async fn fetch_with_kills(killed_while_named: usize) -> TestApp {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", MAILS).await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    // Its row as somebody else is about to insert it: whoever inserts it, too, waits for them.
    test.execute(&format!("CREATE TABLE held AS SELECT * FROM emails WHERE {HELD}")).await;
    test.execute(&format!("{FORGET}; DELETE FROM emails; DELETE FROM jobs")).await;
    let mut holder = connect_database(&test.app.database_url).await.unwrap();
    let hold = "SET idle_in_transaction_session_timeout = 0; BEGIN; INSERT INTO emails SELECT * FROM held";
    holder.batch_execute(hold).await.unwrap();
    ana.fetch(account).await;
    kill_worker_when(&test, "SELECT count(*) AS number FROM jobs WHERE state = 'RUNNING'").await;
    let is_named = "SELECT count(*) AS number FROM jobs WHERE state = 'RUNNING'
        AND checkpoint->'at'->'is_suspect' = 'true' AND checkpoint->'at'->'read' = '14'";
    for _ in 0..killed_while_named {
        kill_worker_when(&test, is_named).await;
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    let _worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, MAILS);
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE state <> 'SUCCESS'").await, 0);
    test
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_was_killed_at_a_healthy_mail_stores_it_whole() {
    let test = fetch_with_kills(1).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, MAILS);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_stopped_its_fetch_twice_is_kept_unread_and_the_others_are_stored() {
    let test = fetch_with_kills(2).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, MAILS - 1);
    let kept = "SELECT extraction_status || ': ' || extraction_reason AS text FROM emails
        WHERE extraction_status <> 'COMPLETED'";
    assert_eq!(test.texts(kept).await, ["FAILED: The program broke off while it read this mail."]);
    assert_eq!(
        test.number("SELECT count(*) AS number FROM email_sources").await,
        MAILS,
        "its bytes are kept"
    );
    test.finish().await;
}
