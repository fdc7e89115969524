//! The mutation that starts the reading of mails.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, Object, SimpleObject};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::mutation::{EmailResult, answer_each, read};
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
    /// The answer for each mail that was named, in the order of the ids; an ignored one is `INVALID`.
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
        let mut named = Named::default();
        let (started, user_errors) = split(start(ctx, &input, &mut named).await, |started| started)?;
        let is_deduplicated = started.as_ref().is_some_and(|started| started.is_deduplicated);
        let ids = input.email_ids.as_deref().unwrap_or_default();
        let results = answer_each(ids, |id| named.answer(id))?;
        let job = started.map(|started| Job(started.job));
        Ok(ExtractEmailsPayload { job, is_deduplicated, results, user_errors })
    }
}

/// The mails that were named and are the user's.
#[derive(Default)]
struct Named {
    readable: HashMap<Uuid, mailbox::Email>,
    ignored: HashSet<Uuid>,
}

impl Named {
    async fn find(conn: &mut AsyncPgConnection, user_id: Uuid, ids: &[Uuid]) -> Result<Self> {
        let mut named = Self::default();
        for mail in email::for_ids(conn, Visibility::Of(user_id), ids).await? {
            if mail.extraction_status == ExtractionStatus::Ignored.as_str() {
                named.ignored.insert(mail.id);
            } else {
                named.readable.insert(mail.id, mail);
            }
        }
        Ok(named)
    }

    /// The ids of what can be read, in order; why not when that is none of them.
    fn ids(&self) -> Result<Vec<Uuid>> {
        let mut ids: Vec<Uuid> = self.readable.keys().copied().collect();
        ids.sort_unstable();
        match (ids.is_empty(), self.ignored.is_empty()) {
            (true, true) => Err(Error::unknown("emailIds", "mail")),
            (true, false) => Err(is_ignored("emailIds")),
            (false, _) => Ok(ids),
        }
    }

    fn answer(&self, id: Uuid) -> Result<mailbox::Email> {
        if self.ignored.contains(&id) {
            return Err(is_ignored(""));
        }
        self.readable.get(&id).cloned().ok_or(Error::NotFound("mail"))
    }
}

fn is_ignored(field: &str) -> Error {
    Error::rejected(field, Code::Invalid, "It is ignored; restore it first.")
}

/// Starts the job; `named` is what was found of the mails that the input names, whether or not it started.
async fn start(ctx: &Context<'_>, input: &ExtractEmailsInput, named: &mut Named) -> Result<Enqueued> {
    let once = once("extractEmails", input.idempotency_key.as_deref(), input)?;
    let whose = match &input.user_id {
        Some(_) => ctx.visibility(input.user_id.as_ref())?.user(),
        None => Some(ctx.viewer()?.user_id),
    };
    let (user_id, viewer) = (whose.ok_or(Error::Unauthenticated)?, ctx.viewer()?);
    let ids = input.email_ids.as_deref().map(|ids| read(ids, "emailIds")).transpose()?;
    let clock = &ctx.app().clock;
    let conn = &mut *ctx.conn().await?;
    let started = conn.transaction(async |conn| {
        user::find(conn, user_id).await?.ok_or_else(|| Error::unknown("userId", "user"))?;
        let ids = match &ids {
            Some(ids) => {
                *named = Named::find(conn, user_id, ids).await?;
                Some(named.ids()?)
            }
            None => None,
        };
        let are_named = ids.is_some();
        let new = NewJob::new(Some(user_id), input.payload(ids)?);
        // Mails that were named are read whatever else runs.
        let new = if are_named { new } else { new.unique("extract") };
        trigger(conn, clock, viewer, new, once.as_ref()).await
    });
    let started = started.await?;
    ctx.app().publisher.publish(&started.job);
    Ok(started)
}
