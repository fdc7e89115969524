//! What the table says of events, for those who watch: by key, by job, and which ones are new.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Watched;
use crate::db::schema::{job_events, jobs};
use crate::jobs::event::PublishedEvent;
use crate::jobs::statement::statement;

/// An event's place: the job and the version.
pub(super) type Key = (Uuid, i64);

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// The watched events of the last ten seconds. The window is one of time and overlaps, because transactions commit out of
/// order: a cursor would pass over the late ones.
pub(super) async fn recent_keys(conn: &mut AsyncPgConnection, watched: &Watched) -> QueryResult<Vec<Key>> {
    let rows: Vec<KeyRow> = statement(
        "SELECT e.job_id, e.version FROM job_events e JOIN jobs j ON j.id = e.job_id
         WHERE e.at > clock_timestamp() - interval '10 seconds'
             AND ($1 OR j.id = ANY($2) OR j.user_id = ANY($3))
         ORDER BY e.job_id, e.version",
    )
    .bind::<Bool, _>(watched.everyone)
    .bind::<Array<SqlUuid>, _>(watched.jobs.clone())
    .bind::<Array<SqlUuid>, _>(watched.users.clone())
    .load(conn)
    .await?;
    Ok(keys(rows))
}

/// The present versions of the watched jobs, and of the active ones of watched users.
pub(super) async fn present_keys(conn: &mut AsyncPgConnection, watched: &Watched) -> QueryResult<Vec<Key>> {
    let rows: Vec<KeyRow> = statement(
        "SELECT id AS job_id, version FROM jobs WHERE id = ANY($1)
         UNION
         SELECT id, version FROM jobs
         WHERE user_id = ANY($2) AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING')",
    )
    .bind::<Array<SqlUuid>, _>(watched.jobs.clone())
    .bind::<Array<SqlUuid>, _>(watched.users.clone())
    .load(conn)
    .await?;
    Ok(keys(rows))
}

/// The events with those keys, by job and version.
pub(super) async fn events_with_keys(
    conn: &mut AsyncPgConnection,
    keys: &[Key],
) -> QueryResult<Vec<PublishedEvent>> {
    let wanted: HashSet<&Key> = keys.iter().collect();
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = keys.iter().copied().unzip();
    let rows = job_events::table
        .inner_join(jobs::table)
        .filter(job_events::job_id.eq_any(ids))
        .filter(job_events::version.eq_any(versions))
        .order((job_events::job_id, job_events::version))
        .select(PublishedEvent::as_select());
    let mut events = rows.load(conn).await?;
    // The two lists admit more than the pairs.
    events.retain(|event| wanted.contains(&(event.event.job_id, event.event.version)));
    Ok(events)
}

/// The events of a job above `after_version`, at most `limit`, in order.
pub(super) async fn events_after(
    conn: &mut AsyncPgConnection,
    job_id: Uuid,
    after_version: i64,
    limit: i64,
) -> QueryResult<Vec<PublishedEvent>> {
    let rows = job_events::table
        .inner_join(jobs::table)
        .filter(job_events::job_id.eq(job_id))
        .filter(job_events::version.gt(after_version))
        .order(job_events::version)
        .limit(limit)
        .select(PublishedEvent::as_select());
    rows.load(conn).await
}

/// The events since a moment of one user's jobs, or of everyone's, by job and version.
pub(super) async fn events_since(
    conn: &mut AsyncPgConnection,
    user_id: Option<Uuid>,
    job_id: Option<Uuid>,
    since: DateTime<Utc>,
) -> QueryResult<Vec<PublishedEvent>> {
    let mut rows = job_events::table
        .inner_join(jobs::table)
        .filter(job_events::at.ge(since))
        .order((job_events::job_id, job_events::version))
        .select(PublishedEvent::as_select())
        .into_boxed();
    if let Some(user_id) = user_id {
        rows = rows.filter(jobs::user_id.eq(user_id));
    }
    if let Some(job_id) = job_id {
        rows = rows.filter(job_events::job_id.eq(job_id));
    }
    rows.load(conn).await
}

/// The last events of the newest active jobs of one user, or of everyone, and of those that ended a moment ago: where a
/// watcher of many jobs begins.
pub(super) async fn present_events(
    conn: &mut AsyncPgConnection,
    user_id: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<PublishedEvent>> {
    let ids: Vec<KeyRow> = statement(
        "SELECT id AS job_id, version FROM jobs
         WHERE ($1 IS NULL OR user_id = $1)
             AND (state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING')
                 OR finished_at > clock_timestamp() - interval '30 seconds')
         ORDER BY id DESC LIMIT $2",
    )
    .bind::<Nullable<SqlUuid>, _>(user_id)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    events_with_keys(conn, &keys(ids)).await
}

/// The database's clock.
pub(super) async fn now(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let moment: Moment = statement("SELECT clock_timestamp() AS at").get_result(conn).await?;
    Ok(moment.at)
}

fn keys(rows: Vec<KeyRow>) -> Vec<Key> {
    rows.into_iter().map(|row| (row.job_id, row.version)).collect()
}
