//! The fence: one update by (id, attempt) that stores how far a running job is. Zero rows mean that the claim is lost.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::claim::milliseconds;
use crate::jobs::job::Progress;

/// Who may write a running job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job_id: Uuid,
    /// The attempt that the claim began.
    pub attempt: i32,
    /// The worker that made the claim.
    pub worker_id: Uuid,
}

/// What a checkpoint left behind.
#[derive(Debug, QueryableByName)]
pub struct Stored {
    /// The job's version after it.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// When somebody asked to cancel the job.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// When the row was written.
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

/// Stores the checkpoint, renews the lease, forgets earlier crashes and, where `is_visible`, shows the progress. `None`
/// when the claim is lost.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    checkpoint: &Value,
    progress: &Progress,
    is_visible: bool,
    lease: Duration,
) -> QueryResult<Option<Stored>> {
    statement(
        "UPDATE jobs SET checkpoint = $4, crash_count = 0,
             progress = CASE WHEN $6 THEN $5 ELSE progress END,
             version = version + CASE WHEN $6 AND progress IS DISTINCT FROM $5 THEN 1 ELSE 0 END,
             lease_expires_at = clock_timestamp() + $7 * interval '1 millisecond'
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING version, cancel_requested_at, updated_at",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .bind::<Jsonb, _>(checkpoint)
    .bind::<Jsonb, _>(progress)
    .bind::<Bool, _>(is_visible)
    .bind::<BigInt, _>(milliseconds(lease))
    .get_result(conn)
    .await
    .optional()
}
