//! The mutation that starts the reading of mails.

use std::collections::HashMap;

use async_graphql::{Context, Object, SimpleObject};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::mutation::{EmailResult, answers, read};
use crate::graphql::extraction::input::ExtractEmailsInput;
use crate::graphql::jobs::object::Job;
use crate::graphql::jobs::trigger::trigger;
use crate::graphql::user_error::{UserError, split};
use crate::jobs::{Enqueued, NewJob};
use crate::mailbox::{self, ExtractionStatus, email};
use crate::users::user;
use crate::viewer::Visibility;

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
    /// The answer for each mail that was named, in the order of the ids; not found are ignored ones, too.
    results: Vec<EmailResult>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl ExtractionMutation {
    /// Starts a job that reads pending mails into the ledger, or some that are named, whatever became of them before. An admin may start
    /// one for another user.
    async fn extract_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mails are to be read.")] input: ExtractEmailsInput,
    ) -> Result<ExtractEmailsPayload> {
        ctx.viewer()?;
        let (started, user_errors) = split(start(ctx, &input).await, |started| started)?;
        let (started, found) = started.map_or((None, HashMap::new()), |(job, found)| (Some(job), found));
        let is_deduplicated = started.as_ref().is_some_and(|started| started.is_deduplicated);
        let (results, _) = answers(input.email_ids.as_deref().unwrap_or_default(), Ok(found))?;
        let job = started.map(|started| Job(started.job));
        Ok(ExtractEmailsPayload { job, is_deduplicated, results, user_errors })
    }
}

/// The job, and what becomes of each mail that was named.
async fn start(
    ctx: &Context<'_>,
    input: &ExtractEmailsInput,
) -> Result<(Enqueued, HashMap<Uuid, mailbox::Email>)> {
    let once = once("extractEmails", input.idempotency_key.as_deref(), input)?;
    let whose = match &input.user_id {
        Some(_) => ctx.visibility(input.user_id.as_ref())?.user(),
        None => Some(ctx.viewer()?.user_id),
    };
    let (user_id, viewer) = (whose.ok_or(Error::Unauthenticated)?, ctx.viewer()?);
    let named = input.email_ids.as_deref().map(|ids| read(ids, "emailIds")).transpose()?;
    let clock = &ctx.app().clock;
    let conn = &mut *ctx.conn().await?;
    let started = conn.transaction(async |conn| {
        user::find(conn, user_id).await?.ok_or_else(|| Error::unknown("userId", "user"))?;
        let found = match &named {
            Some(ids) => readable(conn, user_id, ids).await?,
            None => HashMap::new(),
        };
        let mut ids: Vec<Uuid> = found.keys().copied().collect();
        ids.sort_unstable();
        let payload = input.payload(named.is_some().then_some(ids))?;
        let new = NewJob::new(Some(user_id), payload);
        // Mails that were named are read whatever else runs.
        let new = if named.is_some() { new } else { new.unique("extract") };
        let enqueued = trigger(conn, clock, viewer, new, once.as_ref()).await?;
        Ok::<_, Error>((enqueued, found))
    });
    let started = started.await?;
    ctx.app().publisher.publish(&started.0.job);
    Ok(started)
}

/// The user's mails among `ids` that can be read; `NotFound` when there are none.
async fn readable(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, mailbox::Email>> {
    let found = email::for_ids(conn, Visibility::Of(user_id), ids).await?;
    let is_ignored = |mail: &mailbox::Email| mail.extraction_status == ExtractionStatus::Ignored.as_str();
    let found: HashMap<_, _> =
        found.into_iter().filter(|mail| !is_ignored(mail)).map(|mail| (mail.id, mail)).collect();
    if found.is_empty() { Err(Error::unknown("emailIds", "mail")) } else { Ok(found) }
}
