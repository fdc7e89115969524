//! One key, one effect: a mutation that is sent twice under a key of the client's makes its row once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::schema::idempotency_keys;
use crate::error::{Code, Error, Result};
use crate::jobs::{self, Enqueued, NewJob};
use crate::viewer::Visibility;

/// The longest key, in characters.
const KEY_MAX: usize = 200;
/// How long a key is remembered.
const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Expired keys a statement.
const BATCH: i64 = 1000;
/// The input field that carries the key.
const FIELD: &str = "idempotencyKey";

/// A call under a key; without one there is nothing to remember.
#[derive(Clone, Debug)]
pub struct Once {
    key: String,
    mutation: &'static str,
    input_hash: [u8; 32],
}

/// Whether a call is the first one under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is, or it has none: make the row, under the id that was given.
    First,
    /// It is not: this row was made then.
    Again(Uuid),
}

impl Once {
    /// A call of `mutation` with `input`, the same bytes for the same input; `None` without a key.
    pub fn parse(mutation: &'static str, key: Option<&str>, input: &[u8]) -> Result<Option<Self>> {
        let Some(key) = key else { return Ok(None) };
        if key.is_empty() {
            return Err(Error::rejected(FIELD, Code::TooShort, "A key cannot be empty."));
        }
        if key.chars().count() > KEY_MAX {
            let message = format!("A key has at most {KEY_MAX} characters.");
            return Err(Error::rejected(FIELD, Code::TooLong, message));
        }
        if key.chars().any(char::is_control) {
            return Err(Error::rejected(FIELD, Code::Invalid, "A key holds no control characters."));
        }
        Ok(Some(Self { key: key.to_owned(), mutation, input_hash: Sha256::digest(input).into() }))
    }
}

/// Begins a call, in the transaction that makes its row under `result_id`. Another call under the key waits for the end of that
/// transaction. `Invalid` when the key was used with something else.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    once: Option<&Once>,
    result_id: Uuid,
) -> Result<Turn> {
    let Some(once) = once else { return Ok(Turn::First) };
    if insert(conn, clock.now(), user_id, once, result_id).await? {
        return Ok(Turn::First);
    }
    let known = idempotency_keys::table.find((user_id, &once.key)).select((
        idempotency_keys::mutation,
        idempotency_keys::input_hash,
        idempotency_keys::result_id,
    ));
    let (mutation, input_hash, earlier): (String, Vec<u8>, Uuid) = known.first(conn).await?;
    if mutation != once.mutation || input_hash != once.input_hash {
        let message = "This key was used with another input before; take a new one.";
        return Err(Error::rejected(FIELD, Code::Invalid, message));
    }
    Ok(Turn::Again(earlier))
}

/// Enqueues a job in the caller's transaction, once for each key of `user_id`, for whomever it runs. A repeated call is handed the
/// first one's job.
pub async fn enqueue(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewJob,
    once: Option<&Once>,
) -> Result<Enqueued> {
    let id = clock.new_id();
    if let Turn::Again(earlier) = begin(conn, clock, user_id, once, id).await? {
        // The key says that the viewer has started it.
        let found = jobs::find(conn, Visibility::Everyone, earlier).await?;
        return Ok(Enqueued { job: found.ok_or_else(|| gone("job"))?, is_deduplicated: true });
    }
    let enqueued = jobs::enqueue(conn, id, new).await?;
    settle(conn, user_id, once, enqueued.job.id).await?;
    Ok(enqueued)
}

/// Writes down that the first call came to another row than the one that it began with.
pub async fn settle(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    once: Option<&Once>,
    result_id: Uuid,
) -> QueryResult<()> {
    let Some(once) = once else { return Ok(()) };
    diesel::update(idempotency_keys::table.find((user_id, &once.key)))
        .set(idempotency_keys::result_id.eq(result_id))
        .execute(conn)
        .await
        .map(drop)
}

/// What a repeated call answers when its row is not there any more.
pub fn gone(what: &str) -> Error {
    Error::rejected(FIELD, Code::NotFound, format!("The {what} that was made under this key is gone."))
}

/// Deletes the keys that had expired by `now`, and returns how many.
pub async fn delete_expired(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let mut deleted = 0;
    loop {
        let expired: Vec<(Uuid, String)> = idempotency_keys::table
            .filter(idempotency_keys::expires_at.le(now))
            .order(idempotency_keys::expires_at)
            .limit(BATCH)
            .select((idempotency_keys::user_id, idempotency_keys::key))
            .load(conn)
            .await?;
        let is_last = i64::try_from(expired.len()).unwrap_or(i64::MAX) < BATCH;
        let (users, keys): (Vec<Uuid>, Vec<String>) = expired.into_iter().unzip();
        // A key that was used anew meanwhile has not expired any more.
        let rows = idempotency_keys::table
            .filter(idempotency_keys::user_id.eq_any(users))
            .filter(idempotency_keys::key.eq_any(keys))
            .filter(idempotency_keys::expires_at.le(now));
        deleted += diesel::delete(rows).execute(conn).await?;
        if is_last {
            return Ok(deleted);
        }
    }
}

/// False when the key was there and has not expired.
async fn insert(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    user_id: Uuid,
    once: &Once,
    result_id: Uuid,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl as _;
    let row = (
        idempotency_keys::user_id.eq(user_id),
        idempotency_keys::key.eq(&once.key),
        idempotency_keys::mutation.eq(once.mutation),
        idempotency_keys::input_hash.eq(once.input_hash.as_slice()),
        idempotency_keys::result_id.eq(result_id),
        idempotency_keys::expires_at.eq(now + LIFETIME),
    );
    let changed = diesel::insert_into(idempotency_keys::table)
        .values(row)
        .on_conflict((idempotency_keys::user_id, idempotency_keys::key))
        .do_update()
        .set((
            idempotency_keys::mutation.eq(excluded(idempotency_keys::mutation)),
            idempotency_keys::input_hash.eq(excluded(idempotency_keys::input_hash)),
            idempotency_keys::result_id.eq(excluded(idempotency_keys::result_id)),
            idempotency_keys::expires_at.eq(excluded(idempotency_keys::expires_at)),
        ))
        .filter(idempotency_keys::expires_at.le(now))
        .execute(conn)
        .await?;
    Ok(changed == 1)
}
