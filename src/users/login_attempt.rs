//! Wrong passwords and codes, counted in the database by what the attempts have in common, and the growing lock behind them.
//!
//! An attempt is counted before the password is read and taken back when it was right: a thousand that come at once are a
//! thousand. What is locked is refused unread and not counted, so a lock ends however often somebody tries meanwhile.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::schema::login_attempts;
use crate::db::statement::statement;
use crate::error::{Error, Result};

/// Failures that somebody has for free before each costs time.
const FREE: i32 = 5;
/// The same for an address, behind which a whole office may sit.
const FREE_OF_ADDRESS: i32 = 20;

/// The same for codes: those of several mails, since each is good for five tries and no more.
const FREE_OF_CODES: i32 = 25;

/// What attempts have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    text: String,
    free: i32,
    /// True where the failures of others are among them: a right password takes back no more than itself.
    is_shared: bool,
    /// True for a device or a place of the user's.
    is_known: bool,
}

/// An attempt that was counted and whose end is open.
#[derive(Clone, Debug)]
pub struct Counted {
    subject: Subject,
    locked_until: Option<DateTime<Utc>>,
}

impl Subject {
    /// Whoever knocks from that address, at whatever door; the addresses of one IPv6 line count as one.
    pub fn address(address: IpAddr) -> Self {
        Self {
            text: format!("address:{}", line(address)),
            free: FREE_OF_ADDRESS,
            is_shared: true,
            is_known: false,
        }
    }

    /// Whoever registers from that address.
    pub fn registration(address: IpAddr) -> Self {
        Self {
            text: format!("registration:{}", line(address)),
            free: FREE_OF_ADDRESS,
            is_shared: true,
            is_known: false,
        }
    }

    /// Whoever knocks as `login`, which nobody may be: names of users and of nobody are counted alike, and as they were
    /// given, so that no lock tells which of them belong together.
    pub fn name(login: &str) -> Self {
        Self::own(format!("name:{}", fingerprint(login)))
    }

    /// A device that holds a refresh token of the user.
    pub fn device(session_id: Uuid) -> Self {
        Self::known(format!("device:{session_id}"))
    }

    /// An address at which the user has signed in.
    pub fn place(user_id: Uuid, address: IpAddr) -> Self {
        Self::known(format!("place:{user_id}:{}", line(address)))
    }

    /// Wishes of strangers for a code by mail, for that address.
    pub fn reset_wish(email: &str) -> Self {
        Self::own(format!("reset-wish:{}", fingerprint(email)))
    }

    /// Wishes for a code from an address at which the user has signed in.
    pub fn reset_wish_at(user_id: Uuid, address: IpAddr) -> Self {
        Self::known(format!("place:{user_id}:{}:wish", line(address)))
    }

    /// Codes that strangers try for that address.
    pub fn reset_code(email: &str) -> Self {
        Self { free: FREE_OF_CODES, ..Self::own(format!("reset-code:{}", fingerprint(email))) }
    }

    /// Codes that are tried from an address at which the user has signed in.
    pub fn reset_code_at(user_id: Uuid, address: IpAddr) -> Self {
        Self { free: FREE_OF_CODES, ..Self::known(format!("place:{user_id}:{}:code", line(address))) }
    }

    fn own(text: String) -> Self {
        Self { text, free: FREE, is_shared: false, is_known: false }
    }

    fn known(text: String) -> Self {
        Self { is_known: true, ..Self::own(text) }
    }
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    locked_until: Option<DateTime<Utc>>,
}

/// Counts an attempt for each of `subjects`. `RateLimited` when one of them is locked; then none is counted.
pub async fn count(
    conn: &mut AsyncPgConnection,
    subjects: Vec<Subject>,
    now: DateTime<Utc>,
) -> Result<Vec<Counted>> {
    // Before any row is locked: whoever is to be turned away waits for nobody, and nobody for them.
    refuse_locked(conn, &subjects, now).await?;
    conn.transaction(async |conn| {
        let mut counted = Vec::new();
        for subject in subjects {
            let locked_until = count_one(conn, &subject, now).await?;
            counted.push(Counted { subject, locked_until });
        }
        Ok(counted)
    })
    .await
}

/// The lock is 15 seconds at the last free failure, doubles with each one more, and ends at 15 minutes. A day without a
/// failure forgets all.
const COUNT: &str = "
    INSERT INTO login_attempts AS kept (subject, failures, failed_at) VALUES ($1, 1, $2)
    ON CONFLICT (subject) DO UPDATE SET failed_at = EXCLUDED.failed_at,
        failures = CASE WHEN kept.failed_at < $2 - interval '1 day' THEN 1 ELSE kept.failures + 1 END,
        locked_until = CASE WHEN kept.failed_at >= $2 - interval '1 day' AND kept.failures + 1 >= $3
            THEN $2 + least(interval '15 minutes', interval '15 seconds' * power(2, least(kept.failures + 1 - $3, 10))) END
    WHERE kept.locked_until IS NULL OR kept.locked_until <= $2
    RETURNING locked_until";

async fn count_one(
    conn: &mut AsyncPgConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let counted: Option<Lock> = statement(COUNT)
        .bind::<Text, _>(&subject.text)
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(subject.free)
        .get_result(conn)
        .await
        .optional()?;
    if let Some(counted) = counted {
        return Ok(counted.locked_until);
    }
    refuse_locked(conn, std::slice::from_ref(subject), now).await?;
    // The lock ended between the two statements.
    Err(Error::RateLimited { retry_after: Duration::from_secs(1) })
}

/// `RateLimited` for as long as the longest lock on one of `subjects`.
async fn refuse_locked(conn: &mut AsyncPgConnection, subjects: &[Subject], now: DateTime<Utc>) -> Result<()> {
    let texts: Vec<&str> = subjects.iter().map(|subject| subject.text.as_str()).collect();
    let locked_until: Option<DateTime<Utc>> = login_attempts::table
        .filter(login_attempts::subject.eq_any(texts).and(login_attempts::locked_until.gt(now)))
        .select(diesel::dsl::max(login_attempts::locked_until))
        .first(conn)
        .await?;
    match locked_until.and_then(|until| (until - now).to_std().ok()) {
        Some(retry_after) => Err(Error::RateLimited { retry_after }),
        None => Ok(()),
    }
}

/// True when a device or a place of the user's was counted.
pub fn is_known(counted: &[Counted]) -> bool {
    counted.iter().any(|counted| counted.subject.is_known)
}

/// Until when the attempt locks one of its subjects unless it is taken back.
pub fn locked_until(counted: &[Counted]) -> Option<DateTime<Utc>> {
    counted.iter().filter_map(|counted| counted.locked_until).max()
}

/// Takes the attempt back: it was the owner's.
pub async fn forgive(conn: &mut AsyncPgConnection, counted: &[Counted]) -> QueryResult<()> {
    for Counted { subject, locked_until } in counted {
        let row = login_attempts::table.find(&subject.text);
        if subject.is_shared {
            diesel::update(row)
                .set(login_attempts::failures.eq(login_attempts::failures - 1))
                .execute(conn)
                .await?;
            // Only the lock that this attempt brought: another may have brought one since.
            if let Some(own) = locked_until {
                diesel::update(row.filter(login_attempts::locked_until.eq(own)))
                    .set(login_attempts::locked_until.eq(None::<DateTime<Utc>>))
                    .execute(conn)
                    .await?;
            }
        } else {
            diesel::delete(row).execute(conn).await?;
        }
    }
    Ok(())
}

/// Takes this one attempt back, and none before it: nobody has read what was tried.
pub async fn forgive_one(conn: &mut AsyncPgConnection, counted: &[Counted]) -> QueryResult<()> {
    let shared = |counted: &Counted| Counted {
        subject: Subject { is_shared: true, ..counted.subject.clone() },
        locked_until: counted.locked_until,
    };
    forgive(conn, &counted.iter().map(shared).collect::<Vec<_>>()).await
}

/// Forgets what was counted for `subjects`.
pub async fn forget(conn: &mut AsyncPgConnection, subjects: &[Subject]) -> QueryResult<usize> {
    let texts: Vec<&str> = subjects.iter().map(|subject| subject.text.as_str()).collect();
    diesel::delete(login_attempts::table.filter(login_attempts::subject.eq_any(texts))).execute(conn).await
}

/// Forgets what was counted for the places of a user.
pub async fn forget_places(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<usize> {
    // `;` follows `:` in the order of bytes, which is the column's.
    let (from, to) = (format!("place:{user_id}:"), format!("place:{user_id};"));
    let places = login_attempts::subject.ge(from).and(login_attempts::subject.lt(to));
    diesel::delete(login_attempts::table.filter(places)).execute(conn).await
}

/// Deletes at most `limit` of the rows in which nothing was counted since that moment.
pub async fn delete_old(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    let old = login_attempts::table.filter(login_attempts::failed_at.lt(before));
    let subjects: Vec<String> = old.select(login_attempts::subject).limit(limit).load(conn).await?;
    // One that is counted anew meanwhile stays.
    let still = login_attempts::table.filter(login_attempts::failed_at.lt(before));
    diesel::delete(still.filter(login_attempts::subject.eq_any(subjects))).execute(conn).await
}

/// What stands for one line: an IPv4 address, or the 64 bits of an IPv6 address that a provider gives to one customer.
fn line(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// A name as nobody can read it: people type their passwords into the wrong field.
fn fingerprint(name: &str) -> String {
    let hash = Sha256::digest(name.trim().to_lowercase());
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_line_are_one() {
        let line_of = |text: &str| line(text.parse().unwrap()).to_string();
        assert_eq!(line_of("2001:db8:1:2:3:4:5:6"), line_of("2001:db8:1:2:ffff::1"));
        assert_ne!(line_of("2001:db8:1:2::1"), line_of("2001:db8:1:3::1"));
        assert_eq!(line_of("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn a_subject_names_nobody_who_might_have_typed_a_password() {
        let subject = Subject::name(" My Secret ");
        assert_eq!(subject, Subject::name("my secret"));
        assert!(!subject.text.contains("ecret") && subject.text.len() < 100);
    }
}
