//! The queries for transactions.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::named;
use crate::graphql::transactions::input::{TransactionFilter, TransactionOrder};
use crate::graphql::transactions::object::Transaction;
use crate::transactions;
use crate::transactions::of_parents::Parent;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct TransactionQuery;

#[Object]
impl TransactionQuery {
    /// The transaction with that id; null when there is none that the viewer may see.
    async fn transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transaction's id.")] id: ID,
    ) -> Result<Related<Transaction>> {
        ctx.viewer()?;
        Ok(ctx.loaders().transactions.related(NodeType::Transaction.parse(&id), Transaction::from).await)
    }

    /// The transactions that the viewer may see, the newest first unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<TransactionFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: TransactionOrder,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Transaction>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, order_by, &Window { first, after, last, before }).await
    }
}

/// One page of the visible transactions.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<TransactionFilter>,
    order_by: TransactionOrder,
    window: &Window,
) -> Result<Connection<Transaction>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let newest_first = order_by == TransactionOrder::BookedOnDesc;
    let wanted = Transaction::wanted(&named::of_connection(ctx));
    let conn = &mut *ctx.conn().await?;
    let rows = transactions::list(conn, visibility, &filter, newest_first, asked.page, wanted).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { transactions::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.brief.key(), Transaction::from, total))
}

/// One page of what hangs on a category or an account, found together with that of the others of the request.
pub async fn list_of_parent(
    ctx: &Context<'_>,
    parent: Parent,
    parent_id: Uuid,
    window: &Window,
) -> std::result::Result<Connection<Transaction>, Arc<Error>> {
    let (asked, loaders) = (window.page()?, ctx.loaders());
    let (pages, counts) = match parent {
        Parent::Category => (&loaders.pages.transactions_of_categories, &loaders.counts.of_categories),
        Parent::Account => (&loaders.pages.transactions_of_accounts, &loaders.counts.of_accounts),
    };
    let placed = pages.load((parent_id, asked.page)).await?.unwrap_or_default();
    let found = placed.into_iter().map(|placed| loaders.transactions.load(placed.id));
    let rows = try_join_all(found).await?.into_iter().flatten().collect();
    Ok(Connection::of_parent(
        &asked,
        rows,
        transactions::Transaction::key,
        Transaction::from,
        (counts, parent_id),
    ))
}

/// One page of the transactions that were read in a mail, found together with those of the other mails of the request.
pub async fn list_of_email(
    ctx: &Context<'_>,
    email_id: Uuid,
    window: &Window,
) -> std::result::Result<Connection<Transaction>, Arc<Error>> {
    let (asked, loaders) = (window.page()?, ctx.loaders());
    let sighted =
        loaders.pages.transactions_of_emails.load((email_id, asked.page)).await?.unwrap_or_default();
    let found = sighted.into_iter().map(|sighted| async move {
        let row = loaders.transactions.load(sighted.transaction_id).await?;
        Ok::<_, Arc<Error>>(row.map(|row| (sighted.sighting_id, row)))
    });
    let rows = try_join_all(found).await?.into_iter().flatten().collect();
    let counts = (&loaders.counts.of_emails, email_id);
    Ok(Connection::of_parent(&asked, rows, |(key, _)| *key, |(_, row)| row.into(), counts))
}
