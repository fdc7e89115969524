//! What resolvers reach through their context: the viewer, the application, a connection, the loaders.

use std::future::Future;
use std::sync::Arc;

use async_graphql::{Context, ID};
use uuid::Uuid;

use crate::app::App;
use crate::audit::Author;
use crate::error::{Error, Result};
use crate::graphql::database::{Database, Lease};
use crate::graphql::engine::Caller;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Loaders;
use crate::users::session::Device;
use crate::viewer::{Scope, Viewer, Visibility};

/// What the engine attached to a request, by name.
pub trait RequestContext {
    /// Who asks; `Unauthenticated` when nobody has signed in.
    fn viewer(&self) -> Result<&Viewer>;

    /// Who asks; `Forbidden` where a personal API token came with it that may not read.
    fn reader(&self) -> Result<&Viewer>;

    /// Who asks; `Forbidden` unless they are an admin.
    fn admin(&self) -> Result<&Viewer>;

    /// The viewer and the session of the request; `Forbidden` where a personal API token came with it.
    fn session(&self) -> Result<(Uuid, Uuid)>;

    /// The device that the request came from.
    fn device(&self) -> Device;

    /// Who acts, for the entry about it.
    fn author(&self) -> Author;

    /// The application.
    fn app(&self) -> &App;

    /// The related rows of this request.
    fn loaders(&self) -> &Loaders;

    /// A connection, lent until it is dropped.
    fn conn(&self) -> impl Future<Output = Result<Lease>> + Send;

    /// The rows that the viewer may see, narrowed to one user's where `user_id` names one.
    fn visibility(&self, user_id: Option<&ID>) -> Result<Visibility>;
}

impl RequestContext for Context<'_> {
    fn viewer(&self) -> Result<&Viewer> {
        self.data_unchecked::<Caller>().viewer.as_ref().ok_or(Error::Unauthenticated)
    }

    fn reader(&self) -> Result<&Viewer> {
        let viewer = self.viewer()?;
        if viewer.scopes.allow(Scope::Read) {
            Ok(viewer)
        } else {
            Err(Error::Forbidden(Scope::Read.missing()))
        }
    }

    fn admin(&self) -> Result<&Viewer> {
        let viewer = self.viewer()?;
        if !viewer.scopes.allow(Scope::Admin) {
            return Err(Error::Forbidden(Scope::Admin.missing()));
        }
        if viewer.is_admin() { Ok(viewer) } else { Err(Error::Forbidden("This is for admins.")) }
    }

    fn session(&self) -> Result<(Uuid, Uuid)> {
        let viewer = self.viewer()?;
        let session_id =
            viewer.session_id().ok_or(Error::Forbidden("This needs a session: sign in with a password."))?;
        Ok((viewer.user_id, session_id))
    }

    fn device(&self) -> Device {
        let caller = self.data_unchecked::<Caller>();
        Device { address: caller.address, user_agent: caller.user_agent.clone() }
    }

    fn author(&self) -> Author {
        let (clock, caller) = (&self.app().clock, self.data_unchecked::<Caller>());
        match &caller.viewer {
            Some(viewer) => Author::of(clock, viewer),
            None => Author::stranger(clock, caller.address, caller.request_id),
        }
    }

    fn app(&self) -> &App {
        self.data_unchecked::<Arc<App>>()
    }

    fn loaders(&self) -> &Loaders {
        self.data_unchecked::<Loaders>()
    }

    fn conn(&self) -> impl Future<Output = Result<Lease>> + Send {
        self.data_unchecked::<Database>().lease()
    }

    fn visibility(&self, user_id: Option<&ID>) -> Result<Visibility> {
        let viewer = self.viewer()?;
        let Some(user_id) = user_id else { return Ok(viewer.visibility()) };
        // To anybody but an admin, another user is the same as none.
        let user = NodeType::User.parse(user_id).and_then(|id| viewer.visibility_of(id));
        user.ok_or_else(|| Error::unknown("userId", "user"))
    }
}
