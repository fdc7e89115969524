//! The object `Email`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::extraction;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::{Loaded, Related};
use crate::graphql::scalars::DateTime;
use crate::graphql::transactions;
use crate::graphql::transactions::object::Transaction;
use crate::mailbox;
use crate::mailbox::authenticity;
use crate::mailbox::email_text::{self, Mail};

/// The object over a row.
pub struct Email(pub mailbox::Email);

impl Ready for Email {
    const WAITING: &'static [&'static str] = &["transactions", "text", "extractions"];
}

/// What became of a mail on its way to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ExtractionStatus", remote = "mailbox::ExtractionStatus")]
pub enum ExtractionStatus {
    /// It is still to be read.
    Pending,
    /// It was read, whatever was found.
    Completed,
    /// A filter or its size kept it out.
    Skipped,
    /// It could not be read.
    Failed,
    /// A person ignores it.
    Ignored,
}

/// Whether a mail's sender is who it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Authenticity", remote = "authenticity::Authenticity")]
pub enum Authenticity {
    /// It is.
    Verified,
    /// Nobody can say.
    Unverified,
    /// It is not.
    Failed,
}

/// A mail.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Email {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Email.id(self.0.id)
    }

    /// The header Message-ID without its brackets; null when absent.
    async fn message_id(&self) -> Option<&str> {
        self.0.message_id.as_deref()
    }

    /// The header Date; null when absent or unreadable.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }

    /// When the mailbox received it, as far as it says; otherwise when it was sent, or stored.
    async fn received_at(&self) -> DateTime {
        DateTime(self.0.received_at)
    }

    /// The address in From, in lower case; null when absent.
    async fn sender(&self) -> Option<&str> {
        self.0.sender.as_deref()
    }

    /// The name in From; null when absent.
    async fn sender_name(&self) -> Option<&str> {
        self.0.sender_name.as_deref()
    }

    /// The header Subject; null when absent.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The size of the raw message, in bytes.
    async fn size_bytes(&self) -> i32 {
        self.0.size_bytes
    }

    /// Whether the sender is who From says.
    async fn authenticity(&self) -> Result<Authenticity> {
        let name = self.0.authenticity.as_str();
        let authenticity = authenticity::Authenticity::parse(name).map(Authenticity::from);
        authenticity.ok_or_else(|| Error::internal("a mail has an unknown authenticity", name))
    }

    /// What the authenticity rests on.
    async fn authenticity_reason(&self) -> &str {
        &self.0.authenticity_reason
    }

    /// What became of it on its way to the ledger.
    async fn extraction_status(&self) -> Result<ExtractionStatus> {
        let name = self.0.extraction_status.as_str();
        let status = mailbox::ExtractionStatus::parse(name).map(ExtractionStatus::from);
        status.ok_or_else(|| Error::internal("a mail has an unknown extraction status", name))
    }

    /// Why it was skipped, failed or is ignored; null otherwise.
    async fn extraction_reason(&self) -> Option<&str> {
        self.0.extraction_reason.as_deref()
    }

    /// The transactions that were read in it, in their order there; null only when they could not be loaded.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<Transaction>> {
        let window = Window { first, after, last, before };
        Some(transactions::query::list_of_email(ctx, self.0.id, &window).await)
    }

    /// The text as it was read; null when there is none, or it was erased. An admin's look into another user's mail is written
    /// down as an audit entry, which that user sees.
    async fn text(&self, ctx: &Context<'_>) -> Related<String> {
        let mail = Mail { owner: self.0.user_id, id: self.0.id };
        ctx.loaders().texts.find(mail, |mails| read_texts(ctx, mails).boxed()).await?.transpose()
    }

    /// The readings of it, the newest first; null only when they could not be loaded.
    async fn extractions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<Extraction>> {
        let window = Window { first, after, last, before };
        Some(extraction::query::list_of_email(ctx, self.0.id, &window).await)
    }

    /// When it was stored.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// The texts of all the mails that a request asks for, read together: each is looked into, or none.
async fn read_texts(ctx: &Context<'_>, mails: Vec<Mail>) -> HashMap<Mail, Loaded<String>> {
    // A mail whose text is asked for twice is looked into once.
    let mails: Vec<Mail> = mails.into_iter().collect::<HashSet<Mail>>().into_iter().collect();
    let read = async {
        let (reader, conn) = (ctx.viewer()?.user_id, &mut *ctx.conn().await?);
        Ok(email_text::read(conn, &ctx.author(), reader, &mails).await?)
    };
    let found: Result<HashMap<Uuid, String>> = read.await.map(|texts: Vec<_>| texts.into_iter().collect());
    match found.map_err(Arc::new) {
        Ok(mut texts) => mails.into_iter().map(|mail| (mail, Ok(texts.remove(&mail.id)))).collect(),
        Err(error) => mails.into_iter().map(|mail| (mail, Err(Arc::clone(&error)))).collect(),
    }
}
