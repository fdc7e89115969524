//! The queries for categories.

use async_graphql::{Context, ID, Object};

use crate::categories;
use crate::error::Result;
use crate::graphql::categories::object::Category;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct CategoryQuery;

#[Object]
impl CategoryQuery {
    /// The category with that id; null when there is none that the viewer may see.
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category's id.")] id: ID,
    ) -> Result<Related<Category>> {
        ctx.viewer()?;
        Ok(ctx.loaders().categories.related(NodeType::Category.parse(&id), Category).await)
    }

    /// The categories that the viewer may see, in the order in which they were made.
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Category>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, &Window { first, after, last, before }).await
    }
}

/// One page of the visible categories.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    window: &Window,
) -> Result<Connection<Category>> {
    let asked = window.page()?;
    let rows = categories::list(&mut *ctx.conn().await?, visibility, asked.page).await?;
    let total = move |mut conn: Lease| async move { categories::count(&mut conn, visibility).await };
    Ok(Connection::new(&asked, rows, |row| row.id, Category, total))
}
