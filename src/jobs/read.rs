//! Jobs and their events as people look at them. Every read starts from whose rows are visible.

use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::narrowed;
use crate::db::schema::{job_events, jobs};
use crate::db::statement::statement;
use crate::jobs::event::PublishedEvent;
use crate::jobs::job::Job;
use crate::jobs::payload::Kind;
use crate::jobs::state::State;
use crate::page::Page;
use crate::viewer::Visibility;

/// Which of the visible jobs are wanted; an empty list or `None` narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// In one of these states.
    pub states: Vec<State>,
    /// Of one of these kinds.
    pub kinds: Vec<Kind>,
    /// Of this user.
    pub user_id: Option<Uuid>,
}

/// One stretch of the visible jobs, the newest first.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &JobFilter,
    page: Page<Uuid>,
) -> QueryResult<Vec<Job>> {
    let mut query = matching(visibility, filter).select(Job::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(jobs::id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(jobs::id.gt(before));
    }
    let sorted = if page.is_from_end { query.order(jobs::id.asc()) } else { query.order(jobs::id.desc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible jobs the filter leaves.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &JobFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).select(count_star()).first(conn).await
}

/// The visible job with that id.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Job>> {
    let query = matching(visibility, &JobFilter::default()).filter(jobs::id.eq(id));
    query.select(Job::as_select()).first(conn).await.optional()
}

/// The visible ones of those jobs.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Job>> {
    let query = matching(visibility, &JobFilter::default()).filter(jobs::id.eq_any(ids));
    query.select(Job::as_select()).load(conn).await
}

/// The events with those jobs and versions, as far as their jobs are visible.
pub async fn events_by_keys(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    keys: &[(Uuid, i64)],
) -> QueryResult<Vec<PublishedEvent>> {
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = keys.iter().copied().unzip();
    let mut query = job_events::table
        .inner_join(jobs::table)
        .filter(jobs::id.eq_any(ids))
        .filter(job_events::version.eq_any(versions))
        .select(PublishedEvent::as_select())
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(jobs::user_id.eq(user));
    }
    query.load(conn).await
}

/// A page of the events of each of the visible jobs among `ids`, by version.
pub async fn events_of_jobs(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
    page: Page<i64>,
) -> QueryResult<Vec<PublishedEvent>> {
    // A page for each of many parents takes LATERAL, which diesel has no words for.
    let order = if page.is_from_end { "DESC" } else { "ASC" };
    let sql = format!(
        "SELECT parent.user_id, parent.kind, page.* FROM jobs parent CROSS JOIN LATERAL (
            SELECT e.* FROM job_events e
            WHERE e.job_id = parent.id AND ($3 IS NULL OR e.version > $3) AND ($4 IS NULL OR e.version < $4)
            ORDER BY e.version {order} LIMIT $5
        ) AS page
        WHERE parent.id = ANY ($1) AND ($2 IS NULL OR parent.user_id = $2) ORDER BY page.job_id, page.version"
    );
    statement(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Nullable<BigInt>, _>(page.after)
        .bind::<Nullable<BigInt>, _>(page.before)
        .bind::<BigInt, _>(page.limit)
        .load(conn)
        .await
}

/// How many events each of the visible jobs among `ids` has; one with none is left out.
pub async fn count_events(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let mut query = job_events::table
        .inner_join(jobs::table)
        .filter(jobs::id.eq_any(ids))
        .group_by(jobs::id)
        .select((jobs::id, count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(jobs::user_id.eq(user));
    }
    query.load(conn).await
}

fn matching(visibility: Visibility, filter: &JobFilter) -> jobs::BoxedQuery<'static, Pg> {
    let mut query = jobs::table.into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(jobs::user_id.eq(user));
    }
    if let Some(user) = filter.user_id {
        query = query.filter(jobs::user_id.eq(user));
    }
    query = narrowed!(query, jobs::state, filter.states);
    let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
    narrowed!(query, jobs::kind, kinds)
}
