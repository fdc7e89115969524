//! The mutation that starts the reading of mails.

use async_graphql::{Context, Object, SimpleObject};
use diesel_async::AsyncConnection;

use crate::error::{Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::extraction::input::ExtractEmailsInput;
use crate::graphql::jobs::object::Job;
use crate::graphql::user_error::{UserError, user_errors};
use crate::jobs::{Enqueued, NewJob, enqueue};
use crate::users::user;

/// The fields of the mutation root.
#[derive(Default)]
pub struct ExtractionMutation;

/// What became of the wish to have mails read.
#[derive(SimpleObject)]
pub struct ExtractEmailsPayload {
    /// The job that reads them; null when there is none.
    job: Option<Job>,
    /// True when such a job was active already, and no other was made.
    is_deduplicated: bool,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl ExtractionMutation {
    /// Starts a job that reads pending mails into the ledger.
    async fn extract_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mails are to be read.")] input: ExtractEmailsInput,
    ) -> Result<ExtractEmailsPayload> {
        ctx.viewer()?;
        let (job, is_deduplicated, user_errors) = match start(ctx, &input).await {
            Ok(started) => (Some(Job(started.job)), started.is_deduplicated, Vec::new()),
            Err(error) => (None, false, user_errors(error)?),
        };
        Ok(ExtractEmailsPayload { job, is_deduplicated, user_errors })
    }
}

async fn start(ctx: &Context<'_>, input: &ExtractEmailsInput) -> Result<Enqueued> {
    let (payload, id) = (input.payload()?, ctx.app().clock.new_id());
    let whose = match &input.user_id {
        Some(_) => ctx.visibility(input.user_id.as_ref())?.user(),
        None => Some(ctx.viewer()?.user_id),
    };
    let conn = &mut *ctx.conn().await?;
    let enqueued = conn.transaction(async |conn| {
        let user_id = whose.ok_or(Error::Unauthenticated)?;
        user::find(conn, user_id).await?.ok_or_else(|| Error::unknown("userId", "user"))?;
        Ok::<_, Error>(enqueue(conn, id, NewJob::new(Some(user_id), payload).unique("extract")).await?)
    });
    let enqueued = enqueued.await?;
    ctx.app().publisher.publish(&enqueued.job);
    Ok(enqueued)
}
