//! What becomes of a running job whose worker fell silent: its lease ran out, and any other worker may move it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::statement::statement;
use crate::jobs::job::Job;

/// A job whose worker vanished this often with no checkpoint between is what makes it vanish.
pub const CRASHES_TO_FAIL: i32 = 3;
/// How many jobs one call moves at most.
pub const BATCH: usize = 500;

/// Moves the jobs whose lease has run out: CANCELLED when somebody asked for it, FAILED when crashes or attempts are used
/// up, else RETRYING, due at once or, after more than one crash, within seconds. A row that is locked is being written by
/// its owner, who renews the lease with it.
///
/// The moments differ by chance: jobs that were claimed together with the one that kills its worker would else be claimed
/// together with it each time, and share its blame before they could make a checkpoint.
pub async fn rescue(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Job>> {
    statement(
        "UPDATE jobs SET version = version + 1, worker_id = NULL, lease_expires_at = NULL,
             crash_count = crash_count + 1,
             state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                 WHEN crash_count + 1 >= $1 OR attempt - interruptions >= max_attempts THEN 'FAILED'
                 ELSE 'RETRYING' END,
             finished_at = CASE WHEN cancel_requested_at IS NOT NULL OR crash_count + 1 >= $1
                 OR attempt - interruptions >= max_attempts THEN clock_timestamp() END,
             run_at = clock_timestamp() + interval '1 second' * random() * (0.5 + 5 * crash_count),
             error_payload = jsonb_build_object('code', 'WORKER_LOST', 'class', 'CRASH',
                 'message', 'The worker that ran the job fell silent.',
                 'retryable', crash_count + 1 < $1 AND attempt - interruptions < max_attempts,
                 'attempt', attempt, 'at', clock_timestamp())
         WHERE id = ANY (ARRAY (
             SELECT id FROM jobs WHERE state = 'RUNNING' AND lease_expires_at < now()
             ORDER BY lease_expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING jobs.*",
    )
    .bind::<Integer, _>(CRASHES_TO_FAIL)
    .bind::<BigInt, _>(i64::try_from(BATCH).unwrap_or(i64::MAX))
    .get_results(conn)
    .await
}
