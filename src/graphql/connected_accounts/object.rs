//! The object `ConnectedAccount`.

use async_graphql::{Enum, ID, Object};

use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::{DateTime, int};
use crate::mailbox;
use crate::mailbox::connected_account;

/// The object over a row.
pub struct ConnectedAccount(pub mailbox::ConnectedAccount);

impl Ready for ConnectedAccount {
    const WAITING: &'static [&'static str] = &[];
}

/// Where mail comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "MailProvider", remote = "mailbox::Provider")]
pub enum MailProvider {
    /// Gmail. It cannot be connected yet.
    Gmail,
    /// A mail server that speaks IMAP. It cannot be connected yet.
    Imap,
    /// The user's own mail files: an mbox, a single mail, a Maildir, or a folder of .eml files.
    Mbox,
    /// The shipped mailbox of invented mails.
    Demo,
}

/// Whether a mailbox can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ConnectedAccountStatus", remote = "connected_account::Status")]
pub enum ConnectedAccountStatus {
    /// The user's consent is still due.
    Pending,
    /// It can.
    Active,
    /// The user has to sign in there again.
    NeedsReauth,
    /// A person paused it.
    Paused,
    /// The last fetch failed, and the next one will unless somebody mends it.
    Failed,
}

/// A mailbox that the server reads for its user.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl ConnectedAccount {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::ConnectedAccount.id(self.0.id)
    }

    /// Where its mail comes from.
    async fn provider(&self) -> Result<MailProvider> {
        let provider = mailbox::Provider::parse(&self.0.provider).map(MailProvider::from);
        provider.ok_or_else(|| Error::internal("a mailbox has an unknown provider", self.0.provider.as_str()))
    }

    /// Its address; for a file the name that it was given.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// Whether it can be read.
    async fn status(&self) -> Result<ConnectedAccountStatus> {
        let status = connected_account::Status::parse(&self.0.status).map(ConnectedAccountStatus::from);
        status.ok_or_else(|| Error::internal("a mailbox has an unknown status", self.0.status.as_str()))
    }

    /// Why it cannot be read, in a sentence for a person; null when it can.
    async fn status_reason(&self) -> Option<&str> {
        self.0.status_reason.as_deref()
    }

    /// When its mails were last fetched to the end; null before the first time.
    async fn last_sync_at(&self) -> Option<DateTime> {
        self.0.last_sync_at.map(DateTime)
    }

    /// How many mails were seen in it.
    async fn email_count(&self) -> i32 {
        int(self.0.email_count)
    }

    /// When it was connected.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
