//! Sightings as people look at them: what waits for a person, and how they reject it.

use std::collections::HashMap;

use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::draft::Draft;
use super::run::found_by;
use super::sighting::{Sighting, State};
use crate::audit::{self, Action, Author, Changes, Field, SubjectKind};
use crate::db::schema::{emails, extractions, sightings};
use crate::error::{Code, Error, Result};
use crate::mailbox::to_read;
use crate::page::Page;
use crate::text;
use crate::viewer::Visibility;

const REASON_MAX: usize = 500;
/// A constant instead of a bound value, because only that lets PostgreSQL use the index of what waits.
const IS_IN_REVIEW: &str = "sightings.state = 'IN_REVIEW'";
const NO_REASON: &str = "A person rejected it.";
/// What the audit tells of a sighting.
const FIELDS: &[Field<Sighting>] = &[
    ("state", |row| Some(row.state.clone())),
    ("reason", |row| row.reason.clone()),
    ("transactionId", |row| row.transaction_id.map(|id| id.to_string())),
];

/// Conditions that all have to hold; an empty list asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct SightingFilter {
    /// In one of these states.
    pub states: Vec<State>,
    /// Seen in one of these mails.
    pub email_ids: Vec<Uuid>,
}

/// One stretch of the visible sightings in living mails, the newest first.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &SightingFilter,
    page: Page<Uuid>,
) -> QueryResult<Vec<Sighting>> {
    let mut query = matching(visibility, filter).select(Sighting::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(sightings::id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(sightings::id.gt(before));
    }
    let sorted =
        if page.is_from_end { query.order(sightings::id.asc()) } else { query.order(sightings::id.desc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible sightings pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &SightingFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Sighting>> {
    let query = matching(visibility, &SightingFilter::default()).filter(sightings::id.eq_any(ids));
    query.select(Sighting::as_select()).load(conn).await
}

/// What each of the visible sightings among `ids` was last read as.
pub async fn drafts_of(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Draft)>> {
    let seen = for_ids(conn, visibility, ids).await?;
    let extraction_ids: Vec<Uuid> = seen.iter().map(|sighting| sighting.extraction_id).collect();
    let found: HashMap<Uuid, _> = found_by(conn, &extraction_ids).await?.into_iter().collect();
    let draft =
        |sighting: &Sighting| found.get(&sighting.extraction_id)?.drafts.get(&sighting.event_key).cloned();
    Ok(seen.iter().filter_map(|sighting| Some((sighting.id, draft(sighting)?))).collect())
}

/// Writes down that a sighting of `user_id` is no transaction. No later reading of the mail changes that.
pub async fn reject(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    reason: Option<&str>,
    author: &Author,
) -> Result<Sighting> {
    let reason = text::optional_line("reason", reason, REASON_MAX)?;
    conn.transaction(async |conn| {
        let sighting = lock(conn, user_id, id).await?;
        let state = State::parse(&sighting.state);
        if state == Some(State::Filed) {
            let message = "It is in the ledger: delete its transaction instead.";
            return Err(Error::rejected("id", Code::Invalid, message));
        }
        let known = sighting.reason.as_deref().filter(|_| state == Some(State::Rejected));
        let own = sightings::table.filter(sightings::user_id.eq(user_id)).filter(sightings::id.eq(id));
        let rejected = diesel::update(own)
            .set((
                sightings::state.eq(State::Rejected.as_str()),
                sightings::reason.eq(reason.as_deref().or(known).unwrap_or(NO_REASON)),
            ))
            .returning(Sighting::as_returning());
        let rejected = rejected.get_result(conn).await?;
        note(conn, author, Action::SightingRejected, &sighting, &rejected).await?;
        Ok(rejected)
    })
    .await
}

/// Writes down what became of a sighting.
pub(super) async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    before: &Sighting,
    after: &Sighting,
) -> QueryResult<()> {
    let changes = Changes::between(Some(before), Some(after), FIELDS);
    let subject = (SubjectKind::Sighting, after.id);
    audit::record_changes(conn, author, action, after.user_id, subject, changes).await
}

/// The sighting of `user_id` in a living mail, which no extraction reads and nobody else moves until the transaction ends.
pub(super) async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> Result<Sighting> {
    let unknown = || Error::unknown("id", "sighting");
    let seen = for_ids(conn, Visibility::Of(user_id), &[id]).await?.pop().ok_or_else(unknown)?;
    // Whoever files mails takes the mail first, too.
    to_read::lock_one(conn, user_id, seen.email_id).await?;
    let own = sightings::table.filter(sightings::user_id.eq(user_id)).filter(sightings::id.eq(id));
    let found = own.select(Sighting::as_select()).for_update().first(conn).await.optional()?;
    found.ok_or_else(unknown)
}

/// What an extraction took the mail for.
pub(super) async fn kind_of(conn: &mut AsyncPgConnection, extraction_id: Uuid) -> QueryResult<String> {
    extractions::table.find(extraction_id).select(extractions::kind).first(conn).await
}

fn matching<'a>(visibility: Visibility, filter: &SightingFilter) -> sightings::BoxedQuery<'a, Pg> {
    let living = emails::table
        .filter(emails::user_id.eq(sightings::user_id))
        .filter(emails::id.eq(sightings::email_id))
        .filter(emails::deleted_at.is_null());
    let mut query = sightings::table.filter(exists(living)).into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(sightings::user_id.eq(user));
    }
    if filter.states == [State::InReview] {
        query = query.filter(sql::<Bool>(IS_IN_REVIEW));
    } else if !filter.states.is_empty() {
        let names: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        query = query.filter(sightings::state.eq_any(names));
    }
    if !filter.email_ids.is_empty() {
        query = query.filter(sightings::email_id.eq_any(filter.email_ids.clone()));
    }
    query
}
