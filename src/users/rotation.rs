//! A refresh token is used once: the next one takes its place, and whoever shows an old one ends the session.
//!
//! A client may lose an answer, and two tabs may refresh at once: for `GRACE` after a rotation the token before gives the
//! same successor again, made anew from it and the row's salt. A thief who copied the token and is that quick therefore gets
//! no chain of their own: they and the owner hold the same next token, and the second of them to use it ends the session.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::clock::Clock;
use crate::db::schema::sessions;
use crate::error::{Error, Result};
use crate::jobs::{Enqueued, JobPayload, NewJob, Outgoing, enqueue};
use crate::users::refresh_token::{RefreshToken, new_salt};
use crate::users::session::{Device, end_of};
use crate::users::{User, user};

/// How long the token before may be shown again.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// What became of a refresh token that was shown.
pub enum Rotated {
    /// Another one takes its place.
    Renewed {
        /// Whose session it is.
        user: Box<User>,
        /// The session.
        session_id: Uuid,
        /// The next token.
        token: RefreshToken,
    },
    /// It was an old one: the session has ended, and a mail tells its owner. Publish the job.
    Reused {
        /// The session.
        session_id: Uuid,
        /// The job that sends the mail.
        notice: Box<Enqueued>,
    },
    /// It is good for nothing.
    Refused,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Chain {
    id: Uuid,
    user_id: Uuid,
    token_hash: Vec<u8>,
    previous_hash: Option<Vec<u8>>,
    rotation_salt: Option<Vec<u8>>,
    rotated_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

/// Takes `shown` for the next token, in one transaction.
pub async fn rotate(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    shown: &RefreshToken,
    device: &Device,
    lifetime: Duration,
    author: &Author,
) -> Result<Rotated> {
    let now = clock.now();
    conn.transaction(async |conn| {
        let Some(chain) = lock(conn, shown.family()).await? else { return Ok(Rotated::Refused) };
        let Some(user) = user::find(conn, chain.user_id).await? else { return Ok(Rotated::Refused) };
        if chain.revoked_at.is_some() || chain.expires_at <= now || !user.is_active {
            return Ok(Rotated::Refused);
        }
        let (user, session_id) = (Box::new(user), chain.id);
        if chain.token_hash == shown.hash() {
            let token = advance(conn, &chain, shown, device, (now, end_of(now, lifetime))).await?;
            return Ok(Rotated::Renewed { user, session_id, token });
        }
        if let Some(token) = chain.repeat(shown, now) {
            return Ok(Rotated::Renewed { user, session_id, token });
        }
        let notice = Box::new(end(conn, clock, &chain, now, author).await?);
        Ok::<_, Error>(Rotated::Reused { session_id, notice })
    })
    .await
}

/// The lock lets one of two tabs through after the other.
async fn lock(conn: &mut AsyncPgConnection, family: Uuid) -> QueryResult<Option<Chain>> {
    sessions::table
        .filter(sessions::family.eq(family))
        .select(Chain::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

async fn advance(
    conn: &mut AsyncPgConnection,
    chain: &Chain,
    shown: &RefreshToken,
    device: &Device,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<RefreshToken> {
    let salt = new_salt();
    let token = shown.successor(&salt);
    diesel::update(sessions::table.find(chain.id))
        .set((
            sessions::token_hash.eq(token.hash()),
            sessions::previous_hash.eq(shown.hash()),
            sessions::rotation_salt.eq(salt),
            sessions::rotated_at.eq(now),
            sessions::last_used_at.eq(now),
            sessions::expires_at.eq(expires_at),
            sessions::user_agent.eq(device.name()),
            sessions::address.eq(device.network()),
        ))
        .execute(conn)
        .await?;
    Ok(token)
}

async fn end(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    chain: &Chain,
    now: DateTime<Utc>,
    author: &Author,
) -> QueryResult<Enqueued> {
    let row = sessions::table.find(chain.id);
    diesel::update(row).set(sessions::revoked_at.eq(now)).execute(conn).await?;
    let (owner, subject) = (Some(chain.user_id), Some((SubjectKind::Session, chain.id)));
    audit::record(conn, author, Action::RefreshTokenReused, owner, subject, Changes::none()).await?;
    let mail = JobPayload::SendEmail(Outgoing::RefreshTokenReused { user_id: chain.user_id });
    enqueue(conn, clock.new_id(), NewJob::new(Some(chain.user_id), mail)).await
}

impl Chain {
    /// The present token, for whoever shows the one before within the grace.
    fn repeat(&self, shown: &RefreshToken, now: DateTime<Utc>) -> Option<RefreshToken> {
        let is_previous = self.previous_hash.as_ref() == Some(&shown.hash());
        let is_soon = self.rotated_at.is_some_and(|rotated_at| now - rotated_at <= GRACE);
        let token = shown.successor(self.rotation_salt.as_ref()?);
        (is_previous && is_soon && token.hash() == self.token_hash).then_some(token)
    }
}
