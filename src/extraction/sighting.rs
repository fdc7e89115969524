//! Sightings: one event seen in one mail, the link from mails to transactions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{emails, extractions, sightings, transactions};
use crate::db::statement::statement;
use crate::page::Page;
use crate::viewer::Visibility;

/// One statement takes 65,535 values at most, and a mail may hold a whole statement of account.
const ROWS_AT_A_TIME: usize = 2000;

/// What became of a sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It is a transaction.
    Filed,
    /// It waits for a person.
    InReview,
    /// A person said that it is none.
    Rejected,
}

impl State {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filed => "FILED",
            Self::InReview => "IN_REVIEW",
            Self::Rejected => "REJECTED",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Filed, Self::InReview, Self::Rejected].into_iter().find(|state| state.as_str() == name)
    }
}

/// A sighting as a row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sightings)]
pub struct Sighting {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The mail.
    pub email_id: Uuid,
    /// Given once, and kept by every later extraction of the mail.
    pub event_key: String,
    /// The extraction that last read it.
    pub extraction_id: Uuid,
    /// The name of a [`State`].
    pub state: String,
    /// Why it waits, or was rejected.
    pub reason: Option<String>,
    /// The transaction that it is a sighting of.
    pub transaction_id: Option<Uuid>,
    /// When it was first read.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What is written about a sighting.
pub struct Written<'a> {
    /// The sighting; a new id for a new one.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The mail.
    pub email_id: Uuid,
    /// The event's key.
    pub event_key: &'a str,
    /// The extraction that read it.
    pub extraction_id: Uuid,
    /// What became of it.
    pub state: State,
    /// Why it waits or was rejected; `None` when filed.
    pub reason: Option<&'a str>,
    /// The transaction.
    pub transaction_id: Option<Uuid>,
}

/// Where a transaction comes from.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct Link {
    /// The transaction.
    pub transaction_id: Uuid,
    /// The mail that it was first seen in.
    pub email_id: Uuid,
    /// The extraction that last read that mail.
    pub extraction_id: Uuid,
    /// The job that ran the extraction; it may be gone.
    pub job_id: Option<Uuid>,
}

/// A transaction as it was seen in a mail.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Sighted {
    /// The mail.
    #[diesel(sql_type = SqlUuid)]
    pub email_id: Uuid,
    /// The sighting; the order of the mail's transactions.
    #[diesel(sql_type = SqlUuid)]
    pub sighting_id: Uuid,
    /// The transaction.
    #[diesel(sql_type = SqlUuid)]
    pub transaction_id: Uuid,
}

/// The sightings of each of those mails, in the order in which they were made.
pub async fn of_emails(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    email_ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<Sighting>>> {
    let found: Vec<Sighting> = sightings::table
        .filter(sightings::user_id.eq(user_id))
        .filter(sightings::email_id.eq_any(email_ids))
        .order(sightings::id)
        .select(Sighting::as_select())
        .load(conn)
        .await?;
    let mut by_mail: HashMap<Uuid, Vec<Sighting>> = HashMap::new();
    for sighting in found {
        by_mail.entry(sighting.email_id).or_default().push(sighting);
    }
    Ok(by_mail)
}

/// Inserts sightings, or updates the ones with their event keys; no key of a mail may be there twice.
pub async fn write(conn: &mut AsyncPgConnection, written: &[Written<'_>]) -> QueryResult<()> {
    for some in written.chunks(ROWS_AT_A_TIME) {
        let rows = some.iter().map(|written| {
            (
                sightings::id.eq(written.id),
                sightings::user_id.eq(written.user_id),
                sightings::email_id.eq(written.email_id),
                sightings::event_key.eq(written.event_key),
                sightings::extraction_id.eq(written.extraction_id),
                sightings::state.eq(written.state.as_str()),
                sightings::reason.eq(written.reason),
                sightings::transaction_id.eq(written.transaction_id),
            )
        });
        diesel::insert_into(sightings::table)
            .values(rows.collect::<Vec<_>>())
            .on_conflict((sightings::email_id, sightings::event_key))
            .do_update()
            .set((
                sightings::extraction_id.eq(excluded(sightings::extraction_id)),
                sightings::state.eq(excluded(sightings::state)),
                sightings::reason.eq(excluded(sightings::reason)),
                sightings::transaction_id.eq(excluded(sightings::transaction_id)),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Where each of the visible transactions among `ids` comes from; one that no mail made is left out.
pub async fn links_for(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Link>> {
    // By the owner, too: that is how the index on the sightings of a transaction begins.
    let of_transaction = transactions::table.on(transactions::user_id
        .eq(sightings::user_id)
        .and(transactions::id.nullable().eq(sightings::transaction_id)));
    let mut query = sightings::table
        .inner_join(of_transaction)
        .inner_join(extractions::table.on(extractions::id.eq(sightings::extraction_id)))
        .filter(transactions::id.eq_any(ids))
        .order((sightings::transaction_id, sightings::id))
        .distinct_on(sightings::transaction_id)
        .select((
            sightings::transaction_id.assume_not_null(),
            sightings::email_id,
            sightings::extraction_id,
            extractions::job_id,
        ))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(sightings::user_id.eq(user));
    }
    query.load(conn).await
}

/// A page of the living transactions that each of the visible mails among `ids` is a sighting of, in the order in which
/// they were read: the same stretch of every mail's list.
pub async fn transactions_of_emails(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
    page: Page<Uuid>,
) -> QueryResult<Vec<Sighted>> {
    // A page for each of many parents takes LATERAL, which diesel has no words for.
    let order = if page.is_from_end { "DESC" } else { "ASC" };
    let sql = format!(
        "SELECT page.* FROM emails parent CROSS JOIN LATERAL (
            SELECT s.email_id, s.id AS sighting_id, s.transaction_id
            FROM sightings s JOIN transactions t ON t.user_id = s.user_id AND t.id = s.transaction_id
            WHERE s.user_id = parent.user_id AND s.email_id = parent.id AND t.deleted_at IS NULL
                AND ($3 IS NULL OR s.id > $3) AND ($4 IS NULL OR s.id < $4)
            ORDER BY s.id {order} LIMIT $5
        ) AS page
        WHERE parent.id = ANY ($1) AND ($2 IS NULL OR parent.user_id = $2) ORDER BY page.email_id, page.sighting_id"
    );
    statement(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Nullable<SqlUuid>, _>(page.after)
        .bind::<Nullable<SqlUuid>, _>(page.before)
        .bind::<BigInt, _>(page.limit)
        .load(conn)
        .await
}

/// How many living transactions each of the visible mails among `ids` is a sighting of; a mail of none is left out.
pub async fn count_transactions_of_emails(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let mut query = sightings::table
        .inner_join(transactions::table.on(transactions::id.nullable().eq(sightings::transaction_id)))
        .inner_join(
            emails::table.on(emails::user_id.eq(sightings::user_id).and(emails::id.eq(sightings::email_id))),
        )
        .filter(emails::id.eq_any(ids))
        .filter(transactions::deleted_at.is_null())
        .group_by(emails::id)
        .select((emails::id, count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(emails::user_id.eq(user));
    }
    query.load(conn).await
}
