//! How a user comes, changes and goes.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::error::{Code, Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::sessions::signed_in::Tokens;
use crate::graphql::user_error::{UserError, user_errors};
use crate::graphql::users::input::{DeleteUserInput, RegisterInput, UpdateUserInput};
use crate::graphql::users::object::User;
use crate::users::login_attempt::{self, Subject};
use crate::users::registration::{self, Registration};
use crate::users::sign_in::SignedIn;
use crate::users::{self, deletion, password_change, profile, session, sign_in};
use crate::viewer::Role;

/// The fields of the mutation root.
#[derive(Default)]
pub struct UserMutation;

/// What became of a registration.
#[derive(SimpleObject)]
pub struct RegisterPayload {
    /// The new user and the tokens.
    #[graphql(flatten)]
    tokens: Tokens,
}

/// What became of a change of the viewer.
#[derive(SimpleObject)]
pub struct UpdateUserPayload {
    /// The user as they are now; null when nothing was changed.
    user: Option<User>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to leave.
#[derive(SimpleObject)]
pub struct DeleteUserPayload {
    /// The id of the user who is gone; null when nothing was done.
    deleted_user_id: Option<ID>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl UserMutation {
    /// Makes a user and signs them in. They start with a set of categories, and a mail welcomes them.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who wants to register.")] input: RegisterInput,
    ) -> Result<RegisterPayload> {
        Ok(RegisterPayload { tokens: Tokens::of(ctx, sign_up(ctx, input).await)? })
    }

    /// Changes the viewer. What is left out stays as it is; none of it can be cleared, so null is `INVALID`.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateUserInput,
    ) -> Result<UpdateUserPayload> {
        ctx.viewer()?;
        let (user, user_errors) = match update(ctx, input).await {
            Ok(user) => (Some(User(user)), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(UpdateUserPayload { user, user_errors })
    }

    /// Deletes the viewer. They are signed out for good at once; a job deletes every row of theirs. There is no way back.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password, asked once more.")] input: DeleteUserInput,
    ) -> Result<DeleteUserPayload> {
        ctx.session()?;
        let (deleted_user_id, user_errors) = match delete(ctx, input).await {
            Ok(id) => (Some(id), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(DeleteUserPayload { deleted_user_id, user_errors })
    }
}

/// The password is hashed while no connection waits for it.
async fn sign_up(ctx: &Context<'_>, input: RegisterInput) -> Result<SignedIn> {
    let (app, device) = (ctx.app(), ctx.device());
    if !app.config.is_registration_open {
        return Err(Error::rejected(
            "",
            Code::Invalid,
            "Nobody can register here: ask whoever runs the server.",
        ));
    }
    let (password, input) = input.split();
    let registration = Registration::parse(input, Role::User)?;
    if let Some(address) = device.address {
        let registering = vec![Subject::registration(address)];
        login_attempt::count(&mut *ctx.conn().await?, registering, app.clock.now()).await?;
    }
    let hash = app.hasher.hash(registration.accept(password)?).await?;
    let mut conn = ctx.conn().await?;
    let (user, welcome) =
        registration::register(&mut conn, &app.clock, registration, hash, &ctx.author()).await?;
    app.publisher.publish(&welcome.job);
    let lifetime = app.config.refresh_token_lifetime;
    let (session_id, refresh_token) =
        session::begin(&mut conn, &app.clock, user.id, &device, lifetime).await?;
    Ok(SignedIn { user, session_id, refresh_token })
}

async fn update(ctx: &Context<'_>, input: UpdateUserInput) -> Result<users::User> {
    let changes = input.changes()?;
    let user_id = ctx.viewer()?.user_id;
    profile::update(&mut *ctx.conn().await?, &ctx.author(), user_id, changes).await
}

/// The password is checked while no connection waits for it.
async fn delete(ctx: &Context<'_>, input: DeleteUserInput) -> Result<ID> {
    let (app, (user_id, session_id)) = (ctx.app(), ctx.session()?);
    let now = app.clock.now();
    let asked = password_change::ask(&mut *ctx.conn().await?, user_id, session_id, now).await?;
    let right = asked.check(&app.hasher.for_known(), input.password, "password").await;
    if let (Err(_), Some(lock)) = (&right, asked.lock()) {
        sign_in::note(&mut *ctx.conn().await?, &ctx.author(), lock).await?;
    }
    right?;
    let enqueued = deletion::request(&mut *ctx.conn().await?, &app.clock, &asked, &ctx.author()).await?;
    app.standings.forget_user(user_id);
    app.publisher.publish(&enqueued.job);
    Ok(NodeType::User.id(user_id))
}
