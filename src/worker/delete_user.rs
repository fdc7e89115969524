//! `DELETE_USER`: deletes a user who has left, row by row in bounded statements, their jobs included.

use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::jobs::{JobError, Outcome, Progress, RunningJob, erase};
use crate::users::deletion;

/// Rows a transaction.
const BATCH: i64 = 1_000;
/// Between two looks for a job of the user that is still at work.
const PAUSE: Duration = Duration::from_secs(1);

/// Deletes everything; what an earlier attempt has deleted is gone already. A user who may sign in again is left alone.
pub async fn run(app: &App, running: &RunningJob, user_id: Uuid) -> Result<Outcome, JobError> {
    let mut conn = app.pool.connection().await?;
    let mut progress = running.progress();
    if !deletion::may_delete(&mut conn, user_id).await? {
        return Ok(Outcome::done(json!({ "rows": 0 }), progress));
    }
    end_jobs(app, &mut conn, user_id).await?;
    for table in deletion::TABLES {
        delete_table(&mut conn, running, table, user_id, &mut progress).await?;
    }
    running.keep_going()?;
    deletion::delete_user(&mut conn, user_id).await?;
    // Last, when nothing can bring another one.
    end_jobs(app, &mut conn, user_id).await?;
    delete_jobs(&mut conn, running, user_id, &mut progress).await?;
    Ok(Outcome::done(json!({ "rows": progress.done }), progress))
}

/// What is at work for the user would write while the rows go: it is asked to stop, and waited for.
async fn end_jobs(app: &App, conn: &mut AsyncPgConnection, user_id: Uuid) -> Result<(), JobError> {
    for job in erase::cancel_all(conn, user_id).await? {
        app.publisher.publish(&job);
    }
    if erase::is_running(conn, user_id).await? { Err(JobError::Snooze { wait: PAUSE }) } else { Ok(()) }
}

async fn delete_table(
    conn: &mut AsyncPgConnection,
    running: &RunningJob,
    table: &'static str,
    user_id: Uuid,
    progress: &mut Progress,
) -> Result<(), JobError> {
    loop {
        running.keep_going()?;
        let deleted = conn
            .transaction(async |conn| {
                running.checkpoint(conn, &json!({}), progress).await?;
                Ok::<_, JobError>(deletion::delete_rows(conn, table, user_id, BATCH).await?)
            })
            .await?;
        running.committed();
        if is_last(deleted, progress) {
            return Ok(());
        }
    }
}

async fn delete_jobs(
    conn: &mut AsyncPgConnection,
    running: &RunningJob,
    user_id: Uuid,
    progress: &mut Progress,
) -> Result<(), JobError> {
    loop {
        running.keep_going()?;
        let deleted = conn
            .transaction(async |conn| {
                running.checkpoint(conn, &json!({}), progress).await?;
                Ok::<_, JobError>(erase::delete_of(conn, user_id, BATCH).await?)
            })
            .await?;
        running.committed();
        if is_last(deleted, progress) {
            return Ok(());
        }
    }
}

fn is_last(deleted: usize, progress: &mut Progress) -> bool {
    let deleted = i64::try_from(deleted).unwrap_or(i64::MAX);
    progress.done = progress.done.saturating_add(deleted);
    deleted < BATCH
}
