//! The object `JobEvent`, and what it shares with `Job`.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use serde_json::Value;

use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::{NodeType, of_job_event};
use crate::graphql::jobs::object::{Job, JobKind, JobState};
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{DateTime, int};
use crate::jobs::{self, Kind};

/// The object over a row, with what is known of its job.
pub struct JobEvent(pub jobs::PublishedEvent);

impl Ready for JobEvent {
    const WAITING: &'static [&'static str] = &["job"];
}

/// How far a job is, in items of its kind: mails, for the kinds that fetch and read them.
#[derive(SimpleObject)]
pub struct JobProgress {
    /// Items looked at, whatever came of them.
    done: i32,
    /// Items there are; null while that is not known.
    total: Option<i32>,
    /// Items that failed.
    failed: i32,
    /// Mails that were new.
    stored: i32,
    /// Transactions booked.
    booked: i32,
    /// Items that a person has to look at.
    in_review: i32,
}

/// Why an attempt of a job did not succeed.
#[derive(SimpleObject)]
pub struct JobError {
    /// A stable code, like `UNAVAILABLE`.
    code: String,
    /// `ERROR` when the work said so, `CRASH` when its worker vanished, `PANIC` or `TIMEOUT`.
    class: String,
    /// A sentence for a person.
    message: String,
    /// True when another attempt may help.
    #[graphql(name = "isRetryable")]
    retryable: bool,
    /// The attempt that it happened to.
    attempt: i32,
    /// When it happened.
    at: DateTime,
}

/// One visible change of a job.
#[Object]
impl JobEvent {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        of_job_event(self.0.event.job_id, self.0.event.version)
    }

    /// The job's id.
    async fn job_id(&self) -> ID {
        NodeType::Job.id(self.0.event.job_id)
    }

    /// What the job does; null for a kind that only a newer version of the server knows.
    async fn kind(&self) -> Option<JobKind> {
        Kind::parse(&self.0.kind).map(Into::into)
    }

    /// The job as it stands now, which may be behind this change already; null when it is not there any more.
    async fn job(&self, ctx: &Context<'_>) -> Related<Job> {
        ctx.loaders().jobs.related(Some(self.0.event.job_id), Job).await
    }

    /// The version that the change made. The versions of a job count from 1 and have no hole.
    async fn version(&self) -> i32 {
        int(self.0.event.version)
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.event.at)
    }

    /// The state after the change.
    async fn state(&self) -> JobState {
        self.0.event.state.into()
    }

    /// The attempt after the change.
    async fn attempt(&self) -> i32 {
        self.0.event.attempt
    }

    /// How far the job was.
    async fn progress(&self) -> JobProgress {
        (&self.0.event.data.progress).into()
    }

    /// The job did not run before this moment.
    async fn run_at(&self) -> DateTime {
        DateTime(self.0.event.data.run_at)
    }

    /// When somebody had asked to cancel the job; null when nobody had.
    async fn cancel_requested_at(&self) -> Option<DateTime> {
        self.0.event.data.cancel_requested_at.map(DateTime)
    }

    /// The last error until then; null when there was none.
    async fn error(&self) -> Option<JobError> {
        self.0.event.data.error_payload.clone().map(Into::into)
    }

    /// What the job had done; null before its end.
    async fn output(&self) -> Option<Json<Value>> {
        self.0.event.data.output_payload.clone().map(Json)
    }
}

impl From<&jobs::Progress> for JobProgress {
    fn from(progress: &jobs::Progress) -> Self {
        Self {
            done: int(progress.done),
            total: progress.total.map(int),
            failed: int(progress.failed),
            stored: int(progress.stored),
            booked: int(progress.booked),
            in_review: int(progress.in_review),
        }
    }
}

impl From<jobs::JobErrorPayload> for JobError {
    fn from(error: jobs::JobErrorPayload) -> Self {
        let at = DateTime(error.at);
        let jobs::JobErrorPayload { code, class, message, retryable, attempt, .. } = error;
        Self { code, class, message, retryable, attempt, at }
    }
}
