//! The mails that wait to be read, as extraction needs them, and what became of each.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{email_texts, emails};

/// A mail's text, with the headers that bear on its meaning.
#[derive(Clone, Debug, Queryable)]
pub struct MailToRead {
    /// The mail.
    pub id: Uuid,
    /// The address in From, in lower case.
    pub sender: Option<String>,
    /// The display name in From.
    pub sender_name: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The Date header.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the mailbox received it.
    pub received_at: DateTime<Utc>,
    /// VERIFIED, UNVERIFIED or FAILED.
    pub authenticity: String,
    /// The version of the text.
    pub text_version: i32,
    /// The text.
    pub text: String,
}

/// Where a mail stands on its way into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtractionStatus {
    /// Not read yet.
    Pending,
    /// Read, whatever was found.
    Completed,
    /// Kept out by a filter or its size.
    Skipped,
    /// Could not be read.
    Failed,
    /// Kept out by a person.
    Ignored,
}

impl ExtractionStatus {
    const ALL: [Self; 5] = [Self::Pending, Self::Completed, Self::Skipped, Self::Failed, Self::Ignored];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Skipped => "SKIPPED",
            Self::Failed => "FAILED",
            Self::Ignored => "IGNORED",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// The first `limit` of a user's mails that were not read yet, by id.
pub async fn pending(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    limit: i64,
) -> QueryResult<Vec<MailToRead>> {
    emails::table
        .inner_join(email_texts::table.on(email_texts::email_id.eq(emails::id)))
        .filter(emails::user_id.eq(user_id))
        .filter(emails::extraction_status.eq(ExtractionStatus::Pending.as_str()))
        .filter(emails::deleted_at.is_null())
        .filter(email_texts::version.eq(super::TEXT_VERSION))
        .order(emails::id)
        .limit(limit)
        .select(columns())
        .load(conn)
        .await
}

/// How many of a user's mails were not read yet.
pub async fn count_pending(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<i64> {
    emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::extraction_status.eq(ExtractionStatus::Pending.as_str()))
        .filter(emails::deleted_at.is_null())
        .count()
        .get_result(conn)
        .await
}

/// Those of a user's mails, by id, whatever became of them before; deleted and ignored ones are left out.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
) -> QueryResult<Vec<MailToRead>> {
    emails::table
        .inner_join(email_texts::table.on(email_texts::email_id.eq(emails::id)))
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq_any(ids))
        .filter(emails::extraction_status.ne(ExtractionStatus::Ignored.as_str()))
        .filter(emails::deleted_at.is_null())
        .filter(email_texts::version.eq(super::TEXT_VERSION))
        .order(emails::id)
        .select(columns())
        .load(conn)
        .await
}

/// Locks the mail for the rest of the transaction, so that no other extraction files it meanwhile. False when it is
/// deleted or ignored by now.
pub async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<bool> {
    let row = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq(id))
        .filter(emails::deleted_at.is_null())
        .filter(emails::extraction_status.ne(ExtractionStatus::Ignored.as_str()));
    let found = row.select(emails::id).for_update().first::<Uuid>(conn).await.optional()?;
    Ok(found.is_some())
}

/// Writes what became of mails. The reason is for a person and holds nothing of the mail's text.
pub async fn set_status(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    status: ExtractionStatus,
    reason: Option<&str>,
) -> QueryResult<()> {
    diesel::update(emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq_any(ids)))
        .set((emails::extraction_status.eq(status.as_str()), emails::extraction_reason.eq(reason)))
        .execute(conn)
        .await
        .map(drop)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        emails::id,
        emails::sender,
        emails::sender_name,
        emails::subject,
        emails::sent_at,
        emails::received_at,
        emails::authenticity,
        email_texts::version,
        email_texts::text,
    )
}
