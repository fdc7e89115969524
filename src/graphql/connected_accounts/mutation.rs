//! The mutations that connect a mailbox and fetch its mails.

use async_graphql::{Context, Object, SimpleObject};
use diesel_async::AsyncConnection;

use crate::error::{Error, Result};
use crate::graphql::change::once;
use crate::graphql::connected_accounts::input::{CreateConnectedAccountInput, FetchEmailsInput};
use crate::graphql::connected_accounts::object::ConnectedAccount;
use crate::graphql::context::RequestContext;
use crate::graphql::extraction::input::positive;
use crate::graphql::jobs::object::Job;
use crate::graphql::jobs::trigger::trigger;
use crate::graphql::user_error::{UserError, user_errors};
use crate::jobs::{Enqueued, JobPayload, NewJob};
use crate::mailbox;
use crate::mailbox::connected_account::change;
use crate::mailbox::import_folder::ImportFolder;
use crate::users::user;

/// The fields of the mutation root.
#[derive(Default)]
pub struct ConnectedAccountMutation;

/// What became of the wish to connect a mailbox.
#[derive(SimpleObject)]
pub struct CreateConnectedAccountPayload {
    /// The mailbox; null when none was connected.
    connected_account: Option<ConnectedAccount>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to have mails fetched.
#[derive(SimpleObject)]
pub struct FetchEmailsPayload {
    /// The job that fetches them; null when there is none.
    job: Option<Job>,
    /// True when such a job was active already, and no other was made.
    is_deduplicated: bool,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl ConnectedAccountMutation {
    /// Connects a mailbox of the viewer's. Its mails come with `fetchEmails`.
    async fn create_connected_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mailbox to connect.")] input: CreateConnectedAccountInput,
    ) -> Result<CreateConnectedAccountPayload> {
        ctx.viewer()?;
        let (connected_account, user_errors) = match connect(ctx, input).await {
            Ok(account) => (Some(ConnectedAccount(account)), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(CreateConnectedAccountPayload { connected_account, user_errors })
    }

    /// Starts a job that brings the new mails of one mailbox, or of all of the viewer's of one provider.
    async fn fetch_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mails are to be fetched.")] input: FetchEmailsInput,
    ) -> Result<FetchEmailsPayload> {
        ctx.viewer()?;
        let (job, is_deduplicated, user_errors) = match start(ctx, &input).await {
            Ok(started) => (Some(Job(started.job)), started.is_deduplicated, Vec::new()),
            Err(error) => (None, false, user_errors(error)?),
        };
        Ok(FetchEmailsPayload { job, is_deduplicated, user_errors })
    }
}

async fn connect(ctx: &Context<'_>, input: CreateConnectedAccountInput) -> Result<mailbox::ConnectedAccount> {
    let once = once("createConnectedAccount", input.idempotency_key.as_deref(), &input)?;
    let viewer = ctx.viewer()?;
    let mut conn = ctx.conn().await?;
    let user = user::find(&mut conn, viewer.user_id).await?.ok_or(Error::Unauthenticated)?;
    let folder = ImportFolder::new(ctx.app().import_folder_of(&user.username));
    let new = input.new_account(folder);
    change::connect(&mut conn, &ctx.app().clock, user.id, new, once.as_ref(), &ctx.author()).await
}

async fn start(ctx: &Context<'_>, input: &FetchEmailsInput) -> Result<Enqueued> {
    let once = once("fetchEmails", input.idempotency_key.as_deref(), input)?;
    let (limit, clock) = (positive(input.limit)?, &ctx.app().clock);
    let viewer = ctx.viewer()?;
    let mut conn = ctx.conn().await?;
    let enqueued = conn.transaction(async |conn| {
        let scope = input.source.scope(conn, viewer).await?;
        let connected_account_ids = scope.connected_account_ids;
        let payload = JobPayload::FetchEmails { connected_account_ids, limit };
        let job = NewJob::new(Some(scope.user_id), payload).unique(scope.unique_key);
        trigger(conn, clock, viewer, job, once.as_ref()).await
    });
    let enqueued = enqueued.await?;
    ctx.app().publisher.publish(&enqueued.job);
    Ok(enqueued)
}
