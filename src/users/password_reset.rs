//! A new password for somebody who cannot sign in: a code by mail, good for five minutes, five tries and one use.
//!
//! The worker makes the code when it sends the mail, so no payload holds it, and its time starts there. Whoever asks for a
//! code gets the same answer after the same statements: for an address that is nobody's, the job is one for nobody.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::clock::Clock;
use crate::db::schema::{password_resets, users};
use crate::error::{Code, Error, Result};
use crate::jobs::{Enqueued, JobPayload, NewJob, Outgoing, enqueue};
use crate::users::login_attempt::{self, Counted, Subject};
use crate::users::password::{Hasher, Password};
use crate::users::session::Device;
use crate::users::sign_in::has_signed_in_at;
use crate::users::{User, api_token, session, user};

/// How long a code is good.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How often a code may be tried.
const TRIES: i32 = 5;
/// There are this many codes.
const CODES: u32 = 1_000_000;

/// A code that somebody has sent, counted and not yet read.
pub struct Tried {
    found: Option<(User, String)>,
    counted: Vec<Counted>,
}

/// A code that was right, and whose it was.
pub struct Redeemed {
    /// The user.
    pub user: User,
    code_hash: String,
    counted: Vec<Counted>,
}

/// Enqueues the mail with the code. `RateLimited` when there were too many wishes. Publish the job.
pub async fn request(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    email: &str,
    device: &Device,
) -> Result<Enqueued> {
    let nobody = clock.new_id();
    let found = user::find_by_email(conn, email).await?.filter(|user| user.is_active);
    let user_id = found.map_or(nobody, |user| user.id);
    let subjects = match known_place(conn, user_id, device, clock.now()).await? {
        Some(address) => vec![Subject::reset_wish_at(user_id, address)],
        None => strangers(device, Subject::reset_wish(email)),
    };
    login_attempt::count(conn, subjects, clock.now()).await?;
    let mail = JobPayload::SendEmail(Outgoing::PasswordReset { user_id });
    Ok(enqueue(conn, clock.new_id(), NewJob::new(Some(user_id), mail)).await?)
}

/// A code: six digits, from a source that nobody can foresee.
pub fn new_code() -> String {
    format!("{:06}", rand::random_range(0..CODES))
}

/// Stores the hash of a code that is about to be sent; the one before is good no longer.
pub async fn store(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    code_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let new = (
        password_resets::code_hash.eq(code_hash),
        password_resets::tries.eq(0),
        password_resets::expires_at.eq(now + LIFETIME),
    );
    diesel::insert_into(password_resets::table)
        .values((password_resets::user_id.eq(user_id), new))
        .on_conflict(password_resets::user_id)
        .do_update()
        .set(new)
        .execute(conn)
        .await
        .map(drop)
}

/// Counts the try, with the code as well as by name and address. `RateLimited` when there were too many.
pub async fn try_code(
    conn: &mut AsyncPgConnection,
    email: &str,
    device: &Device,
    now: DateTime<Utc>,
) -> Result<Tried> {
    // One transaction, because a second commit would take the time that tells a user from nobody.
    conn.transaction(async |conn| {
        let user = user::find_by_email(conn, email).await?.filter(|user| user.is_active);
        let user_id = user.as_ref().map_or(Uuid::nil(), |user| user.id);
        let subjects = match known_place(conn, user_id, device, now).await? {
            Some(address) => vec![Subject::reset_code_at(user_id, address)],
            None => strangers(device, Subject::reset_code(email)),
        };
        let counted = login_attempt::count(conn, subjects, now).await?;
        let code_hash = count_try(conn, user.as_ref(), now).await?;
        Ok(Tried { found: user.zip(code_hash), counted })
    })
    .await
}

/// The device's address, if it is one at which the user has signed in of late: what others do elsewhere does not count there.
async fn known_place(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    device: &Device,
    now: DateTime<Utc>,
) -> QueryResult<Option<IpAddr>> {
    let is_known = has_signed_in_at(conn, user_id, device, now).await?;
    Ok(device.address.filter(|_| is_known))
}

fn strangers(device: &Device, subject: Subject) -> Vec<Subject> {
    device.address.map(Subject::address).into_iter().chain([subject]).collect()
}

/// The hash of the user's code, if it is still good for a try. The same statement for nobody.
async fn count_try(
    conn: &mut AsyncPgConnection,
    user: Option<&User>,
    now: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let user_id = user.map_or(Uuid::nil(), |user| user.id);
    let good = password_resets::table
        .find(user_id)
        .filter(password_resets::tries.lt(TRIES).and(password_resets::expires_at.gt(now)));
    diesel::update(good)
        .set(password_resets::tries.eq(password_resets::tries + 1))
        .returning(password_resets::code_hash)
        .get_result(conn)
        .await
        .optional()
}

impl Tried {
    /// Reads the code, while no connection waits for it. One sentence whatever is wrong, after the same time.
    /// `RateLimited` when too many wait: take the try back then.
    pub async fn check(&self, hasher: &Hasher, code: String) -> Result<Redeemed> {
        let (user, code_hash) = self.found.clone().unzip();
        let hasher = hasher.for_whom(login_attempt::is_known(&self.counted));
        let is_right = hasher.verify(code.trim().to_owned(), code_hash.clone()).await?;
        let found = user.zip(code_hash).filter(|_| is_right);
        let (user, code_hash) = found.ok_or_else(refused)?;
        Ok(Redeemed { user, code_hash, counted: self.counted.clone() })
    }

    /// Takes the try back, of the code, too: nobody has read it.
    pub async fn take_back(&self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        let (user_id, code_hash) = match &self.found {
            Some((user, code_hash)) => (user.id, code_hash.as_str()),
            None => (Uuid::nil(), ""),
        };
        let row = password_resets::table.find(user_id).filter(password_resets::code_hash.eq(code_hash));
        diesel::update(row).set(password_resets::tries.eq(password_resets::tries - 1)).execute(conn).await?;
        login_attempt::forgive_one(conn, &self.counted).await
    }
}

/// Uses the code up: the user has the new password, every session of theirs ends, and no API token of theirs is good any more. In one
/// transaction.
pub async fn redeem(
    conn: &mut AsyncPgConnection,
    redeemed: &Redeemed,
    password_hash: String,
    author: &Author,
) -> Result<()> {
    let Redeemed { user, code_hash, counted } = redeemed;
    let (author, now) = (author.known_as(user.id, None), author.now());
    conn.transaction(async |conn| {
        let row = password_resets::table.find(user.id).filter(password_resets::code_hash.eq(code_hash));
        if diesel::delete(row).execute(conn).await? == 0 {
            return Err(refused());
        }
        login_attempt::forgive(conn, counted).await?;
        // Whoever has read the mail is the owner, whatever others did in their name.
        login_attempt::forget(conn, &[Subject::name(&user.username), Subject::name(&user.email)]).await?;
        let row = users::table.find(user.id);
        diesel::update(row).set(users::password_hash.eq(password_hash)).execute(conn).await?;
        session::end_all(conn, user.id, None, now).await?;
        api_token::revoke_all(conn, &author, user.id).await?;
        audit::record_of_user(conn, &author, Action::PasswordReset, user.id, Changes::none()).await?;
        Ok(())
    })
    .await
}

impl Redeemed {
    /// The new password, if it is one that this user may have. The code stays good when it is not.
    pub fn accept(&self, password: Password) -> Result<Password> {
        password.apart_from(&self.user.username, "newPassword")
    }
}

/// Deletes at most `limit` of the codes that nobody used in time.
pub async fn delete_expired(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    let expired = password_resets::table.filter(password_resets::expires_at.lt(now));
    let ids: Vec<Uuid> = expired.select(password_resets::user_id).limit(limit).load(conn).await?;
    // One that was replaced meanwhile stays.
    let still = password_resets::table.filter(password_resets::expires_at.lt(now));
    diesel::delete(still.filter(password_resets::user_id.eq_any(ids))).execute(conn).await
}

fn refused() -> Error {
    let message = "The code is wrong, was used, or is good no longer. Ask for another.";
    Error::rejected("code", Code::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_is_never_foreseen() {
        let codes: std::collections::HashSet<String> = (0..100).map(|_| new_code()).collect();
        assert!(codes.len() > 90, "{codes:?}");
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())));
    }
}
