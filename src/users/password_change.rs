//! A new password from somebody who knows the old one; and the old one asked again before what cannot be undone.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::db::schema::users;
use crate::error::{Code, Error, Result};
use crate::users::login_attempt::{self, Counted, Subject};
use crate::users::password::Hasher;
use crate::users::sign_in::Lock;
use crate::users::{User, session};

/// A password that somebody who is signed in was asked for, counted and not yet read.
pub struct Asked {
    /// Who was asked.
    pub user: User,
    hash: String,
    counted: Vec<Counted>,
}

/// Who is behind a session, with the attempt counted for it: whoever copied an access token has no more guesses with it than
/// at the door. `RateLimited` when there were too many.
pub async fn ask(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    session_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Asked> {
    let columns = (User::as_select(), users::password_hash);
    let found: Option<(User, String)> =
        users::table.find(user_id).select(columns).first(conn).await.optional()?;
    let (user, hash) = found.ok_or(Error::Unauthenticated)?;
    let counted = login_attempt::count(conn, vec![Subject::device(session_id)], now).await?;
    Ok(Asked { user, hash, counted })
}

impl Asked {
    /// Reads the password, while no connection waits for it. `InvalidCredentials` for `field` when it is wrong.
    pub async fn check(&self, hasher: &Hasher, password: String, field: &str) -> Result<()> {
        if hasher.verify(password, Some(self.hash.clone())).await? {
            return Ok(());
        }
        Err(Error::rejected(field, Code::InvalidCredentials, "This is not your password."))
    }

    /// The lock that stands if the password is wrong.
    pub fn lock(&self) -> Option<Lock> {
        let until = login_attempt::locked_until(&self.counted)?;
        Some(Lock { owner: Some(self.user.id), until })
    }

    /// Forgets the attempt: the password was right.
    pub async fn forgive(&self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        login_attempt::forgive(conn, &self.counted).await
    }
}

/// Gives the user of a right password the new one, and ends their other sessions.
pub async fn change(
    conn: &mut AsyncPgConnection,
    asked: &Asked,
    new_hash: String,
    session_id: Uuid,
    author: &Author,
) -> Result<()> {
    let now = author.now();
    conn.transaction(async |conn| {
        asked.forgive(conn).await?;
        let unchanged = users::table.find(asked.user.id).filter(users::password_hash.eq(&asked.hash));
        let updated = diesel::update(unchanged).set(users::password_hash.eq(new_hash)).execute(conn).await?;
        if updated == 0 {
            let message = "The password was changed meanwhile.";
            return Err(Error::rejected("oldPassword", Code::InvalidCredentials, message));
        }
        session::end_all(conn, asked.user.id, Some(session_id), now).await?;
        audit::record_of_user(conn, author, Action::PasswordChanged, asked.user.id, Changes::none()).await?;
        Ok(())
    })
    .await
}
