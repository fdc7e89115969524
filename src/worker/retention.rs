//! `RETENTION`: deletes what ended long ago: the keys of mutations, sessions, counted attempts, codes and raw mails first, then jobs.

use crate::app::App;
use crate::error::Error;
use crate::idempotency;
use crate::jobs::{JobError, Outcome, RunningJob, retention};
use crate::mailbox;
use crate::users::{deletion, leftovers};

/// Rows of each table a statement.
const BATCH: i64 = 500;

/// Erases old sources of mails and deletes the leftovers of sign-ins statement by statement, then hands on to the jobs' own retention.
pub async fn run(app: &App, running: &RunningJob) -> Result<Outcome, JobError> {
    loop {
        running.keep_going()?;
        let mut conn = app.pool.connection().await?;
        if leftovers::delete(&mut conn, app.clock.now(), BATCH).await? == 0 {
            break;
        }
    }
    loop {
        running.keep_going()?;
        let mut conn = app.pool.connection().await?;
        if mailbox::retention::erase_sources(&mut conn, app.config.email_source_retention, BATCH).await? == 0
        {
            break;
        }
    }
    let mut conn = app.pool.connection().await?;
    for resumed in deletion::resume(&mut conn, &app.clock).await? {
        app.publisher.publish(&resumed.job);
    }
    idempotency::delete_expired(&mut conn, app.clock.now()).await.map_err(Error::from)?;
    drop(conn);
    retention::run(&app.pool, running, app.config.jobs.retention).await
}
