//! The kind RETENTION: deletes what ended long ago, so that the tables stay small.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;

use crate::db::Pool;
use crate::db::statement::statement;
use crate::jobs::claim::milliseconds;
use crate::jobs::failure::JobError;
use crate::jobs::job::Progress;
use crate::jobs::running::{Outcome, RunningJob};

/// Rows a transaction. Each takes its events with it.
const BATCH: i64 = 500;

/// Deletes the jobs that ended longer than `age` ago, batch by batch, and the rows of workers not heard of since.
pub async fn run(pool: &Pool, running: &RunningJob, age: Duration) -> Result<Outcome, JobError> {
    let mut progress = running.progress();
    loop {
        running.keep_going()?;
        let mut conn = pool.connection().await?;
        let deleted =
            conn.transaction(async |conn| delete_batch(conn, running, age, &progress).await).await?;
        running.committed();
        progress.done += deleted;
        if deleted < BATCH {
            let workers = delete_workers(&mut conn, age).await?;
            return Ok(Outcome::done(json!({ "jobs": progress.done, "workers": workers }), progress));
        }
    }
}

async fn delete_batch(
    conn: &mut AsyncPgConnection,
    running: &RunningJob,
    age: Duration,
    progress: &Progress,
) -> Result<i64, JobError> {
    running.checkpoint(conn, &json!({}), progress).await?;
    let deleted = delete_ended(conn, age, BATCH).await?;
    Ok(i64::try_from(deleted).unwrap_or(i64::MAX))
}

/// Deletes at most `limit` of the jobs that ended longer than `age` ago, the oldest first.
pub async fn delete_ended(conn: &mut AsyncPgConnection, age: Duration, limit: i64) -> QueryResult<usize> {
    statement(
        "DELETE FROM jobs WHERE id = ANY (ARRAY (
             SELECT id FROM jobs WHERE finished_at < now() - $1 * interval '1 millisecond'
             ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<BigInt, _>(milliseconds(age))
    .bind::<BigInt, _>(limit)
    .execute(conn)
    .await
}

async fn delete_workers(conn: &mut AsyncPgConnection, age: Duration) -> QueryResult<usize> {
    statement("DELETE FROM job_workers WHERE seen_at < now() - $1 * interval '1 millisecond'")
        .bind::<BigInt, _>(milliseconds(age))
        .execute(conn)
        .await
}
