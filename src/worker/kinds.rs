//! Which code runs which kind of job.

use std::sync::Arc;

use crate::app::App;
use crate::jobs::{JobError, JobPayload, Outcome, RunningJob, retention};

/// Runs one attempt of a job.
pub async fn run(app: Arc<App>, running: RunningJob, payload: JobPayload) -> Result<Outcome, JobError> {
    match payload {
        JobPayload::Retention {} => retention::run(&app.pool, &running, app.config.jobs.retention).await,
        JobPayload::FetchEmails { .. } | JobPayload::ExtractEmails { .. } | JobPayload::SendEmail(_) => {
            Err(JobError::fail("UNKNOWN_KIND", "This version does not run jobs of this kind."))
        }
    }
}
