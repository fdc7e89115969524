//! The mutations of money accounts. Each moves the viewer's own rows alone, an admin's too.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::accounts;
use crate::error::Result;
use crate::graphql::accounts::input::{CreateAccountInput, DeleteAccountInput, UpdateAccountInput};
use crate::graphql::accounts::object::Account;
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::user_error::{UserError, split};
use crate::transactions::refile;

/// The fields of the mutation root.
#[derive(Default)]
pub struct AccountMutation;

/// What became of the wish for an account.
#[derive(SimpleObject)]
pub struct CreateAccountPayload {
    /// The account; null when none was made.
    account: Option<Account>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to change an account.
#[derive(SimpleObject)]
pub struct UpdateAccountPayload {
    /// The account as it is now; null when nothing was changed.
    account: Option<Account>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to delete an account.
#[derive(SimpleObject)]
pub struct DeleteAccountPayload {
    /// The id that the account had; null when it is still there.
    deleted_account_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl AccountMutation {
    /// Makes a money account of the viewer's.
    async fn create_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account to make.")] input: CreateAccountInput,
    ) -> Result<CreateAccountPayload> {
        ctx.viewer()?;
        let (account, user_errors) = split(create(ctx, input).await, Account)?;
        Ok(CreateAccountPayload { account, user_errors })
    }

    /// Changes one of the viewer's money accounts.
    async fn update_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be different.")] input: UpdateAccountInput,
    ) -> Result<UpdateAccountPayload> {
        ctx.viewer()?;
        let (account, user_errors) = split(update(ctx, input).await, Account)?;
        Ok(UpdateAccountPayload { account, user_errors })
    }

    /// Deletes one of the viewer's money accounts. Its transactions go to another one and stay there, whatever a later reading of their
    /// mails says, and so does what later mails say about it.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account to delete.")] input: DeleteAccountInput,
    ) -> Result<DeleteAccountPayload> {
        ctx.viewer()?;
        let (deleted_account_id, user_errors) = split(delete(ctx, input).await, |id| id)?;
        Ok(DeleteAccountPayload { deleted_account_id, user_errors })
    }
}

async fn create(ctx: &Context<'_>, input: CreateAccountInput) -> Result<accounts::Account> {
    let once = once("createAccount", input.idempotency_key.as_deref(), &input)?;
    let (clock, user_id, new) = (&ctx.app().clock, ctx.viewer()?.user_id, input.parse()?);
    accounts::create(&mut *ctx.conn().await?, clock, user_id, new, once.as_ref(), &ctx.author()).await
}

async fn update(ctx: &Context<'_>, input: UpdateAccountInput) -> Result<accounts::Account> {
    let id = NodeType::Account.read(&input.id, "id")?;
    let (user_id, changes) = (ctx.viewer()?.user_id, input.parse()?);
    accounts::update(&mut *ctx.conn().await?, user_id, id, changes, &ctx.author()).await
}

async fn delete(ctx: &Context<'_>, input: DeleteAccountInput) -> Result<ID> {
    let id = NodeType::Account.read(&input.id, "id")?;
    let to = input.transactions_to.as_ref().map(|to| NodeType::Account.read(to, "transactionsTo"));
    let (user_id, to) = (ctx.viewer()?.user_id, to.transpose()?);
    refile::delete_account(&mut *ctx.conn().await?, user_id, id, to, &ctx.author()).await?;
    Ok(input.id)
}
