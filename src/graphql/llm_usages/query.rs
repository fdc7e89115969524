//! The queries for calls of language models.

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::extraction::llm_usage;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::llm_usages::object::LlmUsage;
use crate::graphql::loaders::Related;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct LlmUsageQuery;

#[Object]
impl LlmUsageQuery {
    /// The call of a language model with that id; null when there is none that the viewer may see.
    async fn llm_usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call's id.")] id: ID,
    ) -> Result<Related<LlmUsage>> {
        ctx.viewer()?;
        Ok(ctx.loaders().llm_usages.related(NodeType::LlmUsage.parse(&id), LlmUsage).await)
    }

    /// The calls of language models about mails that the viewer may see, the newest first.
    async fn llm_usages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<LlmUsage>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, &Window { first, after, last, before }).await
    }
}

/// One page of the visible calls.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    window: &Window,
) -> Result<Connection<LlmUsage>> {
    let asked = window.page()?;
    let rows = llm_usage::list(&mut *ctx.conn().await?, visibility, asked.page).await?;
    let total = move |mut conn: Lease| async move { llm_usage::count(&mut conn, visibility).await };
    Ok(Connection::new(&asked, rows, |row| row.id, LlmUsage, total))
}
