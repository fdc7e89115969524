//! What the table says of events, for those who watch: which ones are new, and what they hold.
//!
//! These statements run again and again beside a table that keeps a month of events, so each finds its rows by an index;
//! a test looks at their plans.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Watched;
use crate::db::schema::{job_events, jobs};
use crate::db::statement::statement;
use crate::jobs::event::{EventData, JobEvent, PublishedEvent};
use crate::jobs::state::State;

/// An event's place: the job and the version.
pub(super) type Key = (Uuid, i64);

/// The most keys of one look; it stands in the statement, because a bound limit would be planned for a tenth of the table.
pub(super) const MOST_KEYS: usize = 10_000;

pub(super) const RECENT_KEYS: &str =
    "SELECT job_id, version, at FROM job_events WHERE at > $1 ORDER BY at LIMIT 10000";

pub(super) const ACTIVE_OF_USER: &str = "(SELECT id AS job_id, version FROM jobs
        WHERE user_id = $1 AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING') ORDER BY id DESC LIMIT 200)
    UNION ALL
    (SELECT id, version FROM jobs
        WHERE user_id = $1 AND finished_at > statement_timestamp() - interval '30 seconds' LIMIT 1000)";

pub(super) const ACTIVE_OF_EVERYONE: &str = "(SELECT id AS job_id, version FROM jobs
        WHERE state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING') ORDER BY id DESC LIMIT 200)
    UNION ALL
    (SELECT id, version FROM jobs WHERE finished_at > statement_timestamp() - interval '30 seconds' LIMIT 1000)";

pub(super) const PRESENT_KEYS: &str = "SELECT id AS job_id, version FROM jobs WHERE id = ANY($1)
    UNION
    (SELECT id, version FROM jobs
        WHERE ($3 OR user_id = ANY($2)) AND state IN ('SCHEDULED', 'QUEUED', 'RUNNING', 'RETRYING') LIMIT 1000)
    UNION
    (SELECT id, version FROM jobs
        WHERE ($3 OR user_id = ANY($2)) AND finished_at > statement_timestamp() - interval '1 minute' LIMIT 1000)";

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// The key of an event, and when it was written.
#[derive(QueryableByName)]
pub(super) struct Written {
    #[diesel(sql_type = SqlUuid)]
    pub(super) job_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub(super) version: i64,
    #[diesel(sql_type = Timestamptz)]
    pub(super) at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    state: State,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Jsonb)]
    data: EventData,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// The events that were written after `since`, the oldest first, at most [`MOST_KEYS`].
pub(super) async fn recent_keys(
    conn: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Written>> {
    statement(RECENT_KEYS).bind::<Timestamptz, _>(since).load(conn).await
}

/// The present versions of the watched jobs: those named, and of watched users the active ones and those that ended lately.
pub(super) async fn present_keys(conn: &mut AsyncPgConnection, watched: &Watched) -> QueryResult<Vec<Key>> {
    let rows: Vec<KeyRow> = statement(PRESENT_KEYS)
        .bind::<Array<SqlUuid>, _>(watched.jobs.clone())
        .bind::<Array<SqlUuid>, _>(watched.users.clone())
        .bind::<Bool, _>(watched.everyone)
        .load(conn)
        .await?;
    Ok(keys(rows))
}

/// The watched ones of the events with those keys, by job and version.
pub(super) async fn events_with_keys(
    conn: &mut AsyncPgConnection,
    keys: &[Key],
    watched: &Watched,
) -> QueryResult<Vec<PublishedEvent>> {
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = keys.iter().copied().unzip();
    let rows: Vec<EventRow> = statement(
        "SELECT j.user_id, j.kind, e.job_id, e.version, e.at, e.state, e.attempt, e.data
         FROM unnest($1, $2) AS wanted (job_id, version)
         JOIN job_events e ON e.job_id = wanted.job_id AND e.version = wanted.version
         JOIN jobs j ON j.id = e.job_id
         WHERE $3 OR j.id = ANY($4) OR j.user_id = ANY($5)
         ORDER BY e.job_id, e.version",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(versions)
    .bind::<Bool, _>(watched.everyone)
    .bind::<Array<SqlUuid>, _>(watched.jobs.clone())
    .bind::<Array<SqlUuid>, _>(watched.users.clone())
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(PublishedEvent::from).collect())
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

/// The events of a job that were written at `since` or later, in order.
pub(super) async fn events_since(
    conn: &mut AsyncPgConnection,
    job_id: Uuid,
    since: DateTime<Utc>,
) -> QueryResult<Vec<PublishedEvent>> {
    let rows = job_events::table
        .inner_join(jobs::table)
        .filter(job_events::job_id.eq(job_id))
        .filter(job_events::at.ge(since))
        .order(job_events::version)
        .select(PublishedEvent::as_select());
    rows.load(conn).await
}

/// Where a watcher of many jobs begins: the last events of the newest active jobs of one user, or of everyone, and of those
/// that ended a moment ago.
pub(super) async fn present_events(
    conn: &mut AsyncPgConnection,
    user_id: Option<Uuid>,
) -> QueryResult<Vec<PublishedEvent>> {
    let rows: Vec<KeyRow> = match user_id {
        Some(user) => statement(ACTIVE_OF_USER).bind::<SqlUuid, _>(user).load(conn).await?,
        None => statement(ACTIVE_OF_EVERYONE).load(conn).await?,
    };
    let watched =
        Watched { everyone: user_id.is_none(), users: user_id.into_iter().collect(), jobs: Vec::new() };
    events_with_keys(conn, &keys(rows), &watched).await
}

/// The present version of a job; `None` when it is not there any more.
pub(super) async fn version_of(conn: &mut AsyncPgConnection, job_id: Uuid) -> QueryResult<Option<i64>> {
    jobs::table.filter(jobs::id.eq(job_id)).select(jobs::version).first(conn).await.optional()
}

/// The database's clock.
pub(super) async fn now(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let moment: Moment = statement("SELECT clock_timestamp() AS at").get_result(conn).await?;
    Ok(moment.at)
}

fn keys(rows: Vec<KeyRow>) -> Vec<Key> {
    rows.into_iter().map(|row| (row.job_id, row.version)).collect()
}

impl From<EventRow> for PublishedEvent {
    fn from(row: EventRow) -> Self {
        let EventRow { user_id, kind, job_id, version, at, state, attempt, data } = row;
        Self { user_id, kind, event: JobEvent { job_id, version, at, state, attempt, data } }
    }
}
