//! Which mails are wanted, and in which order.

use async_graphql::{Enum, ID, InputObject};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::emails::object::ExtractionStatus;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::DateTime;
use crate::mailbox;

/// Which mails are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct EmailFilter {
    /// What became of it is one of these.
    extraction_status: Option<Vec<ExtractionStatus>>,
    /// Seen in one of these mailboxes.
    connected_account_ids: Option<Vec<ID>>,
    /// Received at this moment or later.
    received_from: Option<DateTime>,
    /// Received at this moment or earlier.
    received_to: Option<DateTime>,
    /// The sender's address or name, or the subject, holds this, ignoring case.
    text: Option<String>,
}

/// The order of a list of mails. Those of one moment stand in the order in which they were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum EmailOrder {
    /// The newest first.
    #[default]
    ReceivedAtDesc,
    /// The oldest first.
    ReceivedAtAsc,
}

impl EmailFilter {
    /// The filter as the list takes it; an error for an id of another type.
    pub fn parse(self) -> Result<mailbox::EmailFilter> {
        let statuses = self.extraction_status.unwrap_or_default().into_iter().map(Into::into);
        let unknown = || Error::unknown("connectedAccountIds", "mailbox");
        let parse = |id: &ID| NodeType::ConnectedAccount.parse(id).ok_or_else(unknown);
        let ids: Result<Vec<Uuid>> = self.connected_account_ids.iter().flatten().map(parse).collect();
        Ok(mailbox::EmailFilter {
            extraction_statuses: statuses.collect(),
            connected_account_ids: ids?,
            received_from: self.received_from.map(|at| at.0),
            received_to: self.received_to.map(|at| at.0),
            text: self.text,
        })
    }
}
