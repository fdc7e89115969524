//! The mails that wait to be read, as extraction needs them, and what became of each.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{email_texts, emails};
use crate::mailbox::authenticity::Authenticity;
use crate::mailbox::email::ExtractionStatus;

const REASON_MAX: usize = 500;
/// A constant instead of a bound value, because only that lets PostgreSQL use the index of waiting mails.
const IS_PENDING: &str = "emails.extraction_status = 'PENDING'";

/// A mail's text, with the headers that bear on its meaning.
#[derive(Clone, Debug)]
pub struct MailToRead {
    /// The mail.
    pub id: Uuid,
    /// The address in From, in lower case.
    pub sender: Option<String>,
    /// The display name in From.
    pub sender_name: Option<String>,
    /// The subject, decoded.
    pub subject: Option<String>,
    /// The Date header of the outer mail.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the mailbox received it; otherwise when it was sent, or stored.
    pub received_at: DateTime<Utc>,
    /// Whether the sender is who From says.
    pub authenticity: Authenticity,
    /// The version of the text; spans point into this one.
    pub text_version: i32,
    /// The text.
    pub text: String,
}

/// The first `limit` of a user's mails that were not read yet, by id, of those behind `after`. Two statements.
pub async fn pending(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<MailToRead>> {
    // The ids first, from the index of waiting mails: in one statement with the texts, PostgreSQL would sort the texts
    // of everything that waits, for every batch.
    let behind = emails::id.gt(after.unwrap_or_else(Uuid::nil));
    let query = waiting(user_id).filter(behind).select(emails::id).order(emails::id).limit(limit);
    let ids: Vec<Uuid> = query.load(conn).await?;
    by_ids(conn, user_id, &ids).await
}

/// True when a mail of the user waits to be read.
pub async fn has_pending(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<bool> {
    diesel::select(exists(waiting(user_id))).get_result(conn).await
}

/// How many mails of the user wait to be read.
pub async fn count_pending(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<i64> {
    waiting(user_id).count().get_result(conn).await
}

/// Those among the user's living mails, by id, whatever became of them before; ignored ones are left out.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
) -> QueryResult<Vec<MailToRead>> {
    let query = readable()
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq_any(ids))
        .filter(emails::extraction_status.ne(ExtractionStatus::Ignored.as_str()));
    Ok(query.load::<Row>(conn).await?.into_iter().map(to_read).collect())
}

/// Locks mails for the rest of the transaction, so that no other extraction files them meanwhile, and returns which: the ones
/// that are deleted or ignored by now are left out. Whoever locks several takes them in the same order.
pub async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, ids: &[Uuid]) -> QueryResult<HashSet<Uuid>> {
    let rows = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq_any(ids))
        .filter(emails::deleted_at.is_null())
        .filter(emails::extraction_status.ne(ExtractionStatus::Ignored.as_str()));
    let locked = rows.order(emails::id).select(emails::id).for_update().load::<Uuid>(conn).await?;
    Ok(locked.into_iter().collect())
}

/// Locks a mail for the rest of the transaction, whatever became of it, so that no extraction files it meanwhile.
pub async fn lock_one(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<()> {
    let own = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq(id));
    own.select(emails::id).for_update().load::<Uuid>(conn).await.map(drop)
}

/// Writes what became of mails. The reason is for a person and holds nothing of the mail's text.
pub async fn set_status(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    status: ExtractionStatus,
    reason: Option<&str>,
) -> QueryResult<()> {
    let own = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq_any(ids));
    let reason = reason.map(|reason| reason.chars().take(REASON_MAX).collect::<String>());
    diesel::update(own)
        .set((emails::extraction_status.eq(status.as_str()), emails::extraction_reason.eq(reason)))
        .execute(conn)
        .await
        .map(drop)
}

/// Marks mails as FAILED for a reason, and returns how many: one that was read, ignored or deleted meanwhile stays what it is.
pub async fn give_up(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    reason: &str,
) -> QueryResult<usize> {
    let unread = [ExtractionStatus::Pending, ExtractionStatus::Failed].map(ExtractionStatus::as_str);
    let own = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq_any(ids));
    let own = own.filter(emails::extraction_status.eq_any(unread)).filter(emails::deleted_at.is_null());
    let reason: String = reason.chars().take(REASON_MAX).collect();
    diesel::update(own)
        .set((
            emails::extraction_status.eq(ExtractionStatus::Failed.as_str()),
            emails::extraction_reason.eq(reason),
        ))
        .execute(conn)
        .await
}

type Row = (
    (Uuid, Option<String>, Option<String>, Option<String>, Option<DateTime<Utc>>, DateTime<Utc>, String),
    (i32, String),
);

/// Living mails with the newest version of their text, in the order of their ids.
#[diesel::dsl::auto_type]
fn readable() -> _ {
    emails::table
        .inner_join(
            email_texts::table
                .on(email_texts::user_id.eq(emails::user_id).and(email_texts::email_id.eq(emails::id))),
        )
        .filter(emails::deleted_at.is_null())
        .distinct_on(emails::id)
        .order((emails::id.asc(), email_texts::version.desc()))
        .select((
            (
                emails::id,
                emails::sender,
                emails::sender_name,
                emails::subject,
                emails::sent_at,
                emails::received_at,
                emails::authenticity,
            ),
            (email_texts::version, email_texts::text),
        ))
}

fn waiting(user_id: Uuid) -> emails::BoxedQuery<'static, diesel::pg::Pg> {
    emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::deleted_at.is_null())
        .filter(sql::<Bool>(IS_PENDING))
        .into_boxed()
}

fn to_read(row: Row) -> MailToRead {
    let ((id, sender, sender_name, subject, sent_at, received_at, authenticity), (text_version, text)) = row;
    let authenticity = Authenticity::parse(&authenticity).unwrap_or(Authenticity::Unverified);
    MailToRead { id, sender, sender_name, subject, sent_at, received_at, authenticity, text_version, text }
}
