//! How full the queues are, for people who look after the server.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::jobs;
use crate::db::statement::statement;
use crate::jobs::payload::Kind;
use crate::jobs::state::{Queue, State};

/// One queue at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatistics {
    /// The queue.
    pub queue: Queue,
    /// Jobs that wait for their time.
    pub scheduled: i64,
    /// Jobs that wait for a worker.
    pub queued: i64,
    /// Jobs that a worker has.
    pub running: i64,
    /// Jobs that wait for another attempt.
    pub retrying: i64,
    /// Since when the job waits that has waited longest for a worker; `None` when none waits.
    pub oldest_queued_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    queue: Queue,
    #[diesel(sql_type = Text)]
    state: State,
    #[diesel(sql_type = BigInt)]
    jobs: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Workers {
    #[diesel(sql_type = BigInt)]
    workers: i64,
}

/// Every queue, the empty ones too.
pub async fn queues(conn: &mut AsyncPgConnection) -> QueryResult<Vec<QueueStatistics>> {
    let rows: Vec<Row> = statement(
        "SELECT queue, state, count(*) AS jobs, min(run_at) AS oldest FROM jobs
         WHERE state IN ('SCHEDULED', 'RETRYING', 'QUEUED', 'RUNNING') GROUP BY queue, state",
    )
    .load(conn)
    .await?;
    let found: HashMap<(Queue, State), Row> =
        rows.into_iter().map(|row| ((row.queue, row.state), row)).collect();
    let count = |queue, state| found.get(&(queue, state)).map_or(0, |row| row.jobs);
    Ok(Queue::ALL
        .into_iter()
        .map(|queue| QueueStatistics {
            queue,
            scheduled: count(queue, State::Scheduled),
            queued: count(queue, State::Queued),
            running: count(queue, State::Running),
            retrying: count(queue, State::Retrying),
            oldest_queued_at: found.get(&(queue, State::Queued)).and_then(|row| row.oldest),
        })
        .collect())
}

/// The jobs of one kind that are in one state and have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveJobs {
    /// Their queue.
    pub queue: Queue,
    /// The name of their kind; `OTHER` for one of another version of the program.
    pub kind: &'static str,
    /// Their state.
    pub state: State,
    /// How many they are.
    pub count: i64,
}

#[derive(QueryableByName)]
struct ActiveRow {
    #[diesel(sql_type = Text)]
    queue: Queue,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    state: State,
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

/// The jobs that have not ended, by queue, kind and state: each kind waiting and running, also where there is none. The
/// partial indexes hold no others, so what it costs is bounded by what waits.
pub async fn count_active(conn: &mut AsyncPgConnection) -> QueryResult<Vec<ActiveJobs>> {
    let rows: Vec<ActiveRow> = statement(
        "SELECT queue, kind, state, count(*) AS jobs FROM jobs
         WHERE state IN ('SCHEDULED', 'RETRYING', 'QUEUED', 'RUNNING') GROUP BY queue, kind, state",
    )
    .load(conn)
    .await?;
    let mut counts: Vec<ActiveJobs> = Vec::new();
    for kind in Kind::ALL {
        for state in [State::Queued, State::Running] {
            counts.push(ActiveJobs { queue: kind.queue(), kind: kind.as_str(), state, count: 0 });
        }
    }
    for ActiveRow { queue, kind, state, jobs } in rows {
        let kind = Kind::parse(&kind).map_or("OTHER", Kind::as_str);
        let same = |known: &&mut ActiveJobs| (known.queue, known.kind, known.state) == (queue, kind, state);
        match counts.iter_mut().find(same) {
            Some(known) => known.count += jobs,
            None => counts.push(ActiveJobs { queue, kind, state, count: jobs }),
        }
    }
    Ok(counts)
}

/// How many jobs there are in each state, in one statement.
pub async fn count_by_state(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(State, i64)>> {
    let groups = jobs::table.group_by(jobs::state);
    let rows: Vec<(State, i64)> = groups.select((jobs::state, diesel::dsl::count_star())).load(conn).await?;
    let found: HashMap<State, i64> = rows.into_iter().collect();
    Ok(State::ALL.map(|state| (state, found.get(&state).copied().unwrap_or_default())).to_vec())
}

/// How many workers gave a sign of life within the last half minute.
pub async fn living_workers(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let row: Workers = statement(
        "SELECT count(*) AS workers FROM job_workers WHERE seen_at > clock_timestamp() - interval '30 seconds'",
    )
    .get_result(conn)
    .await?;
    Ok(row.workers)
}
