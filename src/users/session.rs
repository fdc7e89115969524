//! Sessions: one a signed-in device, how they begin, who sees them, and how they end.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ipnet::IpNet;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::schema::sessions;
use crate::page::Page;
use crate::users::refresh_token::RefreshToken;
use crate::viewer::Visibility;

/// The longest name of a client that is kept, in characters.
const USER_AGENT_MAX: usize = 500;

/// A signed-in device.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub struct Session {
    /// UUID version 7; the `sid` of the access tokens made for it.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The address that last used it.
    pub address: Option<IpNet>,
    /// When it was last used.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// When the device signed in.
    pub created_at: DateTime<Utc>,
}

/// What is known of a device that signs in.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// The address that the request came from, where one is known.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl Device {
    /// The address as a row holds it.
    pub(super) fn network(&self) -> Option<IpNet> {
        self.address.map(IpNet::from)
    }

    /// The name as a row holds it.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.user_agent.as_deref()?;
        Some(name.chars().filter(|letter| !letter.is_control()).take(USER_AGENT_MAX).collect())
    }
}

/// The time after `now`, at the end of `lifetime`.
pub(super) fn end_of(now: DateTime<Utc>, lifetime: Duration) -> DateTime<Utc> {
    chrono::Duration::from_std(lifetime)
        .ok()
        .and_then(|lifetime| now.checked_add_signed(lifetime))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Begins a session of `user_id`; its first refresh token is known to nobody else.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    device: &Device,
    lifetime: Duration,
) -> QueryResult<(Uuid, RefreshToken)> {
    let (id, token, now) = (clock.new_id(), RefreshToken::first(), clock.now());
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user_id),
            sessions::family.eq(token.family()),
            sessions::token_hash.eq(token.hash()),
            sessions::user_agent.eq(device.name()),
            sessions::address.eq(device.network()),
            sessions::last_used_at.eq(now),
            sessions::expires_at.eq(end_of(now, lifetime)),
            sessions::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok((id, token))
}

/// One stretch of the visible sessions that live at `now`, in the order in which they began.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    now: DateTime<Utc>,
    page: Page<Uuid>,
) -> QueryResult<Vec<Session>> {
    let mut query = living(visibility, now).select(Session::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(sessions::id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(sessions::id.lt(before));
    }
    let sorted =
        if page.is_from_end { query.order(sessions::id.desc()) } else { query.order(sessions::id.asc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many of the visible sessions live at `now`.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    living(visibility, now).count().get_result(conn).await
}

/// The visible ones among `ids` that nobody has ended.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Session>> {
    visible_to(visibility).filter(sessions::id.eq_any(ids)).select(Session::as_select()).load(conn).await
}

/// Ends one session of `user_id`; `None` when they have no such session that lives.
pub async fn end(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Session>> {
    let living = sessions::table.filter(sessions::user_id.eq(user_id).and(sessions::id.eq(id)));
    diesel::update(living.filter(sessions::revoked_at.is_null()).filter(sessions::expires_at.gt(now)))
        .set(sessions::revoked_at.eq(now))
        .returning(Session::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Ends every session of `user_id` but the one that is to stay; returns how many.
pub async fn end_all(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    but: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let living = sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::revoked_at.is_null());
    diesel::update(living.filter(sessions::id.ne(but.unwrap_or_default())))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)
        .await
}

/// Deletes at most `limit` of the sessions that ended before that moment. Until then they tell a known device from a
/// stranger's.
pub async fn delete_ended(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    let ended = sessions::expires_at.lt(before).or(sessions::revoked_at.lt(before).assume_not_null());
    let ids: Vec<Uuid> = sessions::table.filter(ended).select(sessions::id).limit(limit).load(conn).await?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn).await
}

fn living<'a>(visibility: Visibility, now: DateTime<Utc>) -> sessions::BoxedQuery<'a, Pg> {
    visible_to(visibility).filter(sessions::expires_at.gt(now))
}

fn visible_to<'a>(visibility: Visibility) -> sessions::BoxedQuery<'a, Pg> {
    let query = sessions::table.filter(sessions::revoked_at.is_null()).into_boxed();
    match visibility.user() {
        Some(user) => query.filter(sessions::user_id.eq(user)),
        None => query,
    }
}
