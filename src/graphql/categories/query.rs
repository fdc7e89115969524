//! The queries for categories.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::categories;
use crate::error::{Error, Result};
use crate::graphql::categories::input::{CategoryFilter, CategoryOrder};
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

    /// The categories that the viewer may see, in the order in which they were made unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<CategoryFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: CategoryOrder,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Category>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, order_by, &Window { first, after, last, before }).await
    }
}

/// One page of the visible categories.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<CategoryFilter>,
    order_by: CategoryOrder,
    window: &Window,
) -> Result<Connection<Category>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let newest_first = order_by == CategoryOrder::CreatedAtDesc;
    let conn = &mut *ctx.conn().await?;
    let rows = categories::list(conn, visibility, &filter, newest_first, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { categories::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, Category, total))
}

/// One page of what is right below a category, found together with that of the other categories of the request.
pub async fn list_of_parent(
    ctx: &Context<'_>,
    parent_id: Uuid,
    window: &Window,
) -> std::result::Result<Connection<Category>, Arc<Error>> {
    let (asked, loaders) = (window.page()?, ctx.loaders());
    let children = loaders.pages.children.load((parent_id, asked.page)).await?.unwrap_or_default();
    let found = children.into_iter().map(|child| loaders.categories.load(child.id));
    let rows = try_join_all(found).await?.into_iter().flatten().collect();
    let counts = (&loaders.counts.of_children, parent_id);
    Ok(Connection::of_parent(&asked, rows, |row: &categories::Category| row.id, Category, counts))
}
