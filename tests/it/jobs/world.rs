//! One test's database and the jobs in it, with the questions that tests ask about them.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use pennypost::clock::Clock;
use pennypost::config::JobSettings;
use pennypost::db::{Pool, PooledConnection};
use pennypost::jobs::{self, Job, JobPayload, NewJob, Outgoing, Publisher, RedisSettings, State};
use pennypost::viewer::Visibility;
use pennypost::worker::{Worker, WorkerParts};
use uuid::Uuid;

use crate::jobs::script::{Code, code};
use crate::support::database::TestDatabase;

/// A database with the table `effects`: what a job did in which attempt.
pub struct World {
    pub database: TestDatabase,
    pub pool: Pool,
    pub publisher: Publisher,
}

impl World {
    pub async fn new() -> Self {
        Self::on(TestDatabase::create().await).await
    }

    pub async fn on(database: TestDatabase) -> Self {
        let pool = database.pool(12);
        let effects =
            "CREATE TABLE effects (job_id uuid NOT NULL, step bigint NOT NULL, attempt integer NOT NULL)";
        pool.connection().await.unwrap().batch_execute(effects).await.unwrap();
        Self { database, pool, publisher: Publisher::off() }
    }

    pub async fn conn(&self) -> PooledConnection {
        self.pool.connection().await.unwrap()
    }

    /// A worker of this process.
    pub fn worker(&self, redis: Option<RedisSettings>, lease: Duration) -> Worker<Code> {
        self.worker_of(redis, settings(lease, Duration::from_secs(2)))
    }

    /// A worker with that many slots for the queue `email`.
    pub fn worker_with(&self, email_slots: usize, redis: Option<RedisSettings>) -> Worker<Code> {
        let usual = settings(Duration::from_secs(30), Duration::from_secs(2));
        self.worker_of(redis, JobSettings { email_slots, ..usual })
    }

    fn worker_of(&self, redis: Option<RedisSettings>, settings: JobSettings) -> Worker<Code> {
        let parts = WorkerParts {
            pool: self.pool.clone(),
            database_url: self.database.url(),
            redis,
            publisher: self.publisher.clone(),
            settings,
            clock: Clock::System,
        };
        Worker::new(parts, code(self.pool.clone()))
    }

    pub async fn drain(&self) -> usize {
        self.worker(None, Duration::from_secs(30)).drain().await.unwrap()
    }

    pub async fn enqueue(&self, payload: JobPayload) -> Job {
        self.enqueue_new(NewJob::new(Some(Uuid::nil()), payload)).await
    }

    pub async fn enqueue_new(&self, new: NewJob) -> Job {
        let job = jobs::enqueue(&mut *self.conn().await, Clock::System.new_id(), new).await.unwrap().job;
        self.publisher.publish(&job);
        job
    }

    pub async fn job(&self, id: Uuid) -> Job {
        jobs::find(&mut *self.conn().await, Visibility::Everyone, id)
            .await
            .unwrap()
            .expect("the job is there")
    }

    pub async fn execute(&self, sql: &str) {
        self.conn().await.batch_execute(sql).await.unwrap();
    }

    /// Waits until the job is in that state.
    pub async fn wait_for(&self, id: Uuid, state: State, within: Duration) -> Job {
        let begun = Instant::now();
        loop {
            let job = self.job(id).await;
            if job.state == state {
                return job;
            }
            assert!(begun.elapsed() < within, "not {state:?} within {within:?}: {job:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until at least `wanted` effects of the job are there.
    pub async fn wait_for_effects(&self, id: Uuid, wanted: usize, within: Duration) {
        let begun = Instant::now();
        while self.effects(id).await.len() < wanted {
            assert!(begun.elapsed() < within, "no {wanted} effects within {within:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The steps that the job took effect in, in order; one that happened twice stands here twice.
    pub async fn effects(&self, id: Uuid) -> Vec<i64> {
        let rows: Vec<Step> = diesel::sql_query("SELECT step FROM effects WHERE job_id = $1 ORDER BY step")
            .bind::<SqlUuid, _>(id)
            .load(&mut self.conn().await)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.step).collect()
    }

    pub async fn number(&self, sql: &str) -> i64 {
        diesel::sql_query(sql).get_result::<Step>(&mut self.conn().await).await.unwrap().step
    }

    /// Fails unless every job's events run from 1 to its version without a hole, and end in its state.
    pub async fn assert_events_are_whole(&self) {
        let broken = self
            .number(
                "SELECT count(*) AS step FROM jobs WHERE jobs.version <> (SELECT count(*) FROM job_events e
                     WHERE e.job_id = jobs.id AND e.version BETWEEN 1 AND jobs.version)
                 OR jobs.version <> (SELECT max(version) FROM job_events e WHERE e.job_id = jobs.id)
                 OR jobs.state <> (SELECT state FROM job_events e WHERE e.job_id = jobs.id AND e.version = jobs.version)",
            )
            .await;
        assert_eq!(broken, 0, "the events of {broken} jobs do not add up");
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = BigInt)]
    step: i64,
}

pub fn settings(lease: Duration, shutdown_grace: Duration) -> JobSettings {
    JobSettings {
        base_slots: 2,
        email_slots: 4,
        time_slice: TIME_SLICE,
        lease,
        retention: Duration::from_hours(24),
        shutdown_grace,
    }
}

/// How long a long job keeps its slot when somebody else waits for one.
pub const TIME_SLICE: Duration = Duration::from_secs(2);

/// A job of `steps` steps with a checkpoint and an effect each, `pause` milliseconds apart.
pub fn long(steps: i64, pause: i64) -> JobPayload {
    JobPayload::ExtractEmails { limit: Some(steps), batch_size: pause, email_ids: None }
}

/// A job of one effect, which it ends with.
pub fn short() -> JobPayload {
    JobPayload::SendEmail(Outgoing::Welcome { user_id: Uuid::nil() })
}
