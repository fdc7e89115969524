//! What somebody sends about their API tokens.

use async_graphql::{ID, InputObject};

use crate::graphql::api_tokens::object::ApiTokenScope;
use crate::graphql::scalars::DateTime;

/// The token to make.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// What the viewer calls it, 1 to 100 characters.
    pub name: String,
    /// What it may do; at least one.
    pub scopes: Vec<ApiTokenScope>,
    /// When it stops being good; never unless given.
    pub expires_at: Option<DateTime>,
}

/// Which token is to be revoked.
#[derive(InputObject)]
pub struct RevokeApiTokenInput {
    /// The token, one of the viewer's own.
    pub api_token_id: ID,
}
