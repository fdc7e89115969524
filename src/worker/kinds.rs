//! Which code runs which kind of job.

use std::sync::Arc;

use crate::app::App;
use crate::jobs::{JobError, JobPayload, Outcome, RunningJob};
use crate::worker::{extract_emails, fetch_emails, retention, send_email};

/// Runs one attempt of a job.
pub async fn run(app: Arc<App>, running: RunningJob, payload: JobPayload) -> Result<Outcome, JobError> {
    match payload {
        JobPayload::FetchEmails { connected_account_ids, limit } => {
            fetch_emails::run(&app, &running, connected_account_ids, limit).await
        }
        JobPayload::ExtractEmails { limit, batch_size, email_ids } => {
            let order = extract_emails::Order { limit, batch_size, email_ids };
            extract_emails::run(&app, &running, order).await
        }
        JobPayload::SendEmail(outgoing) => send_email::run(&app, &running, outgoing).await,
        JobPayload::Retention {} => retention::run(&app, &running).await,
    }
}
