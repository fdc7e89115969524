//! Sign-in, staying signed in, and sign-out.

use async_graphql::{Context, Object, SimpleObject};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::int;
use crate::graphql::sessions::input::{LoginInput, RefreshSessionInput, RevokeSessionInput};
use crate::graphql::sessions::object::Session;
use crate::graphql::sessions::signed_in::Tokens;
use crate::graphql::user_error::{UserError, user_errors};
use crate::users::refresh_token::RefreshToken;
use crate::users::rotation::{Rotated, rotate};
use crate::users::sign_in::{self, Knock, SignedIn};
use crate::users::{self, session};

/// The fields of the mutation root.
#[derive(Default)]
pub struct SessionMutation;

/// What became of a sign-in.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// The user and the tokens.
    #[graphql(flatten)]
    tokens: Tokens,
}

/// What became of the wish to stay signed in.
#[derive(SimpleObject)]
pub struct RefreshSessionPayload {
    /// The user and the tokens.
    #[graphql(flatten)]
    tokens: Tokens,
}

/// What became of a sign-out.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// The session that has ended; null when it had ended before.
    session: Option<Session>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of a sign-out of every device.
#[derive(SimpleObject)]
pub struct LogoutEverywherePayload {
    /// How many sessions have ended, the one that asked included.
    ended_count: i32,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to end a session.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// The session that has ended; null when none has.
    session: Option<Session>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl SessionMutation {
    /// Signs a user in by their username or address. `INVALID_CREDENTIALS` does not say which of the two was wrong;
    /// `RATE_LIMITED` comes after several wrong passwords, and says how long to wait.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who wants to sign in.")] input: LoginInput,
    ) -> Result<LoginPayload> {
        Ok(LoginPayload { tokens: Tokens::of(ctx, check_in(ctx, input).await)? })
    }

    /// Takes a refresh token for new tokens. It is good once; within 30 seconds, for a client that lost the answer or has
    /// asked twice, it gives the same next one again. An old one that is shown later ends the session, and a mail says so.
    /// `EXPIRED` for whatever is not good: sign in again.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which device wants to stay signed in.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload> {
        Ok(RefreshSessionPayload { tokens: Tokens::of(ctx, refresh(ctx, &input).await)? })
    }

    /// Ends the session of this request. Its tokens are good for nothing any more, within 5 seconds on every server.
    async fn logout(&self, ctx: &Context<'_>) -> Result<LogoutPayload> {
        let (user_id, session_id) = ctx.session()?;
        let ended = end(ctx, user_id, session_id).await?;
        Ok(LogoutPayload { session: ended.map(Session), user_errors: Vec::new() })
    }

    /// Ends every session of the viewer's, this one included.
    async fn logout_everywhere(&self, ctx: &Context<'_>) -> Result<LogoutEverywherePayload> {
        let ((user_id, _), now) = (ctx.session()?, ctx.app().clock.now());
        let ended = session::end_everywhere(&mut *ctx.conn().await?, &ctx.author(), user_id, now).await?;
        ctx.app().standings.forget_user(user_id);
        let ended_count = int(i64::try_from(ended).unwrap_or(i64::MAX));
        Ok(LogoutEverywherePayload { ended_count, user_errors: Vec::new() })
    }

    /// Ends one session of the viewer's: a device that was lost, for example.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session is to end.")] input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        ctx.session()?;
        let (session, user_errors) = match revoke(ctx, &input).await {
            Ok(session) => (Some(Session(session)), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(RevokeSessionPayload { session, user_errors })
    }
}

/// The password is checked while no connection waits for it.
async fn check_in(ctx: &Context<'_>, input: LoginInput) -> Result<SignedIn> {
    let refresh_token = input.refresh_token.as_deref().and_then(RefreshToken::parse);
    let knock = Knock { login: input.login, device: ctx.device(), refresh_token };
    let (clock, lifetime) = (&ctx.app().clock, ctx.app().config.refresh_token_lifetime);
    let counting = sign_in::count(&mut *ctx.conn().await?, &knock, clock.now()).await?;
    let lock = counting.lock();
    let right = counting.check(&ctx.app().hasher, input.password).await;
    match (&right, lock) {
        (Err(Error::RateLimited { .. }), _) => counting.take_back(&mut *ctx.conn().await?).await?,
        (Err(_), Some(lock)) => sign_in::note(&mut *ctx.conn().await?, &ctx.author(), lock).await?,
        _ => {}
    }
    sign_in::begin(&mut *ctx.conn().await?, clock, right?, &knock.device, lifetime, &ctx.author()).await
}

async fn refresh(ctx: &Context<'_>, input: &RefreshSessionInput) -> Result<SignedIn> {
    let ended = || {
        let message = "This session has ended, or the token was never one. Sign in again.";
        Error::rejected("refreshToken", Code::Expired, message)
    };
    let shown = RefreshToken::parse(&input.refresh_token).ok_or_else(ended)?;
    let (app, device) = (ctx.app(), ctx.device());
    let lifetime = app.config.refresh_token_lifetime;
    match rotate(&mut *ctx.conn().await?, &app.clock, &shown, &device, lifetime, &ctx.author()).await? {
        Rotated::Renewed { user, session_id, token } => {
            Ok(SignedIn { user: *user, session_id, refresh_token: token })
        }
        Rotated::Reused { session_id, notice } => {
            app.standings.forget_session(session_id);
            app.publisher.publish(&notice.job);
            Err(ended())
        }
        Rotated::Refused => Err(ended()),
    }
}

async fn revoke(ctx: &Context<'_>, input: &RevokeSessionInput) -> Result<users::Session> {
    let unknown = || Error::unknown("sessionId", "session");
    let id = NodeType::Session.parse(&input.session_id).ok_or_else(unknown)?;
    end(ctx, ctx.viewer()?.user_id, id).await?.ok_or_else(unknown)
}

async fn end(ctx: &Context<'_>, user_id: Uuid, session_id: Uuid) -> Result<Option<users::Session>> {
    let now = ctx.app().clock.now();
    let ended = session::end(&mut *ctx.conn().await?, &ctx.author(), user_id, session_id, now).await?;
    ctx.app().standings.forget_session(session_id);
    Ok(ended)
}
