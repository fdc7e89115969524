//! `retryJob`: FAILED and CANCELLED -> QUEUED, with a fresh set of attempts, from the last checkpoint.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Integer, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::enqueue::find_active;
use crate::jobs::job::{Job, Moved};
use crate::jobs::read;
use crate::viewer::Visibility;

/// Puts the visible job with that id back to work; `None` when there is no such job. One that is active, or ended well,
/// or is of a kind that this program does not know, is left as it is. Where another active job has its unique key by now,
/// that one is returned.
pub async fn retry(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Moved>> {
    let Some(job) = read::find(conn, visibility, id).await? else { return Ok(None) };
    let Some(kind) = job.known_kind() else { return Ok(Some(Moved { job, is_changed: false })) };
    // The nested transaction is a savepoint: a taken key must not end the caller's transaction.
    let requeued = conn.transaction(async |conn| requeue(conn, visibility, id, kind.attempts()).await).await;
    match requeued {
        Ok(Some(job)) => Ok(Some(Moved { job, is_changed: true })),
        Ok(None) => Ok(read::find(conn, visibility, id).await?.map(|job| Moved { job, is_changed: false })),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            let active = find_active(conn, kind, job.unique_key.as_deref().unwrap_or_default()).await?;
            Ok(Some(Moved { job: active.unwrap_or(job), is_changed: false }))
        }
        Err(error) => Err(error),
    }
}

async fn requeue(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
    attempts: i32,
) -> QueryResult<Option<Job>> {
    statement(
        "UPDATE jobs SET state = 'QUEUED', version = version + 1, run_at = clock_timestamp(),
             max_attempts = attempt - interruptions + $2, crash_count = 0,
             cancel_requested_at = NULL, cancel_requested_by = NULL, finished_at = NULL
         WHERE id = $1 AND ($3 IS NULL OR user_id = $3) AND state IN ('FAILED', 'CANCELLED')
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(attempts)
    .bind::<Nullable<SqlUuid>, _>(visibility.user())
    .get_result(conn)
    .await
    .optional()
}
