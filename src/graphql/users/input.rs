//! What a user sends who comes, changes or goes.

use async_graphql::{InputObject, MaybeUndefined};

use crate::error::Result;
use crate::graphql::change::changed;
use crate::graphql::scalars::CurrencyCode;
use crate::users::profile::UserChanges;
use crate::users::registration::RegistrationInput;

/// Who wants to register.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The login name: 3 to 50 letters, digits, `_`, `.` or `-`; unique, ignoring case.
    pub username: String,
    /// The address for the server's own mails; unique, ignoring case.
    pub email: String,
    /// 8 to 128 characters, none of the commonest passwords, and not holding the username.
    pub password: String,
    /// The name shown to people, at most 100 characters; the username unless given.
    pub display_name: Option<String>,
    /// The currency of totals; EUR unless given.
    pub base_currency: Option<CurrencyCode>,
    /// The zone whose days transactions are booked on, by its name in the IANA database; UTC unless given.
    pub time_zone: Option<String>,
}

/// What is to change about the viewer.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// The name shown to people, 1 to 100 characters.
    pub display_name: MaybeUndefined<String>,
    /// The currency of totals.
    pub base_currency: MaybeUndefined<CurrencyCode>,
    /// The zone whose days transactions are booked on, by its name in the IANA database. What is booked stays where it is.
    pub time_zone: MaybeUndefined<String>,
}

/// Who wants to leave for good.
#[derive(InputObject)]
pub struct DeleteUserInput {
    /// The viewer's password.
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

impl UpdateUserInput {
    /// The changes, checked.
    pub fn changes(self) -> Result<UserChanges> {
        let display_name = changed("displayName", self.display_name)?;
        let base_currency = changed("baseCurrency", self.base_currency)?.map(|currency| currency.0);
        let time_zone = changed("timeZone", self.time_zone)?;
        UserChanges::parse(display_name.as_deref(), base_currency.as_deref(), time_zone.as_deref())
    }
}
