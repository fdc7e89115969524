//! Filing by the batch: what it costs, that one bad mail spoils no other, and that two workers make nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_graphql::ID;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use pennypost::accounts::learn::find_or_create_unassigned;
use pennypost::app::App;
use pennypost::categories::{self, Kind};
use pennypost::db::Pool;
use pennypost::extraction::extractor::Extractor;
use pennypost::graphql::global_id::NodeType;
use pennypost::money::Currency;
use serde_json::json;

use crate::support::app::{Person, TestApp};
use crate::support::database::TestDatabase;
use crate::support::statements;
use crate::worker_faults::connect;

const BOOKED: &str = "SELECT count(*) AS number FROM transactions";
/// Whatever was read is forgotten, but the accounts that were learned, and all mails wait again.
const FORGET: &str = "DELETE FROM sightings; DELETE FROM transactions; DELETE FROM extractions;
    UPDATE emails SET extraction_status = 'PENDING', extraction_reason = NULL";

/// The id of the extraction of at most `limit` mails.
async fn extract(person: &Person<'_>, limit: i64, batch_size: i64) -> String {
    let extract =
        "mutation ($limit: Int, $size: Int!) { extractEmails(input: { limit: $limit, batchSize: $size }) {
        job { id } userErrors { code } } }";
    let data = person.data(extract, json!({ "limit": limit, "size": batch_size })).await;
    let id = data["extractEmails"]["job"]["id"].as_str().unwrap_or_else(|| panic!("{data}"));
    NodeType::Job.parse(&ID(id.to_owned())).unwrap().to_string()
}

/// How many statements an extraction of `limit` mails takes, in batches of 50.
async fn cost(test: &TestApp, app: &Arc<App>, ana: &Person<'_>, limit: i64) -> usize {
    let user = NodeType::User.parse(&ID(ana.id.clone())).unwrap().to_string();
    let job = extract(ana, limit, 50).await;
    test.take_statements();
    test.run_jobs_of(app).await;
    let is_about_it = |statement: &&String| statement.contains(&user) || statement.contains(&job);
    test.take_statements().iter().filter(is_about_it).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_fifty_mails_costs_a_dozen_statements() {
    statements::watch();
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", 200).await;
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_eq!(test.number(BOOKED).await, 200);
    test.execute(FORGET).await;
    let one = cost(&test, &test.app, &ana, 50).await;
    let three = cost(&test, &test.app, &ana, 150).await;
    assert_eq!(test.number(BOOKED).await, 200);
    // What is the same for every job is in both.
    let batch = (three - one) / 2;
    assert!(batch <= 12, "{batch} statements a batch");

    // A later version reads them all again, and finds nothing to correct.
    let Extractor::Offline { version } = test.app.extractor;
    let later = test.successor(|app| app.extractor = Extractor::Offline { version: version + 1 });
    test.execute("UPDATE emails SET extraction_status = 'PENDING'").await;
    let one = cost(&test, &later, &ana, 50).await;
    let again = (cost(&test, &later, &ana, 150).await - one) / 2;
    assert!(again <= 12, "{again} statements a batch that is read again");
    assert_eq!(test.number(BOOKED).await, 200);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_cannot_be_filed_fail_alone_in_whatever_batch() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let refused = "merchant NOT IN ('Supermarkt 7', 'Supermarkt 33', 'Supermarkt 34', 'Supermarkt 120')";
    test.execute(&format!("ALTER TABLE transactions ADD CONSTRAINT refusal CHECK ({refused})")).await;
    let account = connect(&test, &ana, "ana", 120).await;
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_eq!(test.number(BOOKED).await, 116);
    let failed = "SELECT count(*) AS number FROM emails WHERE extraction_status = 'FAILED' AND extraction_reason IS NOT NULL";
    assert_eq!(test.number(failed).await, 4);
    for left in ["extractions", "sightings"] {
        assert_eq!(test.number(&format!("SELECT count(*) AS number FROM {left}")).await, 116, "{left}");
    }
    let progress =
        ana.data("{ jobs(first: 1) { nodes { kind state progress { done failed booked } } } }", json!({}));
    let wanted = json!([{ "kind": "EXTRACT_EMAILS", "state": "SUCCESS",
        "progress": { "done": 120, "failed": 4, "booked": 116 } }]);
    assert_eq!(progress.await["jobs"]["nodes"], wanted);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_one_mailbox_make_nothing_twice() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", 400).await;
    // Two fetches of the same file, and after each an extraction of all that waits, at the same time.
    let other = test.successor(|_| {});
    for _ in 0..2 {
        test.execute("UPDATE jobs SET unique_key = NULL").await;
        ana.fetch(account.clone()).await;
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE kind = 'FETCH_EMAILS'").await, 2);
    tokio::join!(test.run_jobs(), test.run_jobs_of(&other));
    let extractions =
        "SELECT count(*) AS number FROM jobs WHERE kind = 'EXTRACT_EMAILS' AND state = 'SUCCESS'";
    assert!(test.number(extractions).await >= 1);
    for table in ["emails", "email_places", "extractions", "sightings", "transactions"] {
        assert_eq!(test.number(&format!("SELECT count(*) AS number FROM {table}")).await, 400, "{table}");
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM accounts").await, 1);
    assert_eq!(
        test.number("SELECT (sum(-amount) * 100)::bigint AS number FROM transactions").await,
        400 * 401 / 2
    );
    assert_eq!(test.number("SELECT email_count AS number FROM connected_accounts").await, 400);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_tells_the_planner_how_large_its_tables_are() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", 600).await;
    ana.fetch(account).await;
    test.run_jobs().await;
    let known = "SELECT min(reltuples)::bigint AS number FROM pg_class
        WHERE relname IN ('emails', 'extractions', 'transactions', 'sightings')";
    assert!(test.number(known).await >= 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn extractions_share_one_connection_batch_by_batch() {
    let test = TestApp::start().await;
    let (ana, ben) = (test.register("ana").await, test.register("ben").await);
    for (person, name) in [(&ana, "ana"), (&ben, "ben")] {
        let account = connect(&test, person, name, 200).await;
        person.fetch(account).await;
    }
    test.run_jobs().await;
    test.execute(FORGET).await;
    let small = test.successor(|app| app.pool = Pool::new(&app.database_url, 1).unwrap());
    extract(&ana, 200, 5).await;
    extract(&ben, 200, 5).await;
    test.run_jobs_of(&small).await;
    assert_eq!(test.number(BOOKED).await, 400);
    // The ids rise with time: each began before the other was done.
    let apart =
        "SELECT count(*) AS number FROM (SELECT user_id, min(id::text) AS first, max(id::text) AS last
        FROM extractions GROUP BY user_id) AS a JOIN (SELECT user_id, min(id::text) AS first
        FROM extractions GROUP BY user_id) AS b ON a.user_id <> b.user_id AND a.last < b.first";
    assert_eq!(test.number(apart).await, 0, "one extraction kept the connection from the other");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_the_planner_cannot_look_at_holds_no_extraction_up() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", 600).await;
    // As autovacuum holds it while it looks by itself.
    let mut vacuum = test.app.pool.connection().await.unwrap();
    vacuum.begin_test_transaction().await.unwrap();
    vacuum.batch_execute("LOCK TABLE accounts IN SHARE UPDATE EXCLUSIVE MODE").await.unwrap();
    ana.fetch(account).await;
    test.run_jobs().await;
    drop(vacuum);
    assert_eq!(test.number(BOOKED).await, 600);
    assert_eq!(test.number("SELECT max(attempt)::bigint AS number FROM jobs").await, 1);
    let known =
        "SELECT min(reltuples)::bigint AS number FROM pg_class WHERE relname IN ('emails', 'sightings')";
    assert!(test.number(known).await >= 500);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_no_fault_of_the_mails() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", 20).await;
    test.execute(
        "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION fill()",
    )
    .await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    let pending = "SELECT count(*) AS number FROM emails WHERE extraction_status = 'PENDING'";
    assert_eq!(test.number(pending).await, 20);
    test.execute("DROP TRIGGER full_disk ON transactions").await;
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_eq!(test.number(BOOKED).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_small_letter_is_the_database_says() {
    let test = TestApp::start_on(TestDatabase::create_in("tr").await, |_| {}).await;
    let ana = test.register("ana").await;
    let user = NodeType::User.parse(&ID(ana.id.clone())).unwrap();
    test.execute("UPDATE categories SET name = lower(name) WHERE name = 'Interest'").await;
    let before = test.number("SELECT count(*) AS number FROM categories").await;
    let names = [("Insurance", Kind::Expense), ("Interest", Kind::Income), ("Groceries", Kind::Expense)];
    let mut conn = test.app.pool.connection().await.unwrap();
    let found = categories::find_or_create(&mut conn, &test.app.clock, user, &BTreeMap::from(names)).await;
    assert_eq!(found.unwrap().len(), 3);
    assert_eq!(test.number("SELECT count(*) AS number FROM categories").await, before);

    let currencies: BTreeSet<_> = ["INR", "EUR"].map(|code| Currency::parse(code).unwrap()).into();
    let first = find_or_create_unassigned(&mut conn, &test.app.clock, user, &currencies).await.unwrap();
    test.execute("UPDATE accounts SET name = lower(name)").await;
    let again = find_or_create_unassigned(&mut conn, &test.app.clock, user, &currencies).await.unwrap();
    assert_eq!((first.len(), &again), (2, &first));
    test.run_jobs().await;
    test.finish().await;
}
