//! Stored mails as rows, and their lists. Every read starts from whose rows are visible; deleted mails are absent.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{email_places, emails};
use crate::db::{containing, narrowed};
use crate::page::Page;
use crate::viewer::Visibility;

/// What became of a mail on its way to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtractionStatus {
    /// It is still to be read.
    Pending,
    /// An extraction ran, whatever it found.
    Completed,
    /// A filter or its size kept it out.
    Skipped,
    /// It could not be read.
    Failed,
    /// A person ignores it.
    Ignored,
}

impl ExtractionStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Completed, Self::Skipped, Self::Failed, Self::Ignored];

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

/// A mail as a row, without its source and text.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = emails)]
pub struct Email {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The Message-ID header without its brackets.
    pub message_id: Option<String>,
    /// The Date header.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the mailbox received it; otherwise when it was sent, or stored.
    pub received_at: DateTime<Utc>,
    /// The address in From, in lower case.
    pub sender: Option<String>,
    /// The display name in From.
    pub sender_name: Option<String>,
    /// The subject, decoded.
    pub subject: Option<String>,
    /// The size of the raw message in bytes.
    pub size_bytes: i32,
    /// VERIFIED, UNVERIFIED or FAILED.
    pub authenticity: String,
    /// What authenticity rests on.
    pub authenticity_reason: String,
    /// PENDING, COMPLETED, SKIPPED, FAILED or IGNORED.
    pub extraction_status: String,
    /// Why it was skipped, failed or ignored.
    pub extraction_reason: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Email {
    /// The key that every list is sorted by.
    pub fn key(&self) -> (DateTime<Utc>, Uuid) {
        (self.received_at, self.id)
    }
}

/// Conditions that all have to hold; an empty list or `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct EmailFilter {
    /// In one of these states.
    pub extraction_statuses: Vec<ExtractionStatus>,
    /// Seen in one of these connected accounts.
    pub connected_account_ids: Vec<Uuid>,
    /// Received at this moment or later.
    pub received_from: Option<DateTime<Utc>>,
    /// Received at this moment or earlier.
    pub received_to: Option<DateTime<Utc>>,
    /// The sender's address or name, or the subject, holds this, ignoring case.
    pub text: Option<String>,
}

/// One stretch of the visible mails, sorted by (received at, id); `newest_first` turns the order round.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &EmailFilter,
    newest_first: bool,
    page: Page<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Email>> {
    let mut query = matching(visibility, filter).select(Email::as_select()).limit(page.limit);
    let (above, below) = if newest_first { (page.before, page.after) } else { (page.after, page.before) };
    if let Some((at, id)) = above {
        query =
            query.filter(emails::received_at.gt(at).or(emails::received_at.eq(at).and(emails::id.gt(id))));
        query = query.filter(emails::received_at.ge(at));
    }
    if let Some((at, id)) = below {
        query =
            query.filter(emails::received_at.lt(at).or(emails::received_at.eq(at).and(emails::id.lt(id))));
        query = query.filter(emails::received_at.le(at));
    }
    let sorted = if newest_first == page.is_from_end {
        query.order((emails::received_at.asc(), emails::id.asc()))
    } else {
        query.order((emails::received_at.desc(), emails::id.desc()))
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible mails pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &EmailFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Email>> {
    let query = matching(visibility, &EmailFilter::default()).filter(emails::id.eq_any(ids));
    query.select(Email::as_select()).load(conn).await
}

/// The mail with that id, when it is visible.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Email>> {
    let query = matching(visibility, &EmailFilter::default()).filter(emails::id.eq(id));
    query.select(Email::as_select()).first(conn).await.optional()
}

fn matching<'a>(visibility: Visibility, filter: &EmailFilter) -> emails::BoxedQuery<'a, Pg> {
    let mut query = emails::table.filter(emails::deleted_at.is_null()).into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(emails::user_id.eq(user));
    }
    if let Some(from) = filter.received_from {
        query = query.filter(emails::received_at.ge(from));
    }
    if let Some(to) = filter.received_to {
        query = query.filter(emails::received_at.le(to));
    }
    let statuses: Vec<&str> = filter.extraction_statuses.iter().map(|status| status.as_str()).collect();
    query = narrowed!(query, emails::extraction_status, statuses);
    if !filter.connected_account_ids.is_empty() {
        let places = email_places::table
            .filter(email_places::user_id.eq(emails::user_id))
            .filter(email_places::email_id.eq(emails::id))
            .filter(email_places::connected_account_id.eq_any(filter.connected_account_ids.clone()));
        query = query.filter(exists(places));
    }
    by_text(query, filter.text.as_deref())
}

fn by_text<'a>(query: emails::BoxedQuery<'a, Pg>, text: Option<&str>) -> emails::BoxedQuery<'a, Pg> {
    let Some(pattern) = containing(text) else { return query };
    query.filter(
        emails::sender
            .ilike(pattern.clone())
            .or(emails::sender_name.ilike(pattern.clone()))
            .or(emails::subject.ilike(pattern)),
    )
}
