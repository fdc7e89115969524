//! SCHEDULED and RETRYING -> QUEUED when their time has come, so that a claim looks at one index alone.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::statement::statement;
use crate::jobs::job::Job;

/// How many jobs one call moves at most.
pub const BATCH: usize = 500;

/// Moves the jobs that are due, those first that wait longest.
///
/// `now()`, because it stands still within a statement: with `clock_timestamp()` no index can be asked for what is due, and
/// each look walks past every job that waits (35 ms for 200,000 of them, instead of none).
pub async fn promote(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Job>> {
    statement(
        "UPDATE jobs SET state = 'QUEUED', version = version + 1
         WHERE id = ANY (ARRAY (
             SELECT id FROM jobs WHERE state IN ('SCHEDULED', 'RETRYING') AND run_at <= now()
             ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED))
         RETURNING jobs.*",
    )
    .bind::<BigInt, _>(i64::try_from(BATCH).unwrap_or(i64::MAX))
    .get_results(conn)
    .await
}

/// How long until the next job is due; `None` when none waits for its time.
pub async fn next_due(conn: &mut AsyncPgConnection) -> QueryResult<Option<Duration>> {
    let due: Due = statement(
        "SELECT CASE WHEN min(run_at) IS NOT NULL THEN
             GREATEST(0, ceil(extract(epoch FROM min(run_at) - clock_timestamp()) * 1000)) END::bigint AS wait
         FROM jobs WHERE state IN ('SCHEDULED', 'RETRYING')",
    )
    .get_result(conn)
    .await?;
    Ok(due.wait.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or_default())))
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Nullable<BigInt>)]
    wait: Option<i64>,
}
