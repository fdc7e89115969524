//! The kind RETENTION: what is over goes, so that the tables stay small.

use crate::app::App;
use crate::error::Error;
use crate::idempotency;
use crate::jobs::{JobError, Outcome, RunningJob, retention};

/// Deletes the keys of mutations that have expired, and the jobs that ended long ago.
pub async fn run(app: &App, running: &RunningJob) -> Result<Outcome, JobError> {
    let mut conn = app.pool.connection().await?;
    idempotency::delete_expired(&mut conn, app.clock.now()).await.map_err(Error::from)?;
    drop(conn);
    retention::run(&app.pool, running, app.config.jobs.retention).await
}
