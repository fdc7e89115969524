//! The jobs that come again and again: each schedule is a row, and whoever gets its lock enqueues the job.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::clock::Clock;
use crate::db::statement::statement;
use crate::error::{Error, Result};
use crate::jobs::cron::Cron;
use crate::jobs::enqueue::{NewJob, enqueue};
use crate::jobs::job::Job;
use crate::jobs::payload::JobPayload;

/// A schedule that this program knows.
struct Schedule {
    name: &'static str,
    /// Minute, hour, day of the month, month, day of the week; in UTC.
    cron: &'static str,
    payload: fn() -> JobPayload,
}

const SCHEDULES: &[Schedule] =
    &[Schedule { name: "retention", cron: "17 3 * * *", payload: || JobPayload::Retention {} }];

/// Makes the rows of the known schedules, and corrects those whose time of day has changed with the program.
pub async fn plant(conn: &mut AsyncPgConnection) -> Result<()> {
    let now = database_time(conn).await?;
    for schedule in SCHEDULES {
        let next = next_after(schedule.cron, now)?;
        statement(
            "INSERT INTO job_schedules (name, cron, next_run_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET cron = EXCLUDED.cron, next_run_at = EXCLUDED.next_run_at
             WHERE job_schedules.cron <> EXCLUDED.cron",
        )
        .bind::<Text, _>(schedule.name)
        .bind::<Text, _>(schedule.cron)
        .bind::<Timestamptz, _>(next)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Enqueues the jobs of the schedules that are due, once each, however many ticks were missed; returns the new jobs.
pub async fn enqueue_due(conn: &mut AsyncPgConnection, clock: &Clock) -> Result<Vec<Job>> {
    conn.transaction(async |conn| {
        let mut made = Vec::new();
        for due in lock_due(conn).await? {
            let Some(schedule) = SCHEDULES.iter().find(|schedule| schedule.name == due.name) else {
                continue;
            };
            let key = format!("cron:{}:{}", due.name, due.next_run_at.timestamp());
            let mut new = NewJob::new(None, (schedule.payload)()).unique(key);
            new.schedule_name = Some(due.name.clone());
            let (cron, next) = when(schedule, &due)?;
            made.push(enqueue(conn, clock.new_id(), new).await?.job);
            advance(conn, &due.name, cron, next).await?;
        }
        Ok(made)
    })
    .await
}

/// When the schedule is due next; by what the program knows of it where nobody can read what the row says.
fn when<'a>(schedule: &'a Schedule, due: &'a Due) -> Result<(&'a str, DateTime<Utc>)> {
    match next_after(&due.cron, due.now) {
        Ok(next) => Ok((&due.cron, next)),
        Err(error) => {
            tracing::error!(%error, schedule = schedule.name, "a schedule is put right");
            Ok((schedule.cron, next_after(schedule.cron, due.now)?))
        }
    }
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    cron: String,
    #[diesel(sql_type = Timestamptz)]
    next_run_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

async fn lock_due(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Due>> {
    let known: Vec<&str> = SCHEDULES.iter().map(|schedule| schedule.name).collect();
    statement(
        "SELECT name, cron, next_run_at, clock_timestamp() AS now FROM job_schedules
         WHERE next_run_at <= now() AND name = ANY ($1) FOR UPDATE SKIP LOCKED",
    )
    .bind::<Array<Text>, _>(known)
    .get_results(conn)
    .await
}

async fn advance(
    conn: &mut AsyncPgConnection,
    name: &str,
    cron: &str,
    next: DateTime<Utc>,
) -> QueryResult<usize> {
    statement("UPDATE job_schedules SET cron = $2, next_run_at = $3 WHERE name = $1")
        .bind::<Text, _>(name)
        .bind::<Text, _>(cron)
        .bind::<Timestamptz, _>(next)
        .execute(conn)
        .await
}

async fn database_time(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let row: Now = statement("SELECT clock_timestamp() AS now").get_result(conn).await?;
    Ok(row.now)
}

fn next_after(cron: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    Cron::parse(cron).and_then(|cron| cron.next_after(now)).ok_or_else(|| {
        Error::internal("a schedule cannot be read", format!("`{cron}` is no cron expression"))
    })
}
