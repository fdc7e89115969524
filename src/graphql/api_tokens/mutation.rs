//! The mutations of API tokens. They need a session: no token makes another, or revokes one.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::graphql::api_tokens::input::{CreateApiTokenInput, RevokeApiTokenInput};
use crate::graphql::api_tokens::object::ApiToken;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::user_error::{UserError, user_errors};
use crate::users::api_token::{self, NewApiToken};
use crate::users::token_text::TokenText;
use crate::viewer::{Credential, Scope};

/// The fields of the mutation root.
#[derive(Default)]
pub struct ApiTokenMutation;

/// What became of the wish for a token.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// The token as it is listed; null when none was made.
    api_token: Option<ApiToken>,
    /// The token itself, for the header `Authorization: Bearer <token>`. It is shown this once; null when none was made.
    token: Option<String>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to revoke a token.
#[derive(SimpleObject)]
pub struct RevokeApiTokenPayload {
    /// The token that is good no longer; null when none was revoked.
    api_token: Option<ApiToken>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl ApiTokenMutation {
    /// Makes a token with which a program acts for the viewer, and shows it this once.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token to make.")] input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        ctx.session()?;
        let (made, user_errors) = match create(ctx, input).await {
            Ok(made) => (Some(made), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        let (api_token, token) = made.unzip();
        let token = token.map(|text| text.expose().to_owned());
        Ok(CreateApiTokenPayload { api_token: api_token.map(ApiToken), token, user_errors })
    }

    /// Revokes a token of the viewer's. It is good for nothing any more, within 5 seconds on every server.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token is to be revoked.")] input: RevokeApiTokenInput,
    ) -> Result<RevokeApiTokenPayload> {
        ctx.session()?;
        let (api_token, user_errors) = match revoke(ctx, &input).await {
            Ok(token) => (Some(ApiToken(token)), Vec::new()),
            Err(error) => (None, user_errors(error)?),
        };
        Ok(RevokeApiTokenPayload { api_token, user_errors })
    }
}

async fn create(ctx: &Context<'_>, input: CreateApiTokenInput) -> Result<(api_token::ApiToken, TokenText)> {
    let (viewer, clock) = (ctx.viewer()?, &ctx.app().clock);
    let scopes: Vec<Scope> = input.scopes.into_iter().map(Into::into).collect();
    let expires_at = input.expires_at.map(|at| at.0);
    let new = NewApiToken::parse(&input.name, &scopes, expires_at, viewer.role, clock.now())?;
    api_token::create(&mut *ctx.conn().await?, clock, &ctx.author(), viewer.user_id, &new).await
}

async fn revoke(ctx: &Context<'_>, input: &RevokeApiTokenInput) -> Result<api_token::ApiToken> {
    let unknown = || Error::unknown("apiTokenId", "API token");
    let id = NodeType::ApiToken.parse(&input.api_token_id).ok_or_else(unknown)?;
    let user_id = ctx.viewer()?.user_id;
    let revoked = api_token::revoke(&mut *ctx.conn().await?, &ctx.author(), user_id, id).await?;
    ctx.app().standings.forget(Credential::Token(id));
    revoked.ok_or_else(unknown)
}
