//! What whoever has signed in gets: the same for a registration, a login and a refresh.

use async_graphql::{Context, SimpleObject};

use crate::error::Result;
use crate::graphql::context::RequestContext;
use crate::graphql::scalars::int;
use crate::graphql::user_error::{UserError, user_errors};
use crate::graphql::users::object::User;
use crate::users::sign_in::SignedIn;

/// How an access token is sent (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

/// A user with the tokens of their session, or why there are none.
#[derive(Default, SimpleObject)]
pub struct Tokens {
    /// Who has signed in; null when nobody has.
    user: Option<User>,
    /// Signs requests, in the header `Authorization: Bearer <token>`; null when nobody was signed in.
    access_token: Option<String>,
    /// Keeps the device signed in: `refreshSession` takes it, once, for new tokens. Null when nobody was signed in.
    refresh_token: Option<String>,
    /// How the access token is sent: `Bearer`; null when there is none.
    token_type: Option<&'static str>,
    /// How long the access token is good, in seconds; null when there is none.
    expires_in: Option<i32>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

impl Tokens {
    /// The tokens of a session that has begun or goes on; or why there is none.
    pub fn of(ctx: &Context<'_>, outcome: Result<SignedIn>) -> Result<Self> {
        match outcome {
            Ok(signed_in) => Self::good(ctx, signed_in),
            Err(error) => Ok(Self { user_errors: user_errors(error)?, ..Self::default() }),
        }
    }

    fn good(ctx: &Context<'_>, signed_in: SignedIn) -> Result<Self> {
        let SignedIn { user, session_id, refresh_token } = signed_in;
        let tokens = &ctx.app().access_tokens;
        let access_token = tokens.issue(&user, session_id, ctx.app().clock.now())?;
        ctx.loaders().sign_in(user.id);
        Ok(Self {
            access_token: Some(access_token),
            refresh_token: Some(refresh_token.to_text()),
            token_type: Some(TOKEN_TYPE),
            expires_in: Some(int(tokens.lifetime_seconds())),
            user: Some(User(user)),
            user_errors: Vec::new(),
        })
    }
}
