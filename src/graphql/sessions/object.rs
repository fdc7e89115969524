//! The object `Session`.

use async_graphql::{Context, ID, Object};

use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::DateTime;
use crate::users;

/// The object over a row.
pub struct Session(pub users::Session);

impl Ready for Session {
    const WAITING: &'static [&'static str] = &[];
}

/// A device that is signed in, until it signs out, somebody ends it, or it does not come back for long.
#[Object]
impl Session {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Session.id(self.0.id)
    }

    /// True for the session of this request.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        ctx.viewer().ok().and_then(crate::viewer::Viewer::session_id) == Some(self.0.id)
    }

    /// What the client calls itself; null when it does not say.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// The address that the session was last used from; null when it is not known.
    async fn address(&self) -> Option<String> {
        self.0.address.map(|network| network.addr().to_string())
    }

    /// When the device signed in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last signed in or took new tokens.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }

    /// When it ends unless it is used before.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}
