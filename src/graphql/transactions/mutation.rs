//! The mutations of transactions. Each moves the viewer's own rows alone, an admin's too.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::transactions::edit::{
    CreateTransactionInput, DeleteTransactionInput, UpdateTransactionInput,
};
use crate::graphql::transactions::object::Transaction;
use crate::graphql::user_error::{UserError, split};
use crate::transactions::{self, Source, edit};

/// The fields of the mutation root.
#[derive(Default)]
pub struct TransactionMutation;

/// What became of the wish for a transaction.
#[derive(SimpleObject)]
pub struct CreateTransactionPayload {
    /// The transaction; null when none was made.
    transaction: Option<Transaction>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to change a transaction.
#[derive(SimpleObject)]
pub struct UpdateTransactionPayload {
    /// The transaction as it is now; null when nothing was changed.
    transaction: Option<Transaction>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to delete a transaction.
#[derive(SimpleObject)]
pub struct DeleteTransactionPayload {
    /// The id that the transaction had; null when it is still there.
    deleted_transaction_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl TransactionMutation {
    /// Makes a transaction on one of the viewer's accounts, by hand or, with an API token, by a program.
    async fn create_transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transaction to make.")] input: CreateTransactionInput,
    ) -> Result<CreateTransactionPayload> {
        ctx.viewer()?;
        let (transaction, user_errors) = split(create(ctx, input).await, Transaction::from)?;
        Ok(CreateTransactionPayload { transaction, user_errors })
    }

    /// Changes one of the viewer's transactions. What is set here stays, whatever a later reading of its mails says.
    async fn update_transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be different.")] input: UpdateTransactionInput,
    ) -> Result<UpdateTransactionPayload> {
        ctx.viewer()?;
        let (transaction, user_errors) = split(update(ctx, input).await, Transaction::from)?;
        Ok(UpdateTransactionPayload { transaction, user_errors })
    }

    /// Takes one of the viewer's transactions out of the ledger. No later fetch or reading of its mails brings it back.
    async fn delete_transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transaction to delete.")] input: DeleteTransactionInput,
    ) -> Result<DeleteTransactionPayload> {
        ctx.viewer()?;
        let (deleted_transaction_id, user_errors) = split(delete(ctx, input).await, |id| id)?;
        Ok(DeleteTransactionPayload { deleted_transaction_id, user_errors })
    }
}

async fn create(ctx: &Context<'_>, input: CreateTransactionInput) -> Result<transactions::Transaction> {
    let once = once("createTransaction", input.idempotency_key.as_deref(), &input)?;
    let (clock, viewer) = (&ctx.app().clock, ctx.viewer()?);
    let new = input.parse(Source::of(viewer.credential))?;
    edit::create(&mut *ctx.conn().await?, clock, viewer.user_id, new, once.as_ref(), &ctx.author()).await
}

async fn update(ctx: &Context<'_>, input: UpdateTransactionInput) -> Result<transactions::Transaction> {
    let id = NodeType::Transaction.read(&input.id, "id")?;
    let (user_id, changes) = (ctx.viewer()?.user_id, input.parse()?);
    edit::update(&mut *ctx.conn().await?, user_id, id, changes, &ctx.author()).await
}

async fn delete(ctx: &Context<'_>, input: DeleteTransactionInput) -> Result<ID> {
    let id = NodeType::Transaction.read(&input.id, "id")?;
    let user_id = ctx.viewer()?.user_id;
    edit::delete(&mut *ctx.conn().await?, user_id, id, &ctx.author()).await?;
    Ok(input.id)
}
