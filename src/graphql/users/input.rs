//! What a new user and a returning one send.

use async_graphql::InputObject;

use crate::graphql::scalars::CurrencyCode;
use crate::users::registration::RegistrationInput;

/// Who wants to register.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The login name: 3 to 50 letters, digits, `_`, `.` or `-`; unique, ignoring case.
    pub username: String,
    /// The address for the server's own mails; unique, ignoring case.
    pub email: String,
    /// 8 to 128 characters.
    pub password: String,
    /// The name shown to people, at most 100 characters; the username unless given.
    pub display_name: Option<String>,
    /// The currency of totals; EUR unless given.
    pub base_currency: Option<CurrencyCode>,
    /// The zone whose days transactions are booked on, by its name in the IANA database; UTC unless given.
    pub time_zone: Option<String>,
}

/// Who wants to sign in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The username or the address, ignoring case.
    pub login: String,
    /// The password.
    pub password: String,
}

impl RegisterInput {
    /// The password, and what else the new user says about themselves.
    pub fn split(self) -> (String, RegistrationInput) {
        let input = RegistrationInput {
            username: self.username,
            email: self.email,
            display_name: self.display_name,
            base_currency: self.base_currency.map(|currency| currency.0),
            time_zone: self.time_zone,
        };
        (self.password, input)
    }
}
