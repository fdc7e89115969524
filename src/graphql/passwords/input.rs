//! What somebody sends who wants another password.

use async_graphql::InputObject;

/// Who has forgotten their password.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The address of the account, ignoring case.
    pub email: String,
}

/// The code from the mail, and the new password.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The address that the code was asked for.
    pub email: String,
    /// The six digits from the mail.
    pub code: String,
    /// The new password: 8 to 128 characters, none of the commonest, and not holding the username.
    pub new_password: String,
}

/// The old password and the new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password as it is.
    pub old_password: String,
    /// The new one: 8 to 128 characters, none of the commonest, and not holding the username.
    pub new_password: String,
}
