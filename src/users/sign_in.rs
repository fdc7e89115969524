//! Sign-in by username or address; who is registered cannot be told from the answer or its time.
//!
//! Strangers are counted by the name that they give and by their address. A device that shows a refresh token which it got at
//! an earlier sign-in, good or not, is counted for itself; so is an address at which the user has signed in of late, for the
//! clients that keep no token. So nobody can lock an owner out by failing in their name: not from elsewhere, and not from the
//! next desk either, as long as the owner's device shows its token.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::clock::Clock;
use crate::db::lower;
use crate::db::schema::{sessions, users};
use crate::error::{Code, Error, Result};
use crate::users::login_attempt::{self, Counted, Subject};
use crate::users::password::Hasher;
use crate::users::refresh_token::RefreshToken;
use crate::users::session::{self, Device};
use crate::users::{User, user};

/// How long an address stays one at which the user has signed in.
const RECENT: TimeDelta = TimeDelta::days(30);

/// Whoever wants to come in, as far as they have said.
pub struct Knock {
    /// A username or an address, ignoring case.
    pub login: String,
    /// The device.
    pub device: Device,
    /// A refresh token that the device got at an earlier sign-in.
    pub refresh_token: Option<RefreshToken>,
}

/// A knock that was counted and whose password nobody has read yet.
pub struct Counting {
    found: Option<(User, String)>,
    counted: Vec<Counted>,
}

/// A lock that an attempt brings with it unless its password is right.
#[derive(Clone, Copy)]
pub struct Lock {
    pub(super) owner: Option<Uuid>,
    pub(super) until: DateTime<Utc>,
}

/// A password that was right.
pub struct Right {
    user: User,
    old_hash: String,
    /// The hash with today's parameters, where the old one has others.
    new_hash: Option<String>,
    counted: Vec<Counted>,
}

/// A session that has just begun.
pub struct SignedIn {
    /// Whose it is.
    pub user: User,
    /// The session.
    pub session_id: Uuid,
    /// Its refresh token.
    pub refresh_token: RefreshToken,
}

/// Finds who it may be and counts the attempt. `RateLimited` when there were too many.
pub async fn count(conn: &mut AsyncPgConnection, knock: &Knock, now: DateTime<Utc>) -> Result<Counting> {
    let found = find_by_login(conn, &knock.login).await?;
    // The same statements for nobody, so that they take the same time.
    let user_id = found.as_ref().map_or(Uuid::nil(), |(user, _)| user.id);
    let subjects = subjects(conn, user_id, knock, now).await?;
    Ok(Counting { found, counted: login_attempt::count(conn, subjects, now).await? })
}

impl Counting {
    /// The lock that stands if the password is wrong.
    pub fn lock(&self) -> Option<Lock> {
        let until = login_attempt::locked_until(&self.counted)?;
        Some(Lock { owner: self.found.as_ref().map(|(user, _)| user.id), until })
    }

    /// Reads the password, while no connection waits for it. `InvalidCredentials` after the same time whatever is wrong.
    /// `RateLimited` when too many wait: take the attempt back then.
    pub async fn check(&self, hasher: &Hasher, password: String) -> Result<Right> {
        let (user, hash) = self.found.clone().unzip();
        let hasher = hasher.for_whom(login_attempt::is_known(&self.counted));
        let is_right = hasher.verify(password.clone(), hash.clone()).await?;
        let found = user.zip(hash).filter(|(user, _)| is_right && user.is_active);
        let (user, old_hash) = found.ok_or_else(wrong)?;
        let new_hash = hasher.renew(password, &old_hash).await?;
        Ok(Right { user, old_hash, new_hash, counted: self.counted.clone() })
    }

    /// Takes the attempt back: nobody has read its password.
    pub async fn take_back(&self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        login_attempt::forgive_one(conn, &self.counted).await
    }
}

fn wrong() -> Error {
    let message = "The name or the password is wrong.";
    Error::Rejected { field: Vec::new(), code: Code::InvalidCredentials, message: message.to_owned() }
}

/// Writes a lock down, once the password was wrong. The same statement for nobody.
pub async fn note(conn: &mut AsyncPgConnection, author: &Author, lock: Lock) -> QueryResult<()> {
    let subject = lock.owner.map(|id| (SubjectKind::User, id));
    let changes = Changes::none().with("lockedUntil", None, Some(&lock.until.to_rfc3339()));
    audit::record(conn, author, Action::SignInLocked, lock.owner, subject, changes).await
}

/// Begins the session of whoever knew the password, in one transaction.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    right: Right,
    device: &Device,
    lifetime: Duration,
    author: &Author,
) -> Result<SignedIn> {
    let Right { mut user, old_hash, new_hash, counted } = right;
    let now = clock.now();
    conn.transaction(async |conn| {
        login_attempt::forgive(conn, &counted).await?;
        // The password that was right may have been changed while it was read, or its user kept out.
        let row = users::table.find(user.id).filter(users::is_active.and(users::password_hash.eq(&old_hash)));
        let hash = users::password_hash.eq(new_hash.as_ref().unwrap_or(&old_hash));
        let updated = diesel::update(row).set((users::last_login_at.eq(now), hash)).execute(conn).await?;
        if updated == 0 {
            return Err(wrong());
        }
        user.last_login_at = Some(now);
        let (session_id, refresh_token) = session::begin(conn, clock, user.id, device, lifetime).await?;
        let (author, subject) =
            (author.known_as(user.id, Some(session_id)), (SubjectKind::Session, session_id));
        let action = Action::SignedIn;
        audit::record(conn, &author, action, Some(user.id), Some(subject), Changes::none()).await?;
        Ok(SignedIn { user, session_id, refresh_token })
    })
    .await
}

/// Finds who `login` is, with the hash of their password. A username holds no `@`, so the login is never ambiguous.
async fn find_by_login(conn: &mut AsyncPgConnection, login: &str) -> QueryResult<Option<(User, String)>> {
    let wanted = login.trim();
    let columns = (User::as_select(), users::password_hash);
    if wanted.contains('@') {
        user::by_email(wanted).select(columns).first(conn).await.optional()
    } else {
        users::table
            .filter(lower(users::username).eq(lower(wanted)))
            .select(columns)
            .first(conn)
            .await
            .optional()
    }
}

async fn subjects(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    knock: &Knock,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Subject>> {
    if let Some(token) = &knock.refresh_token
        && let Some(session_id) = session_of(conn, user_id, token).await?
    {
        return Ok(vec![Subject::device(session_id)]);
    }
    let Some(address) = knock.device.address else { return Ok(vec![Subject::name(&knock.login)]) };
    if has_signed_in_at(conn, user_id, &knock.device, now).await? {
        return Ok(vec![Subject::place(user_id, address)]);
    }
    Ok(vec![Subject::address(address), Subject::name(&knock.login)])
}

async fn session_of(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    token: &RefreshToken,
) -> QueryResult<Option<Uuid>> {
    let hash = token.hash();
    sessions::table
        .filter(sessions::user_id.eq(user_id).and(sessions::family.eq(token.family())))
        .filter(sessions::token_hash.eq(&hash).or(sessions::previous_hash.eq(&hash).assume_not_null()))
        .select(sessions::id)
        .first(conn)
        .await
        .optional()
}

/// True for an address at which the user has signed in of late.
pub(super) async fn has_signed_in_at(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    device: &Device,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let there = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::address.eq(device.network()))
        .filter(sessions::last_used_at.gt(now - RECENT));
    diesel::select(diesel::dsl::exists(there)).get_result(conn).await
}
