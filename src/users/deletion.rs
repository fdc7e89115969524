//! How a user leaves: at once for everybody else, and row by row in a job.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::clock::Clock;
use crate::db::schema::users;
use crate::error::{Error, Result};
use crate::jobs::{Enqueued, JobPayload, NewJob, enqueue};
use crate::users::administration::{self, refuse_last_admin};
use crate::users::password_change::Asked;
use crate::users::{login_attempt, session};
use crate::viewer::Role;

/// The tables whose rows may be many, those that refer to others first. The rest goes with the user.
pub const TABLES: [&str; 13] = [
    "llm_usages",
    "sightings",
    "transactions",
    "extractions",
    "email_places",
    "email_sources",
    "email_texts",
    "emails",
    "account_masks",
    "accounts",
    "categories",
    "connected_accounts",
    "sessions",
];

/// Signs the user of a right password out for good and enqueues the job that deletes what is theirs, in one transaction.
/// `InUse` for the last admin. Publish the job.
pub async fn request(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    asked: &Asked,
    author: &Author,
) -> Result<Enqueued> {
    let (id, now) = (asked.user.id, clock.now());
    conn.transaction(async |conn| {
        asked.forgive(conn).await?;
        // As they are now: somebody may have made them an admin since they were asked.
        let user = administration::lock(conn, id).await?;
        if user.role() == Role::Admin {
            refuse_last_admin(conn, id).await?;
        }
        let leaves = (users::is_active.eq(false), users::leaving_since.eq(now));
        diesel::update(users::table.find(id)).set(leaves).execute(conn).await?;
        session::end_all(conn, user.id, None, now).await?;
        let action = Action::UserDeletionRequested;
        audit::record_of_user(conn, author, action, user.id, Changes::none()).await?;
        Ok::<_, Error>(enqueue(conn, clock.new_id(), job_for(user.id)).await?)
    })
    .await
}

/// Enqueues the job anew for whoever leaves and has none that is about it; returns the new ones, to publish.
pub async fn resume(conn: &mut AsyncPgConnection, clock: &Clock) -> QueryResult<Vec<Enqueued>> {
    let leaving: Vec<Uuid> =
        users::table.filter(users::leaving_since.is_not_null()).select(users::id).load(conn).await?;
    let mut resumed = Vec::new();
    for user_id in leaving {
        resumed.push(enqueue(conn, clock.new_id(), job_for(user_id)).await?);
    }
    Ok(resumed)
}

/// One at a time: while one is about it, another joins it.
fn job_for(user_id: Uuid) -> NewJob {
    NewJob::new(None, JobPayload::DeleteUser { user_id }).unique(user_id.to_string())
}

/// Deletes at most `limit` rows of a user in one of [`TABLES`]; returns how many there were.
pub async fn delete_rows(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    user_id: Uuid,
    limit: i64,
) -> QueryResult<usize> {
    let sql = format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {table} WHERE user_id = $1 LIMIT $2))"
    );
    diesel::sql_query(sql).bind::<SqlUuid, _>(user_id).bind::<BigInt, _>(limit).execute(conn).await
}

/// Deletes the user, with the rows that are left: by then only those of small tables. In what was written down of them stands
/// a pseudonym from then on. A user who does not leave is left alone.
pub async fn delete_user(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<()> {
    let pseudonym = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    conn.transaction(async |conn| {
        login_attempt::forget_places(conn, user_id).await?;
        let left = users::table.find(user_id).filter(users::leaving_since.is_not_null());
        diesel::delete(left).execute(conn).await?;
        if may_delete(conn, user_id).await? {
            audit::pseudonymise(conn, user_id, pseudonym).await?;
        }
        Ok(())
    })
    .await
}

/// True for a user whose rows the job may delete: one who is gone, or leaves.
pub async fn may_delete(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<bool> {
    let since: Option<Option<DateTime<Utc>>> =
        users::table.find(user_id).select(users::leaving_since).first(conn).await.optional()?;
    Ok(since.is_none_or(|since| since.is_some()))
}
