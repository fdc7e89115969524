//! How a job comes to be: one insert in the transaction that makes the fact behind it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::job::Job;
use crate::jobs::payload::{JobPayload, Kind};

/// How often an insert and a look take turns while another job with the key comes and goes.
const TURNS: u32 = 8;

/// A job to be.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// For whom it runs; `None` for the system's own.
    pub user_id: Option<Uuid>,
    /// What it is to do.
    pub payload: JobPayload,
    /// At most one active job of the kind and the user has it; `None` for jobs that may stand side by side.
    pub unique_key: Option<String>,
    /// Not before this moment; `None` for at once.
    pub run_at: Option<DateTime<Utc>>,
    /// The schedule that makes it.
    pub schedule_name: Option<String>,
}

impl NewJob {
    /// A job of `user_id` that may run at once and beside others like it.
    pub fn new(user_id: Option<Uuid>, payload: JobPayload) -> Self {
        Self { user_id, payload, unique_key: None, run_at: None, schedule_name: None }
    }

    /// Makes it the only active job of its kind and user with `key` (160 characters at most).
    #[must_use]
    pub fn unique(self, key: impl Into<String>) -> Self {
        Self { unique_key: Some(key.into()), ..self }
    }

    /// Holds it back until `run_at`.
    #[must_use]
    pub fn at(self, run_at: DateTime<Utc>) -> Self {
        Self { run_at: Some(run_at), ..self }
    }
}

/// What became of a wish for a job.
#[derive(Clone, Debug)]
pub struct Enqueued {
    /// The new job, or the active one that has its unique key already.
    pub job: Job,
    /// True when it is the one that was there.
    pub is_deduplicated: bool,
}

/// Inserts the job in the caller's transaction. After COMMIT, give it to `Publisher::publish`.
pub async fn enqueue(conn: &mut AsyncPgConnection, id: Uuid, new: NewJob) -> QueryResult<Enqueued> {
    let kind = new.payload.kind();
    let unique_key = new.unique_key.as_deref().map(|key| owned_key(new.user_id, key));
    for _ in 0..TURNS {
        if let Some(job) = insert(conn, id, &new, unique_key.as_deref()).await? {
            return Ok(Enqueued { job, is_deduplicated: false });
        }
        let found = find_active(conn, kind, unique_key.as_deref().unwrap_or_default()).await?;
        // A job that ended between the two statements leaves room for the new one.
        if let Some(job) = found {
            return Ok(Enqueued { job, is_deduplicated: true });
        }
    }
    Err(diesel::result::Error::NotFound)
}

/// The active job of that kind with that key, as the row holds it.
pub(super) async fn find_active(
    conn: &mut AsyncPgConnection,
    kind: Kind,
    unique_key: &str,
) -> QueryResult<Option<Job>> {
    statement(
        "SELECT jobs.* FROM jobs WHERE kind = $1 AND unique_key = $2
         AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING')",
    )
    .bind::<Text, _>(kind.as_str())
    .bind::<Text, _>(unique_key)
    .get_result(conn)
    .await
    .optional()
}

/// Two users' keys never meet, so nobody is handed somebody else's job.
fn owned_key(user_id: Option<Uuid>, key: &str) -> String {
    user_id.map_or_else(|| key.to_owned(), |user| format!("{user}:{key}"))
}

async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: &NewJob,
    unique_key: Option<&str>,
) -> QueryResult<Option<Job>> {
    let kind = new.payload.kind();
    statement(
        "INSERT INTO jobs (id, user_id, queue, kind, payload, state, priority, run_at, max_attempts, unique_key,
             schedule_name)
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 > clock_timestamp() THEN 'SCHEDULED' ELSE 'QUEUED' END, $7,
             COALESCE($6, clock_timestamp()), $8, $9, $10)
         ON CONFLICT (kind, unique_key) WHERE state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING') DO NOTHING
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(new.user_id)
    .bind::<Text, _>(kind.queue())
    .bind::<Text, _>(kind.as_str())
    .bind::<Jsonb, _>(new.payload.to_json())
    .bind::<Nullable<Timestamptz>, _>(new.run_at)
    .bind::<SmallInt, _>(new.payload.priority())
    .bind::<Integer, _>(kind.attempts())
    .bind::<Nullable<Text>, _>(unique_key)
    .bind::<Nullable<Text>, _>(new.schedule_name.as_deref())
    .get_result(conn)
    .await
    .optional()
}
