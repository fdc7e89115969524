//! The mutations that change a mailbox, or take one away. Each moves the viewer's own rows alone, an admin's too.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::graphql::change::changed;
use crate::graphql::connected_accounts::object::ConnectedAccount;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::user_error::{UserError, split};
use crate::mailbox;
use crate::mailbox::connected_account::change::{self, ConnectedAccountChanges};
use crate::mailbox::import_folder::ImportFolder;
use crate::users::user;

/// The fields of the mutation root.
#[derive(Default)]
pub struct ConnectedAccountChangeMutation;

/// What is to be different about a mailbox. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateConnectedAccountInput {
    /// The mailbox.
    id: ID,
    /// MBOX only: its name; unique among the user's files, ignoring case.
    address: MaybeUndefined<String>,
    /// MBOX only: the file, as a path below the user's import folder on the server. It is read from its start; what is known of it
    /// already makes nothing new.
    file: MaybeUndefined<String>,
    /// True keeps every fetch away from it, false lets them in again.
    is_paused: MaybeUndefined<bool>,
}

/// The mailbox to take away.
#[derive(InputObject)]
pub struct DeleteConnectedAccountInput {
    /// The mailbox.
    id: ID,
}

/// What became of the wish to change a mailbox.
#[derive(SimpleObject)]
pub struct UpdateConnectedAccountPayload {
    /// The mailbox as it is now; null when nothing was changed.
    connected_account: Option<ConnectedAccount>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to take a mailbox away.
#[derive(SimpleObject)]
pub struct DeleteConnectedAccountPayload {
    /// The id that the mailbox had; null when it is still there.
    deleted_connected_account_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl ConnectedAccountChangeMutation {
    /// Changes one of the viewer's mailboxes.
    async fn update_connected_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be different.")] input: UpdateConnectedAccountInput,
    ) -> Result<UpdateConnectedAccountPayload> {
        ctx.viewer()?;
        let (connected_account, user_errors) = split(update(ctx, input).await, ConnectedAccount)?;
        Ok(UpdateConnectedAccountPayload { connected_account, user_errors })
    }

    /// Takes one of the viewer's mailboxes away. The mails that came from it stay, with what was read in them; only where they lie in
    /// that mailbox is forgotten. A fetch that runs ends without it. `deleteEmails` erases mails.
    async fn delete_connected_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mailbox to take away.")] input: DeleteConnectedAccountInput,
    ) -> Result<DeleteConnectedAccountPayload> {
        ctx.viewer()?;
        let (deleted_connected_account_id, user_errors) = split(delete(ctx, input).await, |id| id)?;
        Ok(DeleteConnectedAccountPayload { deleted_connected_account_id, user_errors })
    }
}

async fn update(ctx: &Context<'_>, input: UpdateConnectedAccountInput) -> Result<mailbox::ConnectedAccount> {
    let (id, user_id) = (NodeType::ConnectedAccount.read(&input.id, "id")?, ctx.viewer()?.user_id);
    let mut conn = ctx.conn().await?;
    let user = user::find(&mut conn, user_id).await?.ok_or(Error::Unauthenticated)?;
    let changes = ConnectedAccountChanges {
        address: changed("address", input.address)?,
        file: changed("file", input.file)?,
        is_paused: changed("isPaused", input.is_paused)?,
        import_folder: ImportFolder::new(ctx.app().import_folder_of(&user.username)),
    };
    change::update(&mut conn, user_id, id, changes, &ctx.author()).await
}

async fn delete(ctx: &Context<'_>, input: DeleteConnectedAccountInput) -> Result<ID> {
    let (id, user_id) = (NodeType::ConnectedAccount.read(&input.id, "id")?, ctx.viewer()?.user_id);
    change::delete(&mut *ctx.conn().await?, user_id, id, &ctx.author()).await?;
    Ok(input.id)
}
