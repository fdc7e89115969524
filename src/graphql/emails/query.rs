//! The queries for mails.

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::emails::input::{EmailFilter, EmailOrder};
use crate::graphql::emails::object::Email;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::mailbox::{self, email};
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct EmailQuery;

#[Object]
impl EmailQuery {
    /// The mail with that id; null when there is none that the viewer may see.
    async fn email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mail's id.")] id: ID,
    ) -> Result<Related<Email>> {
        ctx.viewer()?;
        Ok(ctx.loaders().emails.related(NodeType::Email.parse(&id), Email).await)
    }

    /// The mails that the viewer may see, the newest first unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<EmailFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: EmailOrder,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Email>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, order_by, &Window { first, after, last, before }).await
    }
}

/// One page of the visible mails.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<EmailFilter>,
    order_by: EmailOrder,
    window: &Window,
) -> Result<Connection<Email>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let newest_first = order_by == EmailOrder::ReceivedAtDesc;
    let conn = &mut *ctx.conn().await?;
    let rows = email::list(conn, visibility, &filter, newest_first, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { email::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, mailbox::Email::key, Email, total))
}
