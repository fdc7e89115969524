//! What nobody needs any more of sessions, attempts and codes.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::AsyncPgConnection;

use crate::users::{login_attempt, password_reset, session};

/// Ended sessions tell a known device from a stranger's for so long.
const SESSIONS_STAY: TimeDelta = TimeDelta::days(30);
/// A day without a failure forgets them all.
const ATTEMPTS_STAY: TimeDelta = TimeDelta::days(1);

/// Deletes at most `limit` rows of each; returns how many it were in all.
pub async fn delete(conn: &mut AsyncPgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let sessions = session::delete_ended(conn, now - SESSIONS_STAY, limit).await?;
    let attempts = login_attempt::delete_old(conn, now - ATTEMPTS_STAY, limit).await?;
    let codes = password_reset::delete_expired(conn, now, limit).await?;
    Ok(sessions + attempts + codes)
}
