//! How a user leaves: at once for everybody else, and row by row in a job.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::clock::Clock;
use crate::db::schema::users;
use crate::error::{Error, Result};
use crate::jobs::{Enqueued, JobPayload, NewJob, enqueue};
use crate::users::administration::refuse_last_admin;
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
    let (user, now) = (&asked.user, clock.now());
    conn.transaction(async |conn| {
        asked.forgive(conn).await?;
        if user.role() == Role::Admin {
            refuse_last_admin(conn, user.id).await?;
        }
        diesel::update(users::table.find(user.id)).set(users::is_active.eq(false)).execute(conn).await?;
        session::end_all(conn, user.id, None, now).await?;
        let action = Action::UserDeletionRequested;
        audit::record_of_user(conn, author, action, user.id, Changes::none()).await?;
        let payload = JobPayload::DeleteUser { user_id: user.id };
        let job = NewJob::new(None, payload).unique(user.id.to_string());
        Ok::<_, Error>(enqueue(conn, clock.new_id(), job).await?)
    })
    .await
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
/// a pseudonym from then on. An active user is left alone.
pub async fn delete_user(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<()> {
    let pseudonym = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    conn.transaction(async |conn| {
        login_attempt::forget_places(conn, user_id).await?;
        let left = users::table.find(user_id).filter(users::is_active.eq(false));
        diesel::delete(left).execute(conn).await?;
        if may_delete(conn, user_id).await? {
            audit::pseudonymise(conn, user_id, pseudonym).await?;
        }
        Ok(())
    })
    .await
}

/// True for a user whose rows the job may delete: one who is gone, or may not sign in any more.
pub async fn may_delete(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<bool> {
    let is_active: Option<bool> =
        users::table.find(user_id).select(users::is_active).first(conn).await.optional()?;
    Ok(is_active != Some(true))
}
