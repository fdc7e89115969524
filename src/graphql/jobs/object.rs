//! The object `Job`.

use async_graphql::{Context, Enum, ID, Json, Object};
use serde_json::Value;

use crate::graphql::at_once::Ready;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::event::{JobError, JobEvent, JobProgress};
use crate::graphql::jobs::query;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{DateTime, int};
use crate::graphql::users::object::User;
use crate::jobs;

/// The object over a row.
pub struct Job(pub jobs::Job);

impl Ready for Job {
    const WAITING: &'static [&'static str] = &["user", "events"];
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "JobKind", remote = "jobs::Kind")]
pub enum JobKind {
    /// Brings the new mails of connected accounts.
    FetchEmails,
    /// Reads mails into the ledger.
    ExtractEmails,
    /// Sends one of the server's own mails.
    SendEmail,
    /// Deletes jobs that ended long ago, and what else nobody needs any more.
    Retention,
    /// Deletes a user who has left.
    DeleteUser,
}

/// Where a job stands. SUCCESS, FAILED and CANCELLED are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "JobState", remote = "jobs::State")]
pub enum JobState {
    /// Waits for its time.
    Scheduled,
    /// Waits for a free worker.
    Queued,
    /// A worker has it.
    Running,
    /// Failed, and waits for its next attempt.
    Retrying,
    /// Ended well; some of its items may have failed.
    Success,
    /// Ended badly.
    Failed,
    /// Ended because somebody asked for it.
    Cancelled,
}

/// Which workers a job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "JobQueue", remote = "jobs::Queue")]
pub enum JobQueue {
    /// Database-heavy work.
    Base,
    /// Fetching, reading and sending mails.
    Email,
}

/// Work that goes on after the request that started it.
#[Object]
impl Job {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Job.id(self.0.id)
    }

    /// What it does; null for a kind that only a newer version of the server knows.
    async fn kind(&self) -> Option<JobKind> {
        self.0.known_kind().map(Into::into)
    }

    /// Which workers it waits for.
    async fn queue(&self) -> JobQueue {
        self.0.queue.into()
    }

    /// For whom it runs; null for the server's own work.
    async fn user(&self, ctx: &Context<'_>) -> Related<User> {
        ctx.loaders().users.related(self.0.user_id, User).await
    }

    /// Where it stands.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// How far it is.
    async fn progress(&self) -> JobProgress {
        (&self.0.progress).into()
    }

    /// How often a worker has taken it.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// How many attempts it has. One that was interrupted, as by a restart of its worker, does not count.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// Counts the visible changes, from 1.
    async fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// It does not run before this moment.
    async fn run_at(&self) -> DateTime {
        DateTime(self.0.run_at)
    }

    /// When a worker first took it; null before that.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended; null before that.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }

    /// When somebody asked to cancel it; null when nobody did.
    async fn cancel_requested_at(&self) -> Option<DateTime> {
        self.0.cancel_requested_at.map(DateTime)
    }

    /// The last error; null when there was none.
    async fn error(&self) -> Option<JobError> {
        self.0.error_payload.clone().map(Into::into)
    }

    /// What it did, in a form of its kind; null before its end.
    async fn output(&self) -> Option<Json<Value>> {
        self.0.output_payload.clone().map(Json)
    }

    /// When it was enqueued.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Its visible changes, from the first on.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<JobEvent>> {
        Some(query::list_events(ctx, self.0.id, &Window { first, after, last, before }).await)
    }
}
