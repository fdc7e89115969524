//! What an operator does to users from the command line, beside the API.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{sessions, users};
use crate::error::Result;
use crate::users::User;

/// Everyone, by name.
pub async fn list(conn: &mut AsyncPgConnection) -> QueryResult<Vec<User>> {
    users::table.order(users::username).select(User::as_select()).load(conn).await
}

/// Gives the user another password, and deletes every session that the old one began. An access token that is out stays
/// good until it expires.
pub async fn set_password_hash(conn: &mut AsyncPgConnection, user_id: Uuid, hash: &str) -> Result<()> {
    conn.transaction(async |conn| {
        diesel::update(users::table.find(user_id)).set(users::password_hash.eq(hash)).execute(conn).await?;
        diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(conn).await?;
        Ok(())
    })
    .await
}
