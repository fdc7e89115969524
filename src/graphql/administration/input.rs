//! What an admin sends about a user.

use async_graphql::{ID, InputObject};

use crate::graphql::users::object::Role;

/// Which user gets which role.
#[derive(InputObject)]
pub struct SetUserRoleInput {
    /// The user.
    pub user_id: ID,
    /// The role.
    pub role: Role,
}

/// Who may sign in again.
#[derive(InputObject)]
pub struct ActivateUserInput {
    /// The user.
    pub user_id: ID,
}

/// Who may not sign in any more.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// The user.
    pub user_id: ID,
}
