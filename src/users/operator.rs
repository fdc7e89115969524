//! What an operator does to users from the command line, beside the API.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::users;
use crate::error::Result;
use crate::users::{User, session};

/// Everyone, by name.
pub async fn list(conn: &mut AsyncPgConnection) -> QueryResult<Vec<User>> {
    users::table.order(users::username).select(User::as_select()).load(conn).await
}

/// Gives the user another password, and ends every session that the old one began; within seconds no access token of
/// theirs is good any more.
pub async fn set_password_hash(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    conn.transaction(async |conn| {
        diesel::update(users::table.find(user_id)).set(users::password_hash.eq(hash)).execute(conn).await?;
        session::end_all(conn, user_id, None, now).await?;
        Ok(())
    })
    .await
}
