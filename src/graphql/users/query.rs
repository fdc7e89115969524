//! The queries for the viewer and for other users.

use async_graphql::{Context, ID, Object};

use crate::error::{Error, Result};
use crate::graphql::at_once::AtOnce;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::users::object::User;
use crate::users::{directory, user};

/// The fields of the query root.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// Whoever has signed in.
    async fn me(&self, ctx: &Context<'_>) -> Result<AtOnce<User>> {
        let id = ctx.viewer()?.user_id;
        let found = user::find(&mut *ctx.conn().await?, id).await?;
        // The token outlives a user who was deleted.
        found.map(|row| AtOnce(User(row))).ok_or(Error::Unauthenticated)
    }

    /// The user with that id; null when there is none that the viewer may see: oneself, or for an admin everyone.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> Result<Related<User>> {
        ctx.viewer()?;
        Ok(ctx.loaders().users.related(NodeType::User.parse(&id), User).await)
    }

    /// The users that the viewer may see, in the order in which they registered: oneself, or for an admin everyone.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those whose names or address hold this, ignoring case.")] search: Option<
            String,
        >,
    ) -> Result<Connection<User>> {
        list(ctx, search, &Window { first, after, last, before }).await
    }
}

async fn list(ctx: &Context<'_>, search: Option<String>, window: &Window) -> Result<Connection<User>> {
    let (asked, visibility) = (window.page()?, ctx.viewer()?.visibility());
    let conn = &mut *ctx.conn().await?;
    let rows = directory::list(conn, visibility, search.as_deref(), asked.page).await?;
    let total = move |mut conn: Lease| {
        let search = search.clone();
        async move { directory::count(&mut conn, visibility, search.as_deref()).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, User, total))
}
