//! The queries for mailboxes.

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::graphql::connected_accounts::object::ConnectedAccount;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::mailbox::connected_account;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct ConnectedAccountQuery;

#[Object]
impl ConnectedAccountQuery {
    /// The mailbox with that id; null when there is none that the viewer may see.
    async fn connected_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mailbox's id.")] id: ID,
    ) -> Result<Related<ConnectedAccount>> {
        ctx.viewer()?;
        Ok(ctx
            .loaders()
            .connected_accounts
            .related(NodeType::ConnectedAccount.parse(&id), ConnectedAccount)
            .await)
    }

    /// The mailboxes that the viewer may see, in the order in which they were connected.
    async fn connected_accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<ConnectedAccount>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, &Window { first, after, last, before }).await
    }
}

/// One page of the visible mailboxes.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    window: &Window,
) -> Result<Connection<ConnectedAccount>> {
    let asked = window.page()?;
    let rows = connected_account::list(&mut *ctx.conn().await?, visibility, asked.page).await?;
    let total = move |mut conn: Lease| async move { connected_account::count(&mut conn, visibility).await };
    Ok(Connection::new(&asked, rows, |row| row.id, ConnectedAccount, total))
}
