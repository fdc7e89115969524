//! Expected outcomes of a mutation, as data: `userErrors`.

use async_graphql::{Enum, SimpleObject};

use crate::error::{Code, Error, Result, whole_seconds};

/// Why a mutation did not do what it was asked, in a form that a client can act on.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// A sentence for a person.
    pub message: String,
    /// The path of the input field at fault, outermost first; null when no single field is.
    pub field: Option<Vec<String>>,
    /// The stable code.
    pub code: UserErrorCode,
    /// How many seconds to wait before the next try; null when waiting does not help.
    pub retry_after_seconds: Option<i32>,
}

/// The stable codes of expected outcomes, one list for the whole API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub enum UserErrorCode {
    /// The name or the password is wrong; which of them is not said.
    InvalidCredentials,
    /// Too many attempts; wait for `retryAfterSeconds`.
    RateLimited,
    /// The value is used already, and has to be unique.
    Taken,
    /// The value is not one that the field can hold.
    Invalid,
    /// The value is shorter than the field asks for.
    TooShort,
    /// The value is longer than the field allows.
    TooLong,
    /// There is no such row among the ones that the viewer may see.
    NotFound,
    /// Other rows still need this one.
    InUse,
    /// The time of the thing has passed.
    Expired,
    /// A limit of this server is reached.
    LimitExceeded,
}

/// Splits an error of a mutation: an outcome that a client can act on becomes data, any other stays a top-level error.
pub fn user_errors(error: Error) -> Result<Vec<UserError>> {
    let message = error.to_string();
    let user_error = match error {
        Error::Rejected { field, code, message } => UserError {
            message,
            field: (!field.is_empty()).then_some(field),
            code: code.into(),
            retry_after_seconds: None,
        },
        Error::NotFound(_) => {
            UserError { message, field: None, code: UserErrorCode::NotFound, retry_after_seconds: None }
        }
        Error::RateLimited { retry_after } => UserError {
            message,
            field: None,
            code: UserErrorCode::RateLimited,
            retry_after_seconds: Some(i32::try_from(whole_seconds(retry_after)).unwrap_or(i32::MAX)),
        },
        top_level @ (Error::Unauthenticated
        | Error::Forbidden(_)
        | Error::Unavailable(_)
        | Error::Internal { .. }) => return Err(top_level),
    };
    Ok(vec![user_error])
}

/// What a payload holds of an outcome: the object that `node` makes of it and no errors, or no object and why.
pub fn split<Found, Node>(
    outcome: Result<Found>,
    node: impl FnOnce(Found) -> Node,
) -> Result<(Option<Node>, Vec<UserError>)> {
    match outcome {
        Ok(found) => Ok((Some(node(found)), Vec::new())),
        Err(error) => Ok((None, user_errors(error)?)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_rejected_field_becomes_data() {
        let errors = user_errors(Error::rejected("name", Code::Taken, "That name is used.")).unwrap();
        assert_eq!(
            errors,
            [UserError {
                message: "That name is used.".to_owned(),
                field: Some(vec!["name".to_owned()]),
                code: UserErrorCode::Taken,
                retry_after_seconds: None,
            }]
        );
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait_rounded_up() {
        let errors = user_errors(Error::RateLimited { retry_after: Duration::from_millis(1_500) }).unwrap();
        assert_eq!((errors[0].code, errors[0].retry_after_seconds), (UserErrorCode::RateLimited, Some(2)));
        assert_eq!(errors[0].message, "Too many attempts. Try again in 2 s.");
    }

    #[test]
    fn what_a_client_cannot_mend_stays_a_top_level_error() {
        assert!(matches!(user_errors(Error::Unauthenticated), Err(Error::Unauthenticated)));
        assert!(matches!(user_errors(Error::internal("x", "y")), Err(Error::Internal { .. })));
    }
}
