//! The query for the viewer.

use async_graphql::{Context, Object};

use crate::error::{Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::users::object::User;
use crate::users::user;

/// The fields of the query root.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// Whoever has signed in.
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        let id = ctx.viewer()?.user_id;
        let found = user::find(&mut *ctx.conn().await?, id).await?;
        // The token outlives a user who was deleted.
        found.map(User).ok_or(Error::Unauthenticated)
    }
}
