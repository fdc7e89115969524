//! The mutations of mails, several at a time, with an answer for each. They move the viewer's own rows alone, an admin's too.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::user_error::{UserError, split, user_errors};
use crate::mailbox::{self, manage};

/// The mails that something was done to, by the ids of their rows.
pub type Found = HashMap<Uuid, mailbox::Email>;

/// The most mails of one call.
const MOST_IDS: usize = 100;

/// The fields of the mutation root.
#[derive(Default)]
pub struct EmailMutation;

/// The mails to ignore.
#[derive(InputObject)]
pub struct IgnoreEmailsInput {
    /// The mails, at most 100.
    ids: Vec<ID>,
}

/// The mails to ignore no more.
#[derive(InputObject)]
pub struct RestoreEmailsInput {
    /// The mails, at most 100.
    ids: Vec<ID>,
}

/// The mails to erase.
#[derive(InputObject)]
pub struct DeleteEmailsInput {
    /// The mails, at most 100.
    ids: Vec<ID>,
}

/// What became of the wish about one mail.
pub struct EmailResult {
    id: ID,
    email: Option<mailbox::Email>,
    user_errors: Vec<UserError>,
}

/// What became of the wish to delete one mail.
#[derive(SimpleObject)]
pub struct DeletedEmailResult {
    /// The id that was sent.
    id: ID,
    /// The id that the mail had; null when nothing was deleted.
    deleted_email_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to have mails ignored.
#[derive(SimpleObject)]
pub struct IgnoreEmailsPayload {
    /// The answer for each mail, in the order of the ids.
    results: Vec<EmailResult>,
    /// Why nothing was done to any of them; empty when they were looked at.
    user_errors: Vec<UserError>,
}

/// What became of the wish not to have mails ignored any more.
#[derive(SimpleObject)]
pub struct RestoreEmailsPayload {
    /// The answer for each mail, in the order of the ids.
    results: Vec<EmailResult>,
    /// Why nothing was done to any of them; empty when they were looked at.
    user_errors: Vec<UserError>,
}

/// What became of the wish to delete mails.
#[derive(SimpleObject)]
pub struct DeleteEmailsPayload {
    /// The answer for each mail, in the order of the ids.
    results: Vec<DeletedEmailResult>,
    /// Why nothing was done to any of them; empty when they were looked at.
    user_errors: Vec<UserError>,
}

/// What became of the wish about one mail.
#[Object]
impl EmailResult {
    /// The id that was sent.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// The mail as it is now; null when nothing was done, and for an API token that may not read.
    async fn email(&self, ctx: &Context<'_>) -> Related<Email> {
        let email = self.email.clone()?;
        Some(ctx.reader().map(|_| Email(email)).map_err(Arc::new))
    }

    /// Why nothing was done; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

#[Object]
impl EmailMutation {
    /// Keeps some of the viewer's mails out of every reading. What was read in them before stays in the ledger.
    async fn ignore_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mails to ignore.")] input: IgnoreEmailsInput,
    ) -> Result<IgnoreEmailsPayload> {
        ctx.viewer()?;
        let (results, user_errors) = answers(&input.ids, ignore(ctx, &input.ids).await)?;
        Ok(IgnoreEmailsPayload { results, user_errors })
    }

    /// Has some of the viewer's mails that they ignored wait to be read again; `extractEmails` reads them. For one that was not
    /// ignored, nothing happens.
    async fn restore_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mails to ignore no more.")] input: RestoreEmailsInput,
    ) -> Result<RestoreEmailsPayload> {
        ctx.viewer()?;
        let (results, user_errors) = answers(&input.ids, restore(ctx, &input.ids).await)?;
        Ok(RestoreEmailsPayload { results, user_errors })
    }

    /// Erases some of the viewer's mails, sources and texts, for good; no later fetch brings them back. What was read in them stays in
    /// the ledger; what of it waited for a person does not any more.
    async fn delete_emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mails to erase.")] input: DeleteEmailsInput,
    ) -> Result<DeleteEmailsPayload> {
        ctx.viewer()?;
        let (results, user_errors) = answers(&input.ids, delete(ctx, &input.ids).await)?;
        let results = results.into_iter().map(|EmailResult { id, email, user_errors }| {
            let deleted_email_id = email.map(|_| id.clone());
            DeletedEmailResult { id, deleted_email_id, user_errors }
        });
        Ok(DeleteEmailsPayload { results: results.collect(), user_errors })
    }
}

async fn ignore(ctx: &Context<'_>, ids: &[ID]) -> Result<Found> {
    let (user_id, ids) = (ctx.viewer()?.user_id, read(ids, "ids")?);
    manage::ignore(&mut *ctx.conn().await?, user_id, &ids, &ctx.author()).await
}

async fn restore(ctx: &Context<'_>, ids: &[ID]) -> Result<Found> {
    let (user_id, ids) = (ctx.viewer()?.user_id, read(ids, "ids")?);
    manage::restore(&mut *ctx.conn().await?, user_id, &ids, &ctx.author()).await
}

async fn delete(ctx: &Context<'_>, ids: &[ID]) -> Result<Found> {
    let (user_id, ids) = (ctx.viewer()?.user_id, read(ids, "ids")?);
    manage::delete(&mut *ctx.conn().await?, user_id, &ids, &ctx.author()).await
}

/// The rows that ids name; what is no id of a mail names none.
pub fn read(ids: &[ID], field: &str) -> Result<Vec<Uuid>> {
    if ids.len() > MOST_IDS {
        let message = format!("Name at most {MOST_IDS} mails at a time.");
        return Err(Error::rejected(field, Code::LimitExceeded, message));
    }
    Ok(ids.iter().filter_map(|id| NodeType::Email.parse(id)).collect())
}

/// The answer for each id, by what was done to the rows; one that names none of them is not found.
pub fn answers(ids: &[ID], outcome: Result<Found>) -> Result<(Vec<EmailResult>, Vec<UserError>)> {
    let found = match outcome {
        Ok(found) => found,
        Err(error) => return Ok((Vec::new(), user_errors(error)?)),
    };
    let results = answer_each(ids, |id| found.get(&id).cloned().ok_or(Error::NotFound("mail")))?;
    Ok((results, Vec::new()))
}

/// The answer for each id: the mail that it names, or why nothing was done to it.
pub fn answer_each(ids: &[ID], answer: impl Fn(Uuid) -> Result<mailbox::Email>) -> Result<Vec<EmailResult>> {
    let result = |id: &ID| {
        let found = NodeType::Email.parse(id).ok_or(Error::NotFound("mail")).and_then(&answer);
        let (email, user_errors) = split(found, |email| email)?;
        Ok(EmailResult { id: id.clone(), email, user_errors })
    };
    ids.iter().map(result).collect()
}
