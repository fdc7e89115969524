//! Registration and sign-in.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::context::RequestContext;
use crate::graphql::scalars::int;
use crate::graphql::user_error::{UserError, user_errors};
use crate::graphql::users::input::{LoginInput, RegisterInput};
use crate::graphql::users::object::User;
use crate::users::password::Password;
use crate::users::registration::{self, Registration};
use crate::users::{self, sign_in};
use crate::viewer::Role;

/// The fields of the mutation root.
#[derive(Default)]
pub struct UserMutation;

/// What became of a registration.
#[derive(SimpleObject)]
pub struct RegisterPayload {
    /// The new user; null when there is none.
    user: Option<User>,
    /// Signs requests, in the header `Authorization: Bearer <token>`; null when nobody was signed in.
    access_token: Option<String>,
    /// How the token is sent: `Bearer`; null when there is none.
    token_type: Option<&'static str>,
    /// How long the token is good, in seconds; null when there is none.
    expires_in: Option<i32>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of a sign-in.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// Who has signed in; null when nobody has.
    user: Option<User>,
    /// Signs requests, in the header `Authorization: Bearer <token>`; null when nobody was signed in.
    access_token: Option<String>,
    /// How the token is sent: `Bearer`; null when there is none.
    token_type: Option<&'static str>,
    /// How long the token is good, in seconds; null when there is none.
    expires_in: Option<i32>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// How an access token is sent (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

#[Object]
impl UserMutation {
    /// Makes a user and signs them in. They start with a set of categories, and a mail welcomes them.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who wants to register.")] input: RegisterInput,
    ) -> Result<RegisterPayload> {
        let (access_token, user, user_errors) = outcome(ctx, sign_up(ctx, input).await)?;
        let (token_type, expires_in) = terms(ctx, access_token.as_ref());
        Ok(RegisterPayload { user, access_token, token_type, expires_in, user_errors })
    }

    /// Signs a user in by their username or address. `INVALID_CREDENTIALS` does not say which of the two was wrong.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who wants to sign in.")] input: LoginInput,
    ) -> Result<LoginPayload> {
        let (access_token, user, user_errors) = outcome(ctx, check_in(ctx, input).await)?;
        let (token_type, expires_in) = terms(ctx, access_token.as_ref());
        Ok(LoginPayload { user, access_token, token_type, expires_in, user_errors })
    }
}

/// The password is hashed while no connection waits for it.
async fn sign_up(ctx: &Context<'_>, input: RegisterInput) -> Result<users::User> {
    let (password, input) = input.split();
    let registration = Registration::parse(input, Role::User)?;
    let hash = ctx.app().hasher.hash(Password::parse(password, "password")?).await?;
    let clock = &ctx.app().clock;
    let (user, welcome) = registration::register(&mut *ctx.conn().await?, clock, registration, hash).await?;
    ctx.app().publisher.publish(&welcome.job);
    Ok(user)
}

/// The password is checked while no connection waits for it.
async fn check_in(ctx: &Context<'_>, input: LoginInput) -> Result<users::User> {
    let found = sign_in::find_by_login(&mut *ctx.conn().await?, &input.login).await?;
    let mut user = sign_in::check(&ctx.app().hasher, found, input.password).await?;
    sign_in::record(&mut *ctx.conn().await?, &mut user, ctx.app().clock.now()).await?;
    Ok(user)
}

/// A token for whoever came in, and the object; or why nobody did.
fn outcome(
    ctx: &Context<'_>,
    result: Result<users::User>,
) -> Result<(Option<String>, Option<User>, Vec<UserError>)> {
    match result {
        Ok(user) => {
            let token = ctx.app().access_tokens.issue(&user, ctx.app().clock.now())?;
            ctx.loaders().sign_in(user.id);
            Ok((Some(token), Some(User(user)), Vec::new()))
        }
        Err(error) => Ok((None, None, user_errors(error)?)),
    }
}

/// How the token is sent and how long it is good, where there is one.
fn terms(ctx: &Context<'_>, token: Option<&String>) -> (Option<&'static str>, Option<i32>) {
    token.map(|_| (TOKEN_TYPE, int(ctx.app().access_tokens.lifetime_seconds()))).unzip()
}
