//! The jobs of a user who has left: ended first, then deleted, because nothing in the database does it with the user.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::jobs;
use crate::db::statement::statement;
use crate::jobs::job::Job;
use crate::jobs::state::State;

/// Cancels every job of the user that waits, and asks those that run to stop. Returns what changed, to publish.
pub async fn cancel_all(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<Vec<Job>> {
    statement(
        "UPDATE jobs SET version = version + 1,
             state = CASE WHEN state = 'RUNNING' THEN state ELSE 'CANCELLED' END,
             finished_at = CASE WHEN state = 'RUNNING' THEN NULL ELSE clock_timestamp() END,
             cancel_requested_at = clock_timestamp()
         WHERE user_id = $1 AND cancel_requested_at IS NULL
             AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING')
         RETURNING jobs.*",
    )
    .bind::<SqlUuid, _>(user_id)
    .get_results(conn)
    .await
}

/// Deletes at most `limit` jobs of the user that no worker has, with their events; returns how many there were.
pub async fn delete_of(conn: &mut AsyncPgConnection, user_id: Uuid, limit: i64) -> QueryResult<usize> {
    statement(
        "DELETE FROM jobs WHERE id = ANY (ARRAY (
             SELECT id FROM jobs WHERE user_id = $1 AND state <> 'RUNNING' LIMIT $2))",
    )
    .bind::<SqlUuid, _>(user_id)
    .bind::<BigInt, _>(limit)
    .execute(conn)
    .await
}

/// True while a worker has a job of the user.
pub async fn is_running(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<bool> {
    let running = jobs::table.filter(jobs::user_id.eq(user_id)).filter(jobs::state.eq(State::Running));
    diesel::select(diesel::dsl::exists(running)).get_result(conn).await
}
