//! What an operator does to users from the command line, beside the API.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::db::schema::users;
use crate::error::Result;
use crate::users::{User, api_token, session};

/// Everyone, by name.
pub async fn list(conn: &mut AsyncPgConnection) -> QueryResult<Vec<User>> {
    users::table.order(users::username).select(User::as_select()).load(conn).await
}

/// Gives the user another password, ends every session that the old one began, and revokes their API tokens; within seconds no access token of
/// theirs is good any more.
pub async fn set_password_hash(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    hash: &str,
    author: &Author,
) -> Result<()> {
    conn.transaction(async |conn| {
        diesel::update(users::table.find(user_id)).set(users::password_hash.eq(hash)).execute(conn).await?;
        session::end_all(conn, user_id, None, author.now()).await?;
        api_token::revoke_all(conn, author, user_id).await?;
        audit::record_of_user(conn, author, Action::PasswordSet, user_id, Changes::none()).await?;
        Ok(())
    })
    .await
}
