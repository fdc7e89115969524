//! The queries for money accounts.

use async_graphql::{Context, ID, Object};

use crate::accounts;
use crate::error::Result;
use crate::graphql::accounts::input::{AccountFilter, AccountOrder};
use crate::graphql::accounts::object::Account;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The money account with that id; null when there is none that the viewer may see.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account's id.")] id: ID,
    ) -> Result<Related<Account>> {
        ctx.viewer()?;
        Ok(ctx.loaders().accounts.related(NodeType::Account.parse(&id), Account).await)
    }

    /// The money accounts that the viewer may see, in the order in which they were made unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<AccountFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: AccountOrder,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Account>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, order_by, &Window { first, after, last, before }).await
    }
}

/// One page of the visible accounts.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<AccountFilter>,
    order_by: AccountOrder,
    window: &Window,
) -> Result<Connection<Account>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse());
    let newest_first = order_by == AccountOrder::CreatedAtDesc;
    let conn = &mut *ctx.conn().await?;
    let rows = accounts::list(conn, visibility, &filter, newest_first, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { accounts::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, Account, total))
}
