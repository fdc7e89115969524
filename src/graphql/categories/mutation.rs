//! The mutations of categories. Each moves the viewer's own rows alone, an admin's too.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::categories;
use crate::error::Result;
use crate::graphql::categories::input::{CreateCategoryInput, DeleteCategoryInput, UpdateCategoryInput};
use crate::graphql::categories::object::Category;
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::user_error::{UserError, split};
use crate::transactions::refile;

/// The fields of the mutation root.
#[derive(Default)]
pub struct CategoryMutation;

/// What became of the wish for a category.
#[derive(SimpleObject)]
pub struct CreateCategoryPayload {
    /// The category; null when none was made.
    category: Option<Category>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to change a category.
#[derive(SimpleObject)]
pub struct UpdateCategoryPayload {
    /// The category as it is now; null when nothing was changed.
    category: Option<Category>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to delete a category.
#[derive(SimpleObject)]
pub struct DeleteCategoryPayload {
    /// The id that the category had; null when it is still there.
    deleted_category_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl CategoryMutation {
    /// Makes a category of the viewer's.
    async fn create_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category to make.")] input: CreateCategoryInput,
    ) -> Result<CreateCategoryPayload> {
        ctx.viewer()?;
        let (category, user_errors) = split(create(ctx, input).await, Category)?;
        Ok(CreateCategoryPayload { category, user_errors })
    }

    /// Changes one of the viewer's categories.
    async fn update_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be different.")] input: UpdateCategoryInput,
    ) -> Result<UpdateCategoryPayload> {
        ctx.viewer()?;
        let (category, user_errors) = split(update(ctx, input).await, Category)?;
        Ok(UpdateCategoryPayload { category, user_errors })
    }

    /// Deletes one of the viewer's categories. Transactions that go to another category or to none stay there, whatever a later
    /// reading of their mails says. A later mail may bring a category of one of the first names back.
    async fn delete_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category to delete.")] input: DeleteCategoryInput,
    ) -> Result<DeleteCategoryPayload> {
        ctx.viewer()?;
        let (deleted_category_id, user_errors) = split(delete(ctx, input).await, |id| id)?;
        Ok(DeleteCategoryPayload { deleted_category_id, user_errors })
    }
}

async fn create(ctx: &Context<'_>, input: CreateCategoryInput) -> Result<categories::Category> {
    let once = once("createCategory", input.idempotency_key.as_deref(), &input)?;
    let (clock, user_id, new) = (&ctx.app().clock, ctx.viewer()?.user_id, input.parse()?);
    categories::create(&mut *ctx.conn().await?, clock, user_id, new, once.as_ref(), &ctx.author()).await
}

async fn update(ctx: &Context<'_>, input: UpdateCategoryInput) -> Result<categories::Category> {
    let id = NodeType::Category.read(&input.id, "id")?;
    let (user_id, changes) = (ctx.viewer()?.user_id, input.parse()?);
    categories::update(&mut *ctx.conn().await?, user_id, id, changes, &ctx.author()).await
}

async fn delete(ctx: &Context<'_>, input: DeleteCategoryInput) -> Result<ID> {
    let id = NodeType::Category.read(&input.id, "id")?;
    let (user_id, (transactions_to, children_to)) = (ctx.viewer()?.user_id, input.destinations()?);
    let (conn, author) = (&mut *ctx.conn().await?, ctx.author());
    refile::delete_category(conn, user_id, id, transactions_to, children_to, &author).await?;
    Ok(input.id)
}
