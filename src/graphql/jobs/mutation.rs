//! The mutations of jobs: to cancel one, and to have one tried again.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::error::{Code, Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::object::Job;
use crate::graphql::user_error::{UserError, split};
use crate::jobs::{self, Kind, Moved, State};

/// The fields of the mutation root.
#[derive(Default)]
pub struct JobMutation;

/// Which job is to be cancelled.
#[derive(InputObject)]
pub struct CancelJobInput {
    /// The job.
    job_id: ID,
}

/// Which job is to be tried again.
#[derive(InputObject)]
pub struct RetryJobInput {
    /// The job.
    job_id: ID,
}

/// What became of the wish to cancel a job.
#[derive(SimpleObject)]
pub struct CancelJobPayload {
    /// The job as it stands now. One that runs has `cancelRequestedAt`, and ends within moments; null when there is none.
    job: Option<Job>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to have a job tried again.
#[derive(SimpleObject)]
pub struct RetryJobPayload {
    /// The job as it stands now, or the active one that does the same work by now; null when there is none.
    job: Option<Job>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl JobMutation {
    /// Cancels a job: at once when it waits, at its next step when it runs. What it has done so far stays. For one that was
    /// cancelled already, nothing more happens. An admin may cancel everyone's jobs.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job is to be cancelled.")] input: CancelJobInput,
    ) -> Result<CancelJobPayload> {
        ctx.viewer()?;
        let (job, user_errors) = split(cancel(ctx, &input.job_id).await, Job)?;
        Ok(CancelJobPayload { job, user_errors })
    }

    /// Puts a job that failed or was cancelled back to work, with a fresh set of attempts, from where it had come to. For one
    /// that is at work already, nothing more happens. An admin may retry everyone's jobs.
    async fn retry_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job is to be tried again.")] input: RetryJobInput,
    ) -> Result<RetryJobPayload> {
        ctx.viewer()?;
        let (job, user_errors) = split(retry(ctx, &input.job_id).await, Job)?;
        Ok(RetryJobPayload { job, user_errors })
    }
}

async fn cancel(ctx: &Context<'_>, id: &ID) -> Result<jobs::Job> {
    let (viewer, id) = (ctx.viewer()?, NodeType::Job.parse(id).ok_or_else(unknown)?);
    let (visibility, author) = (viewer.visibility(), ctx.author());
    let conn = &mut *ctx.conn().await?;
    let moving = conn.transaction(async |conn| {
        let moved = jobs::cancel(conn, visibility, id, viewer.user_id).await?;
        note(conn, &author, Action::JobCancelled, moved).await
    });
    let moved = moving.await?;
    let job = told(ctx, moved)?;
    match job.state {
        State::Success | State::Failed => Err(refused("The job has ended, so it cannot be cancelled.")),
        _ if job.known_kind() == Some(Kind::DeleteUser) => {
            Err(refused("A user is deleted as a whole or not at all, so this job cannot be cancelled."))
        }
        _ => Ok(job),
    }
}

async fn retry(ctx: &Context<'_>, id: &ID) -> Result<jobs::Job> {
    let (viewer, id) = (ctx.viewer()?, NodeType::Job.parse(id).ok_or_else(unknown)?);
    let (visibility, author) = (viewer.visibility(), ctx.author());
    let conn = &mut *ctx.conn().await?;
    let moving = conn.transaction(async |conn| {
        let moved = jobs::retry(conn, visibility, id).await?;
        note(conn, &author, Action::JobRetried, moved).await
    });
    let moved = moving.await?;
    let job = told(ctx, moved)?;
    match (job.state, job.known_kind()) {
        (State::Success, _) => Err(refused("The job ended well, so there is nothing to try again.")),
        (_, None) => Err(refused("Only a newer version of the server knows how to do this job.")),
        _ => Ok(job),
    }
}

/// Writes a change down, beside it.
async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    moved: Option<Moved>,
) -> QueryResult<Option<Moved>> {
    if let Some(Moved { job, is_changed: true }) = &moved {
        let subject = Some((SubjectKind::Job, job.id));
        audit::record(conn, author, action, job.user_id, subject, Changes::none()).await?;
    }
    Ok(moved)
}

/// Tells the others of a change, which is committed.
fn told(ctx: &Context<'_>, moved: Option<Moved>) -> Result<jobs::Job> {
    let Moved { job, is_changed } = moved.ok_or_else(unknown)?;
    if is_changed {
        ctx.app().publisher.publish(&job);
    }
    Ok(job)
}

fn unknown() -> Error {
    Error::unknown("jobId", "job")
}

fn refused(message: &str) -> Error {
    Error::rejected("jobId", Code::Invalid, message)
}
