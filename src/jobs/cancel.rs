//! `cancelJob`: at once for a job that waits; a running one is asked to stop.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::job::{Job, Moved};
use crate::jobs::read;
use crate::viewer::Visibility;

/// Cancels the visible job with that id; `None` when there is no such job. One that has ended, or was asked already, is
/// left as it is, and so is the deletion of a user: nobody is half deleted. A running job ends at its next checkpoint or heartbeat.
pub async fn cancel(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
    requested_by: Uuid,
) -> QueryResult<Option<Moved>> {
    let changed: Option<Job> = statement(
        "UPDATE jobs SET version = version + 1,
             state = CASE WHEN state = 'RUNNING' THEN state ELSE 'CANCELLED' END,
             finished_at = CASE WHEN state = 'RUNNING' THEN NULL ELSE clock_timestamp() END,
             cancel_requested_at = clock_timestamp(), cancel_requested_by = $3
         WHERE id = $1 AND ($2 IS NULL OR user_id = $2) AND cancel_requested_at IS NULL
             AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING') AND kind <> 'DELETE_USER'
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(visibility.user())
    .bind::<SqlUuid, _>(requested_by)
    .get_result(conn)
    .await
    .optional()?;
    if let Some(job) = changed {
        return Ok(Some(Moved { job, is_changed: true }));
    }
    Ok(read::find(conn, visibility, id).await?.map(|job| Moved { job, is_changed: false }))
}
