//! Sign-in by username or address; who is registered cannot be told from the answer or its time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::lower;
use crate::db::schema::users;
use crate::error::{Code, Error, Result};
use crate::users::User;
use crate::users::password::Hasher;

/// Finds who `login` (a username or an address, ignoring case) is, with the hash of their password. A username holds
/// no `@`, so the login is never ambiguous.
pub async fn find_by_login(conn: &mut AsyncPgConnection, login: &str) -> QueryResult<Option<(User, String)>> {
    let wanted = login.trim();
    let columns = (User::as_select(), users::password_hash);
    if wanted.contains('@') {
        users::table
            .filter(lower(users::email).eq(lower(wanted)))
            .select(columns)
            .first(conn)
            .await
            .optional()
    } else {
        users::table
            .filter(lower(users::username).eq(lower(wanted)))
            .select(columns)
            .first(conn)
            .await
            .optional()
    }
}

/// The user, when `password` is theirs and they may sign in; otherwise `InvalidCredentials`, after the same time.
pub async fn check(hasher: &Hasher, found: Option<(User, String)>, password: String) -> Result<User> {
    let (user, hash) = found.unzip();
    let is_right = hasher.verify(password, hash).await?;
    let refused = || {
        let message = "The name or the password is wrong.";
        Error::Rejected { field: Vec::new(), code: Code::InvalidCredentials, message: message.to_owned() }
    };
    user.filter(|user| is_right && user.is_active).ok_or_else(refused)
}

/// Remembers that `user` signed in at `now`.
pub async fn record(conn: &mut AsyncPgConnection, user: &mut User, now: DateTime<Utc>) -> QueryResult<()> {
    user.last_login_at = Some(now);
    let row = users::table.find(user.id);
    diesel::update(row).set(users::last_login_at.eq(now)).execute(conn).await.map(drop)
}
