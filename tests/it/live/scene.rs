//! What the live tests share: a program whose events are followed, a worker beside it, and sockets of many users.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use pennypost::app::App;
use pennypost::clock::Clock;
use pennypost::config::JobSettings;
use pennypost::jobs::{self, Job, JobPayload, NewJob};
use pennypost::users::session::Device;
use pennypost::users::{User, session, user};
use pennypost::worker::{Worker, WorkerParts};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::script::code;
use crate::jobs::world::settings;
use crate::support::app::TestApp;
use crate::support::socket::Socket;

pub const JOB_EVENTS: &str =
    "subscription ($id: ID!, $after: Int) { jobEvents(jobId: $id, afterVersion: $after) {
    version state at progress { done } } }";

/// A program with its events followed and a worker beside it, until this is dropped.
pub struct Scene {
    pub test: TestApp,
    stop: CancellationToken,
}

impl Scene {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with something about the application changed.
    pub async fn start_with(change: impl FnOnce(&mut App)) -> Self {
        let test = TestApp::start_with(change).await;
        test.execute(
            "CREATE TABLE effects (job_id uuid NOT NULL, step bigint NOT NULL, attempt integer NOT NULL)",
        )
        .await;
        let stop = CancellationToken::new();
        let (app, ending) = (Arc::clone(&test.app), stop.clone());
        tokio::spawn(async move { app.live.run(&app.pool, &app.redis, ending).await.unwrap() });
        let lease = settings(Duration::from_secs(30), Duration::from_secs(2));
        let parts = WorkerParts {
            pool: test.app.pool.clone(),
            database_url: test.app.database_url.clone(),
            redis: Some(test.app.redis.clone()),
            publisher: test.app.publisher.clone(),
            settings: JobSettings { email_slots: 12, ..lease },
            clock: Clock::System,
        };
        let worker = Worker::new(parts, code(test.app.pool.clone()));
        let ending = stop.clone();
        tokio::spawn(async move { worker.run(ending).await.unwrap() });
        Self { test, stop }
    }

    /// Enqueues a job and tells the others.
    pub async fn enqueue(&self, user_id: Option<Uuid>, payload: JobPayload) -> Job {
        let mut conn = self.test.app.pool.connection().await.unwrap();
        let new = NewJob::new(user_id, payload);
        let job = jobs::enqueue(&mut conn, Clock::System.new_id(), new).await.unwrap().job;
        self.test.app.publisher.publish(&job);
        job
    }

    /// The row of somebody who has registered.
    pub async fn user(&self, name: &str) -> User {
        let mut conn = self.test.app.pool.connection().await.unwrap();
        user::find_by_username(&mut conn, name).await.unwrap().unwrap()
    }

    /// A token of another admin each time, so that each has sockets of their own.
    pub async fn token_of_some_admin(&self, somebody: &User) -> String {
        let admin = User { id: Clock::System.new_id(), role: "admin".to_owned(), ..somebody.clone() };
        let (id, name) = (admin.id, admin.id.simple());
        self.test
            .execute(&format!(
                "INSERT INTO users (id, username, display_name, email, password_hash, role)
                 VALUES ('{id}', '{name}', 'some admin', '{name}@mail.example', '', 'admin')"
            ))
            .await;
        let app = &self.test.app;
        let mut conn = app.pool.connection().await.unwrap();
        let (device, life) = (Device::default(), Duration::from_hours(1));
        let (session_id, _) = session::begin(&mut conn, &app.clock, id, &device, life).await.unwrap();
        app.access_tokens.issue(&admin, session_id, app.clock.now()).unwrap()
    }

    /// A socket that is signed in with that token.
    pub async fn socket(&self, token: &str) -> Socket {
        Socket::signed_in(&self.test.address, Some(token)).await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A job's id as the API shows it.
pub fn global_id(job: &Job) -> Value {
    json!(pennypost::graphql::global_id::NodeType::Job.id(job.id).to_string())
}

/// One event as it came, and how late.
#[derive(Debug)]
pub struct Heard {
    pub version: i64,
    pub state: String,
    pub late: TimeDelta,
}

/// Reads an answer to [`JOB_EVENTS`].
pub fn heard(answer: &Value) -> Heard {
    let event = &answer["data"]["jobEvents"];
    let at: chrono::DateTime<Utc> =
        event["at"].as_str().unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
    Heard {
        version: event["version"].as_i64().unwrap(),
        state: event["state"].as_str().unwrap().to_owned(),
        late: now() - at,
    }
}

#[expect(clippy::disallowed_methods, reason = "the database's clock and this machine's are the same here")]
fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}
