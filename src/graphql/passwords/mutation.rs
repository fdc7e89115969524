//! The mutations that give a user another password.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::passwords::input::{ChangePasswordInput, RequestPasswordResetInput, ResetPasswordInput};
use crate::graphql::user_error::{UserError, user_errors};
use crate::graphql::users::object::User;
use crate::users;
use crate::users::password::Password;
use crate::users::{password_change, password_reset, sign_in};

/// The fields of the mutation root.
#[derive(Default)]
pub struct PasswordMutation;

/// What became of the wish for a code. It is the same for an address that is nobody's.
#[derive(SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the use of a code.
#[derive(SimpleObject)]
pub struct ResetPasswordPayload {
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of a change of the password.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// The user; null when nothing was changed.
    user: Option<User>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl PasswordMutation {
    /// Sends a code for a new password to the account of that address, if there is one. The answer does not say whether.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who has forgotten their password.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        let user_errors = errors_of(ask_for_code(ctx, &input).await)?;
        Ok(RequestPasswordResetPayload { user_errors })
    }

    /// Sets a new password by the code from the mail, signs every device out and revokes every API token. A code is good for five minutes, five
    /// tries and one use.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code from the mail, and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let user_errors = errors_of(reset(ctx, input).await)?;
        Ok(ResetPasswordPayload { user_errors })
    }

    /// Sets a new password by the old one, and signs every other device of the viewer's out.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        ctx.session()?;
        let (user, user_errors) = match change(ctx, input).await {
            Ok(user) => (Some(User(user)), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(ChangePasswordPayload { user, user_errors })
    }
}

async fn ask_for_code(ctx: &Context<'_>, input: &RequestPasswordResetInput) -> Result<()> {
    let (clock, device) = (&ctx.app().clock, ctx.device());
    let mail = password_reset::request(&mut *ctx.conn().await?, clock, &input.email, &device).await?;
    ctx.app().publisher.publish(&mail.job);
    Ok(())
}

/// Code and password are hashed while no connection waits for it.
async fn reset(ctx: &Context<'_>, input: ResetPasswordInput) -> Result<()> {
    let (hasher, now) = (&ctx.app().hasher, ctx.app().clock.now());
    let password = Password::parse(input.new_password, "newPassword")?;
    let device = ctx.device();
    let tried = password_reset::try_code(&mut *ctx.conn().await?, &input.email, &device, now).await?;
    let redeemed = match tried.check(hasher, input.code).await {
        Err(turned_away @ Error::RateLimited { .. }) => {
            tried.take_back(&mut *ctx.conn().await?).await?;
            return Err(turned_away);
        }
        checked => checked?,
    };
    // Whoever has the code is known.
    let hash = hasher.for_known().hash(redeemed.accept(password)?).await?;
    password_reset::redeem(&mut *ctx.conn().await?, &redeemed, hash, &ctx.author()).await?;
    ctx.app().standings.forget_user(redeemed.user.id);
    Ok(())
}

/// Both passwords are hashed while no connection waits for it.
async fn change(ctx: &Context<'_>, input: ChangePasswordInput) -> Result<users::User> {
    let (hasher, now) = (&ctx.app().hasher.for_known(), ctx.app().clock.now());
    let (user_id, session_id) = ctx.session()?;
    let password = Password::parse(input.new_password, "newPassword")?;
    let asked = password_change::ask(&mut *ctx.conn().await?, user_id, session_id, now).await?;
    let right = asked.check(hasher, input.old_password, "oldPassword").await;
    if let (Err(_), Some(lock)) = (&right, asked.lock()) {
        sign_in::note(&mut *ctx.conn().await?, &ctx.author(), lock).await?;
    }
    right?;
    let hash = hasher.hash(password.apart_from(&asked.user.username, "newPassword")?).await?;
    password_change::change(&mut *ctx.conn().await?, &asked, hash, session_id, &ctx.author()).await?;
    ctx.app().standings.forget_user(user_id);
    Ok(asked.user)
}

fn errors_of(outcome: Result<()>) -> Result<Vec<UserError>> {
    outcome.map_or_else(user_errors, |()| Ok(Vec::new()))
}
