//! Jobs and their events as people look at them. Every read starts from whose rows are visible.

use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{job_events, jobs};
use crate::jobs::event::JobEvent;
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

/// The events of the visible ones of those jobs with a version above `after_version`, by job and version; at most
/// `limit` in all.
pub async fn events_for(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    job_ids: &[Uuid],
    after_version: i64,
    limit: i64,
) -> QueryResult<Vec<JobEvent>> {
    let mut query = job_events::table
        .inner_join(jobs::table)
        .filter(job_events::job_id.eq_any(job_ids))
        .filter(job_events::version.gt(after_version))
        .order((job_events::job_id, job_events::version))
        .limit(limit)
        .select(JobEvent::as_select())
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(jobs::user_id.eq(user));
    }
    query.load(conn).await
}

/// One stretch of the events of a visible job, by version.
pub async fn list_events(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    job_id: Uuid,
    page: Page<i64>,
) -> QueryResult<Vec<JobEvent>> {
    let mut query = job_events::table
        .filter(job_events::job_id.eq_any(matching(visibility, &JobFilter::default()).select(jobs::id)))
        .filter(job_events::job_id.eq(job_id))
        .limit(page.limit)
        .select(JobEvent::as_select())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(job_events::version.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(job_events::version.lt(before));
    }
    let sorted = if page.is_from_end {
        query.order(job_events::version.desc())
    } else {
        query.order(job_events::version.asc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many events a visible job has.
pub async fn count_events(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    job_id: Uuid,
) -> QueryResult<i64> {
    let visible = matching(visibility, &JobFilter::default()).select(jobs::id);
    let events = job_events::table.filter(job_events::job_id.eq(job_id));
    events.filter(job_events::job_id.eq_any(visible)).select(count_star()).first(conn).await
}

fn matching(visibility: Visibility, filter: &JobFilter) -> jobs::BoxedQuery<'static, Pg> {
    let mut query = jobs::table.into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(jobs::user_id.eq(user));
    }
    if let Some(user) = filter.user_id {
        query = query.filter(jobs::user_id.eq(user));
    }
    if !filter.states.is_empty() {
        query = query.filter(jobs::state.eq_any(filter.states.clone()));
    }
    if !filter.kinds.is_empty() {
        let names: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        query = query.filter(jobs::kind.eq_any(names));
    }
    query
}
