//! The mutations by which admins change users: roles and activation, and nothing else of theirs.

use async_graphql::{Context, ID, Object, SimpleObject};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::administration::input::{ActivateUserInput, DeactivateUserInput, SetUserRoleInput};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::user_error::{UserError, user_errors};
use crate::graphql::users::object::{Role, User};
use crate::users;
use crate::users::administration::{set_active, set_role};

/// The fields of the mutation root.
#[derive(Default)]
pub struct AdministrationMutation;

/// What became of a change of a role.
#[derive(SimpleObject)]
pub struct SetUserRolePayload {
    /// The user as they are now; null when nothing was changed.
    user: Option<User>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to let a user sign in again.
#[derive(SimpleObject)]
pub struct ActivateUserPayload {
    /// The user as they are now; null when nothing was changed.
    user: Option<User>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to keep a user out.
#[derive(SimpleObject)]
pub struct DeactivateUserPayload {
    /// The user as they are now; null when nothing was changed.
    user: Option<User>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl AdministrationMutation {
    /// Gives a user another role, within 5 seconds on every server. For admins. `IN_USE` for the last admin who can sign in.
    async fn set_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user gets which role.")] input: SetUserRoleInput,
    ) -> Result<SetUserRolePayload> {
        ctx.admin()?;
        let (user, user_errors) = split(change_role(ctx, &input.user_id, input.role).await)?;
        Ok(SetUserRolePayload { user, user_errors })
    }

    /// Lets a user sign in again. For admins. `IN_USE` for one who is being deleted.
    async fn activate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who may sign in again.")] input: ActivateUserInput,
    ) -> Result<ActivateUserPayload> {
        ctx.admin()?;
        let (user, user_errors) = split(activate(ctx, &input.user_id, true).await)?;
        Ok(ActivateUserPayload { user, user_errors })
    }

    /// Ends a user's sessions and keeps them and their API tokens out, within 5 seconds on every server; their rows stay. For
    /// admins. `IN_USE` for the last admin who can sign in.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who may not sign in any more.")] input: DeactivateUserInput,
    ) -> Result<DeactivateUserPayload> {
        ctx.admin()?;
        let (user, user_errors) = split(activate(ctx, &input.user_id, false).await)?;
        Ok(DeactivateUserPayload { user, user_errors })
    }
}

async fn change_role(ctx: &Context<'_>, id: &ID, role: Role) -> Result<users::User> {
    let id = parse(id)?;
    let user = set_role(&mut *ctx.conn().await?, &ctx.author(), id, role.into()).await?;
    ctx.app().standings.forget_user(id);
    Ok(user)
}

async fn activate(ctx: &Context<'_>, id: &ID, is_active: bool) -> Result<users::User> {
    let id = parse(id)?;
    let user = set_active(&mut *ctx.conn().await?, &ctx.author(), id, is_active).await?;
    ctx.app().standings.forget_user(id);
    Ok(user)
}

fn parse(id: &ID) -> Result<Uuid> {
    NodeType::User.parse(id).ok_or_else(|| Error::unknown("userId", "user"))
}

fn split(outcome: Result<users::User>) -> Result<(Option<User>, Vec<UserError>)> {
    match outcome {
        Ok(user) => Ok((Some(User(user)), Vec::new())),
        Err(error) => Ok((None, user_errors(error)?)),
    }
}
