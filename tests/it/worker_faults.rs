//! The main job while things die: real worker processes, a real Redis, every transaction once.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pennypost::jobs::RedisSettings;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Person, TestApp};
use crate::support::redis::{PrivateRedis, shared};

/// How long a worker may be silent in these tests, in seconds.
const LEASE_SECONDS: &str = "2";
/// How long a long job keeps its slot when somebody else waits, in seconds.
const TIME_SLICE_SECONDS: &str = "1";
const MAILS: i64 = 900;

/// A worker in a process of its own. Killed with this value.
pub struct WorkerProcess {
    child: Child,
    _data: TempDir,
}

impl WorkerProcess {
    pub fn start(test: &TestApp, redis: &RedisSettings, email_slots: &str) -> Self {
        let data = TempDir::new().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pennypost"))
            .arg("worker")
            .env("DATABASE_URL", database_url_of_process(test))
            .env("REDIS_BASE_URL", redis.base.expose())
            .env("REDIS_EMAIL_URL", redis.email.expose())
            .env("REDIS_EVENTS_URL", redis.events.expose())
            .env("SECRET_KEY", "a key for tests that is long enough")
            .env("SEALING_KEY", "a sealing key for tests that is long enough")
            .env("IMPORT_DIR", test.import_dir())
            .env("DATA_DIR", data.path())
            .env("JOB_LEASE_SECONDS", LEASE_SECONDS)
            .env("JOB_TIME_SLICE_SECONDS", TIME_SLICE_SECONDS)
            .env("WORKER_EMAIL_SLOTS", email_slots)
            .current_dir(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, _data: data }
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A mailbox file of `count` purchases, each of another amount; together they cost `count * (count + 1) / 2` cents.
pub fn mailbox(count: i64) -> Vec<u8> {
    let separator = "From alerts@nordhafen.example Mon Nov  2 08:00:00 2026\n";
    let mails = (1..=count).flat_map(|number| [separator.to_owned(), mail(number), "\n".to_owned()]);
    mails.collect::<String>().into_bytes()
}

/// One of them.
pub fn mail(number: i64) -> String {
    format!(
        "Message-ID: <purchase-{number}@nordhafen.example>\n\
             From: Nordhafen Bank <alerts@nordhafen.example>\n\
             Date: Mon, 02 Nov 2026 08:00:00 +0100\n\
             Subject: Card purchase\n\
             Content-Type: text/plain; charset=utf-8\n\n\
             You paid EUR {}.{:02} at Supermarkt {number} with your card ending in 4821.\n",
        number / 100,
        number % 100
    )
}

pub async fn connect(test: &TestApp, person: &Person<'_>, name: &str, count: i64) -> Value {
    test.write_import_file(name, "mail.mbox", &mailbox(count));
    let connect = r#"mutation { createConnectedAccount(input: { provider: MBOX, file: "mail.mbox" }) {
        connectedAccount { id } userErrors { message } } }"#;
    let made = person.data(connect, json!({})).await;
    made["createConnectedAccount"]["connectedAccount"]["id"].clone()
}

pub async fn wait_until(test: &TestApp, what: &str, sql: &str, wanted: impl Fn(i64) -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let number = test.number(sql).await;
        if wanted(number) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}: still {number} after a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The test's database, under a name by which the connections of a process are told from the test's own.
pub fn database_url_of_process(test: &TestApp) -> String {
    let url = test.app.database_url.expose();
    format!("{url}{}application_name=process", if url.contains('?') { '&' } else { '?' })
}

/// Waits until the database has noticed that a process was killed: until then a transaction of it may still be committed.
pub async fn wait_until_gone(test: &TestApp) {
    let left = "SELECT count(*) AS number FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'process'";
    wait_until(test, "the killed process leaves the database", left, |left| left == 0).await;
}

const BOOKED: &str = "SELECT count(*) AS number FROM transactions";
pub const ACTIVE: &str =
    "SELECT count(*) AS number FROM jobs WHERE state NOT IN ('SUCCESS', 'FAILED', 'CANCELLED')";

/// Every purchase is there once, with its own amount, and no job failed.
pub async fn assert_whole(test: &TestApp, count: i64) {
    assert_eq!(test.number(BOOKED).await, count);
    assert_eq!(
        test.number("SELECT (sum(-amount) * 100)::bigint AS number FROM transactions").await,
        count * (count + 1) / 2
    );
    assert_eq!(test.number("SELECT count(DISTINCT amount) AS number FROM transactions").await, count);
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE state <> 'SUCCESS'").await, 0);
    let holes = "SELECT count(*) AS number FROM jobs WHERE version <>
        (SELECT count(*) FROM job_events WHERE job_id = jobs.id AND job_events.version BETWEEN 1 AND jobs.version)";
    assert_eq!(test.number(holes).await, 0, "the events of a job have a hole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_an_extraction_loses_nothing_and_books_nothing_twice() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", MAILS).await;
    let redis = shared("pennypost");
    let mut first = WorkerProcess::start(&test, &redis, "4");
    ana.fetch(account).await;
    wait_until(&test, "some are booked", BOOKED, |booked| booked >= 100).await;
    first.kill();
    wait_until_gone(&test).await;
    let booked = test.number(BOOKED).await;
    assert!(booked < MAILS, "the extraction was over before the kill");
    let _second = WorkerProcess::start(&test, &redis, "4");
    let more = wait_until(&test, "the job goes on", BOOKED, |now| now > booked).await;
    // Lease, then a sweep every third of it, then up to half a second of spread, on a busy machine.
    assert!(more < Duration::from_secs(12), "taken up after {more:?}");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, MAILS).await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_started_again_empty_in_an_extraction_changes_nothing() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect(&test, &ana, "ana", MAILS).await;
    let mut redis = PrivateRedis::start();
    let _worker = WorkerProcess::start(&test, &redis.settings("pennypost"), "4");
    ana.fetch(account).await;
    wait_until(&test, "some are booked", BOOKED, |booked| booked >= 50).await;
    redis.kill();
    // Work that comes while Redis is away starts all the same.
    test.register("bob").await;
    let sent = "SELECT count(*) AS number FROM jobs WHERE kind = 'SEND_EMAIL' AND state = 'SUCCESS'";
    wait_until(&test, "a mail leaves without Redis", sent, |sent| sent == 2).await;
    redis.restart();
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, MAILS).await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_behind_long_extractions_leaves_within_a_second() {
    let test = TestApp::start().await;
    let (ana, ben) = (test.register("ana").await, test.register("ben").await);
    let (of_ana, of_ben) =
        (connect(&test, &ana, "ana", MAILS).await, connect(&test, &ben, "ben", MAILS).await);
    let _worker = WorkerProcess::start(&test, &shared("pennypost"), "2");
    ana.fetch(of_ana).await;
    ben.fetch(of_ben).await;
    wait_until(&test, "some are booked", BOOKED, |booked| booked >= 50).await;
    test.register("cleo").await;
    let left = "SELECT count(*) AS number FROM jobs WHERE kind = 'SEND_EMAIL' AND state <> 'SUCCESS'";
    wait_until(&test, "the mail leaves", left, |left| left == 0).await;
    assert!(test.number(ACTIVE).await > 0, "the extractions were over before the mail");
    let slowest = "SELECT (extract(epoch FROM max(started_at - created_at)) * 1000)::bigint AS number FROM jobs
        WHERE kind = 'SEND_EMAIL' AND created_at = (SELECT max(created_at) FROM jobs WHERE kind = 'SEND_EMAIL')";
    let waited = test.number(slowest).await;
    assert!(waited < 1_000, "the mail waited for {waited} ms");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomers_mails_are_booked_beside_a_mailbox_of_years() {
    let test = TestApp::start().await;
    let (ana, ben) = (test.register("ana").await, test.register("ben").await);
    let (of_ana, of_ben) = (connect(&test, &ana, "ana", 9000).await, connect(&test, &ben, "ben", 10).await);
    // One slot for long jobs.
    let _worker = WorkerProcess::start(&test, &shared("pennypost"), "2");
    ana.fetch(of_ana).await;
    wait_until(&test, "some are booked", BOOKED, |booked| booked >= 50).await;
    ben.fetch(of_ben).await;
    let of = |name: &str, what: &str, condition: &str| {
        format!(
            "SELECT count(*) AS number FROM {what}
             WHERE user_id = (SELECT id FROM users WHERE username = '{name}') AND {condition}"
        )
    };
    wait_until(&test, "his are booked", &of("ben", "transactions", "true"), |booked| booked == 10).await;
    let unfinished = of("ana", "jobs", "state IN ('QUEUED', 'RUNNING')");
    assert!(test.number(&unfinished).await > 0, "hers were over before");
    let late = of("ben", "jobs", "kind <> 'SEND_EMAIL' AND started_at - created_at > interval '3 seconds'");
    assert_eq!(test.number(&late).await, 0, "within a time slice, a batch and a second");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_eq!(test.number(&of("ana", "transactions", "true")).await, 9000);
    assert!(test.number(&of("ana", "jobs", "state = 'SUCCESS' AND interruptions > 0")).await > 0);
    assert_eq!(test.number(&of("ana", "jobs", "attempt - interruptions <> 1")).await, 0);
    test.finish().await;
}

#[test]
fn a_worker_whose_slots_would_take_every_connection_does_not_start() {
    for command in ["worker", "up"] {
        let data = TempDir::new().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_pennypost"))
            .arg(command)
            .env("DATA_DIR", data.path())
            .env("DATABASE_POOL_SIZE", "10")
            .env("WORKER_EMAIL_SLOTS", "6")
            .current_dir(data.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("DATABASE_POOL_SIZE is 10"), "{command}: {said}");
        assert!(said.contains("14 or more"), "{command}: {said}");
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "{command} has started something");
    }
}
