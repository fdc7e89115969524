//! What the test's jobs do, and the worker process that tests kill, freeze and stop.

use std::process::{Child, Command};
use std::time::Duration;

use diesel::sql_types::{BigInt, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pennypost::clock::Clock;
use pennypost::config::{Environment, Secret};
use pennypost::db::Pool;
use pennypost::jobs::{
    JobError, JobPayload, NewJob, Outcome, Outgoing, Progress, Publisher, RedisSettings, RunningJob,
    retention,
};
use pennypost::worker::{Worker, WorkerParts};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::world::{World, settings};

/// What a job of the kind `FETCH_EMAILS` does here; its limit says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Abort,
    Panic,
    AskForRetry,
    Snooze,
    Fail,
    Hang,
    Follow,
    Break,
    RollBack,
    ReturnNoObject,
    Nothing,
    HangInTransaction,
    AskForRetryAfterAMinute,
}

const DEEDS: [Deed; 13] = [
    Deed::Abort,
    Deed::Panic,
    Deed::AskForRetry,
    Deed::Snooze,
    Deed::Fail,
    Deed::Hang,
    Deed::Follow,
    Deed::Break,
    Deed::RollBack,
    Deed::ReturnNoObject,
    Deed::Nothing,
    Deed::HangInTransaction,
    Deed::AskForRetryAfterAMinute,
];

pub fn deed(deed: Deed) -> JobPayload {
    let limit = DEEDS.iter().position(|other| *other == deed).and_then(|at| i64::try_from(at).ok());
    JobPayload::FetchEmails { connected_account_ids: Vec::new(), limit }
}

pub type Code =
    Box<dyn Fn(RunningJob, JobPayload) -> BoxFuture<'static, Result<Outcome, JobError>> + Send + Sync>;

pub fn code(pool: Pool) -> Code {
    Box::new(move |running, payload| {
        let pool = pool.clone();
        async move { work(&pool, &running, payload).await }.boxed()
    })
}

async fn work(pool: &Pool, running: &RunningJob, payload: JobPayload) -> Result<Outcome, JobError> {
    match payload {
        JobPayload::ExtractEmails { limit, batch_size, .. } => {
            take_steps(pool, running, limit.unwrap_or_default(), batch_size).await
        }
        JobPayload::SendEmail(_) => {
            let mut conn = pool.connection().await?;
            let progress = Progress { done: 1, total: Some(1), ..Progress::default() };
            conn.transaction(async |conn| {
                running.finish(conn, &json!({ "sent": 1 }), &progress).await?;
                add_effect(conn, running, 0).await
            })
            .await?;
            Ok(Outcome::Finished)
        }
        JobPayload::FetchEmails { limit, .. } => {
            let at = usize::try_from(limit.unwrap_or_default()).unwrap();
            act(pool, running, DEEDS[at]).await
        }
        JobPayload::Retention {} => retention::run(pool, running, Duration::from_hours(24)).await,
        JobPayload::DeleteUser { .. } => Err(JobError::fail("UNSCRIPTED", "No script deletes a user.")),
    }
}

async fn take_steps(pool: &Pool, running: &RunningJob, steps: i64, pause: i64) -> Result<Outcome, JobError> {
    let begin = running.load_checkpoint::<i64>()?.unwrap_or_default();
    let mut progress = Progress { total: Some(steps), ..running.progress() };
    for step in begin..steps {
        running.keep_going()?;
        tokio::time::sleep(Duration::from_millis(u64::try_from(pause).unwrap())).await;
        progress.done = step + 1;
        let mut conn = pool.connection().await?;
        conn.transaction(async |conn| {
            running.checkpoint(conn, &json!(step + 1), &progress).await?;
            add_effect(conn, running, step).await
        })
        .await?;
        running.committed();
    }
    Ok(Outcome::done(json!({ "steps": steps }), progress))
}

async fn act(pool: &Pool, running: &RunningJob, deed: Deed) -> Result<Outcome, JobError> {
    match deed {
        Deed::Abort => std::process::abort(),
        Deed::Panic => panic!("the job's code panics, as the test wants"),
        Deed::AskForRetry => Err(JobError::retry("AWAY", "The other side is away.")),
        Deed::AskForRetryAfterAMinute => Err(JobError::Retry {
            code: "BUSY",
            message: "The other side asks for a minute.".to_owned(),
            after: Some(Duration::from_mins(1)),
        }),
        Deed::Snooze => Err(JobError::Snooze { wait: Duration::ZERO }),
        Deed::Fail => Err(JobError::fail("WRONG", "That cannot be done.")),
        Deed::Hang => std::future::pending().await,
        Deed::Follow => Ok(Outcome::Done {
            output: json!({}),
            progress: Progress::default(),
            follow_ups: vec![NewJob::new(
                None,
                JobPayload::SendEmail(Outgoing::Welcome { user_id: Uuid::nil() }),
            )],
        }),
        Deed::Break => {
            let mut conn = pool.connection().await?;
            diesel::sql_query("SELECT 'dear Ana'::integer").execute(&mut conn).await?;
            Ok(Outcome::done(json!({}), Progress::default()))
        }
        Deed::RollBack => {
            let mut conn = pool.connection().await?;
            let progress = Progress { done: 1, ..Progress::default() };
            conn.transaction(async |conn| {
                running.checkpoint(conn, &json!(1), &progress).await?;
                add_effect(conn, running, 0).await?;
                Err::<(), _>(JobError::fail("ROLLED_BACK", "The effect was taken back."))
            })
            .await?;
            Ok(Outcome::Finished)
        }
        Deed::Nothing => Ok(Outcome::done(json!({}), Progress::default())),
        Deed::HangInTransaction => {
            let mut conn = pool.connection().await?;
            conn.transaction(async |conn| {
                running.checkpoint(conn, &json!(1), &Progress::default()).await?;
                add_effect(conn, running, 0).await?;
                std::future::pending::<Result<(), JobError>>().await
            })
            .await?;
            Ok(Outcome::Finished)
        }
        Deed::ReturnNoObject => Ok(Outcome::done(json!("no object"), Progress::default())),
    }
}

async fn add_effect(conn: &mut AsyncPgConnection, running: &RunningJob, step: i64) -> Result<(), JobError> {
    diesel::sql_query("INSERT INTO effects (job_id, step, attempt) VALUES ($1, $2, $3)")
        .bind::<SqlUuid, _>(running.job().id)
        .bind::<BigInt, _>(step)
        .bind::<Integer, _>(running.job().attempt)
        .execute(conn)
        .await?;
    Ok(())
}

/// A worker in a process of its own. Killed with this value.
pub struct WorkerProcess {
    child: Child,
}

#[derive(Serialize, Deserialize)]
struct Instructions {
    database_url: String,
    /// The URLs of base, email and events, and the prefix.
    redis: Option<[String; 4]>,
    lease_ms: u64,
    grace_ms: u64,
}

const INSTRUCTIONS: &str = "PENNYPOST_TEST_WORKER";

impl WorkerProcess {
    pub fn start(world: &World, redis: Option<&RedisSettings>, lease: Duration, grace: Duration) -> Self {
        Self::start_at(&world.database.url(), redis, lease, grace)
    }

    pub fn start_at(url: &Secret, redis: Option<&RedisSettings>, lease: Duration, grace: Duration) -> Self {
        let text = |secret: &Secret| secret.expose().to_owned();
        let instructions = Instructions {
            database_url: text(url),
            redis: redis.map(|redis| {
                [text(&redis.base), text(&redis.email), text(&redis.events), redis.prefix.clone()]
            }),
            lease_ms: u64::try_from(lease.as_millis()).unwrap(),
            grace_ms: u64::try_from(grace.as_millis()).unwrap(),
        };
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "jobs::script::worker_process", "--ignored", "--nocapture"])
            .env(INSTRUCTIONS, serde_json::to_string(&instructions).unwrap())
            .spawn()
            .unwrap();
        Self { child }
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits until the process has ended, and says whether it ended in order.
    pub fn wait(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests start it in a process of its own"]
#[expect(clippy::disallowed_methods, reason = "the parent says in the environment what to do")]
async fn worker_process() {
    let instructions = std::env::var(INSTRUCTIONS).expect("started by another test");
    let instructions: Instructions = serde_json::from_str(&instructions).unwrap();
    pennypost::telemetry::start(Environment::Development, tracing::Level::INFO);
    let redis = instructions.redis.map(|[base, email, events, prefix]| RedisSettings {
        base: Secret::new(base),
        email: Secret::new(email),
        events: Secret::new(events),
        prefix,
    });
    let database_url = Secret::new(instructions.database_url);
    let pool = Pool::new(&database_url, 10).unwrap();
    let lease = Duration::from_millis(instructions.lease_ms);
    let parts = WorkerParts {
        pool: pool.clone(),
        database_url,
        publisher: redis.as_ref().map_or_else(Publisher::off, |redis| Publisher::start(redis).unwrap()),
        redis,
        settings: settings(lease, Duration::from_millis(instructions.grace_ms)),
        clock: Clock::System,
    };
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    tokio::spawn(async move {
        terminated.recv().await;
        stopped.cancel();
    });
    Worker::new(parts, code(pool)).run(stop).await.unwrap();
}
