//! How a run ends: each move out of RUNNING that its owner may make, as one compare-and-set on the claim.
//!
//! Each returns the job, or `None` when the claim is lost.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Jsonb, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

use crate::db::statement::statement;
use crate::jobs::checkpoint::Claim;
use crate::jobs::claim::milliseconds;
use crate::jobs::job::{Job, Progress};

/// Why an attempt failed, without what the database adds: the attempt and the time.
#[derive(Clone, Debug)]
pub struct Failure {
    /// A stable code.
    pub code: &'static str,
    /// `ERROR`, `PANIC` or `TIMEOUT`.
    pub class: &'static str,
    /// A sentence for a person.
    pub message: String,
}

impl Failure {
    fn to_json(&self, is_retryable: bool) -> Value {
        json!({ "code": self.code, "class": self.class, "message": self.message, "retryable": is_retryable })
    }
}

/// RUNNING -> SUCCESS, with the last progress and what the job did (an object). The deletion of a user keeps no word of whom it
/// deleted.
pub async fn succeed(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    progress: &Progress,
    output: &Value,
) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET state = 'SUCCESS', version = version + 1, progress = $4, output_payload = $5,
             error_payload = NULL, checkpoint = NULL, crash_count = 0,
             payload = CASE kind WHEN 'DELETE_USER' THEN '{}' ELSE payload END,
             unique_key = CASE kind WHEN 'DELETE_USER' THEN NULL ELSE unique_key END,
             finished_at = clock_timestamp(), worker_id = NULL, lease_expires_at = NULL
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .bind::<Jsonb, _>(progress)
    .bind::<Jsonb, _>(output)
    .get_result(conn)
    .await
    .optional()
}

/// RUNNING -> RETRYING after the back-off and not before `after`; FAILED when the attempts are used up; CANCELLED when
/// somebody asked for it.
pub async fn try_again(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    failure: &Failure,
    after: Option<Duration>,
) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET version = version + 1, worker_id = NULL, lease_expires_at = NULL,
             state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                 WHEN attempt - interruptions >= max_attempts THEN 'FAILED' ELSE 'RETRYING' END,
             finished_at = CASE WHEN cancel_requested_at IS NOT NULL OR attempt - interruptions >= max_attempts
                 THEN clock_timestamp() END,
             run_at = CASE WHEN cancel_requested_at IS NOT NULL OR attempt - interruptions >= max_attempts THEN run_at
                 ELSE clock_timestamp() + interval '1 second' * GREATEST($5 / 1000.0,
                     LEAST(3600, 5 * power(2, LEAST(attempt - interruptions - 1, 20))) * (0.8 + 0.4 * random())) END,
             error_payload = $4 || jsonb_build_object('attempt', attempt, 'at', clock_timestamp())
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .bind::<Jsonb, _>(failure.to_json(true))
    .bind::<BigInt, _>(after.map_or(0, milliseconds))
    .get_result(conn)
    .await
    .optional()
}

/// RUNNING -> FAILED, for a failure that no attempt will mend.
pub async fn fail(conn: &mut AsyncPgConnection, claim: Claim, failure: &Failure) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET state = 'FAILED', version = version + 1, finished_at = clock_timestamp(),
             worker_id = NULL, lease_expires_at = NULL,
             error_payload = $4 || jsonb_build_object('attempt', attempt, 'at', clock_timestamp())
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .bind::<Jsonb, _>(failure.to_json(false))
    .get_result(conn)
    .await
    .optional()
}

/// RUNNING -> SCHEDULED for `wait`, with no attempt used up; CANCELLED when somebody asked for it.
pub async fn snooze(conn: &mut AsyncPgConnection, claim: Claim, wait: Duration) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET version = version + 1, worker_id = NULL, lease_expires_at = NULL,
             interruptions = interruptions + 1,
             state = CASE WHEN cancel_requested_at IS NULL THEN 'SCHEDULED' ELSE 'CANCELLED' END,
             finished_at = CASE WHEN cancel_requested_at IS NOT NULL THEN clock_timestamp() END,
             run_at = clock_timestamp() + $4 * interval '1 millisecond'
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .bind::<BigInt, _>(milliseconds(wait))
    .get_result(conn)
    .await
    .optional()
}

/// RUNNING -> QUEUED, to go on from the checkpoint with no attempt used up; CANCELLED when somebody asked for it.
///
/// It keeps its place among what waits, also when it gives way: whoever has many long jobs has one after the other finished
/// instead of all begun, and it is the turns that let other users go before (see [`crate::jobs::turn`]).
pub async fn hand_back(conn: &mut AsyncPgConnection, claim: Claim) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET version = version + 1, worker_id = NULL, lease_expires_at = NULL,
             interruptions = interruptions + 1,
             state = CASE WHEN cancel_requested_at IS NULL THEN 'QUEUED' ELSE 'CANCELLED' END,
             finished_at = CASE WHEN cancel_requested_at IS NOT NULL THEN clock_timestamp() END
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND state = 'RUNNING'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(claim.job_id)
    .bind::<Integer, _>(claim.attempt)
    .bind::<SqlUuid, _>(claim.worker_id)
    .get_result(conn)
    .await
    .optional()
}
