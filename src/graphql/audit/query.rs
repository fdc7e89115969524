//! The query for audit entries.

use async_graphql::{Context, ID, Object};

use crate::audit;
use crate::audit::AuditFilter;
use crate::error::Result;
use crate::graphql::audit::input::AuditEntryFilter;
use crate::graphql::audit::object::AuditEntry;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done to the viewer and to what is theirs, the newest first; for an admin to everyone.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<AuditEntryFilter>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<AuditEntry>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, &Window { first, after, last, before }).await
    }
}

/// One page of the visible entries.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<AuditEntryFilter>,
    window: &Window,
) -> Result<Connection<AuditEntry>> {
    let (asked, filter) = (window.page()?, AuditFilter::from(filter.unwrap_or_default()));
    let rows = audit::list::list(&mut *ctx.conn().await?, visibility, &filter, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { audit::list::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, AuditEntry, total))
}
