//! What a returning user, and a device that is signed in, send.

use async_graphql::{ID, InputObject};

/// Who wants to sign in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The username or the address, ignoring case.
    pub login: String,
    /// The password.
    pub password: String,
    /// The refresh token that this device had last, where it has one, good or not: it tells the owner's device from strangers,
    /// whose wrong passwords do not lock it out.
    pub refresh_token: Option<String>,
}

/// Which device wants to stay signed in.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The device's refresh token. It is used up by this; the answer has the next one.
    pub refresh_token: String,
}

/// Which session is to end.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// The session, one of the viewer's own.
    pub session_id: ID,
}
