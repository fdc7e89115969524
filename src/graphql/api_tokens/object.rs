//! The object `ApiToken`.

use async_graphql::{Enum, ID, Object};

use crate::graphql::at_once::Ready;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::DateTime;
use crate::users::api_token;
use crate::viewer::Scope;

/// The object over a row.
pub struct ApiToken(pub api_token::ApiToken);

impl Ready for ApiToken {
    const WAITING: &'static [&'static str] = &[];
}

/// What an API token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Scope")]
pub enum ApiTokenScope {
    /// To read: queries and subscriptions.
    Read,
    /// To change, and to read: every mutation but those of `INGEST` and those that need a session.
    Write,
    /// To have mails fetched and read: `fetchEmails` and `extractEmails`.
    Ingest,
    /// To do the other scopes' things as an admin, for as long as the owner is one. Without it an admin's token sees and changes
    /// the owner's rows alone.
    Admin,
}

/// A token with which a program acts for its owner. No token can make tokens, change the password or delete the user.
#[Object]
impl ApiToken {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::ApiToken.id(self.0.id)
    }

    /// What the owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The part of the token that is no secret: it tells which one a program has.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it may do.
    async fn scopes(&self) -> Vec<ApiTokenScope> {
        self.0.scopes().to_vec().into_iter().map(Into::into).collect()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it stops being good; null for never.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it was last used, to the minute; null before the first time.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it was revoked; null while it is good.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}
