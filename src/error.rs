//! Everything that can go wrong, in two kinds: the caller's doing, with a stable code, and ours, which is logged once
//! at the edge and never shown.

use std::fmt::Display;
use std::time::Duration;

/// The result of a rule.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the token is no longer good.
    #[error("Sign in first: this needs an access token that is still good.")]
    Unauthenticated,
    /// The viewer is known and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The row does not exist, or it belongs to somebody else: both look the same.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// The input breaks a rule that the caller can mend.
    #[error("{message}")]
    Rejected {
        /// The path of the input field, outermost first; empty when no single field is at fault.
        field: Vec<String>,
        /// The stable code.
        code: Code,
        /// A sentence for a person.
        message: String,
    },
    /// Too many calls; the same call may succeed later.
    #[error("Too many attempts. Try again in {} s.", whole_seconds(*retry_after))]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Something that we depend on is away for the moment.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("{context}: {source}")]
    Internal {
        /// What was being done, to what.
        context: String,
        /// What came back.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The stable codes of expected outcomes. The GraphQL enum `UserErrorCode` is made from this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
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

/// A wait in whole seconds, rounded up, at least one: the unit of `Retry-After`.
pub fn whole_seconds(duration: Duration) -> u64 {
    let partial = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(partial).max(1)
}

impl Error {
    /// A rejected input field, for a field at the top of the input.
    pub fn rejected(field: &str, code: Code, message: impl Into<String>) -> Self {
        let field = if field.is_empty() { Vec::new() } else { vec![field.to_owned()] };
        Self::Rejected { field, code, message: message.into() }
    }

    /// An input field that should name a row which the viewer may see, and does not.
    pub fn unknown(field: &str, what: &str) -> Self {
        Self::rejected(field, Code::NotFound, format!("There is no such {what}."))
    }

    /// A fault of ours, with what was being done.
    pub fn internal(
        context: impl Display,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { context: context.to_string(), source: source.into() }
    }

    /// True for a fault that may be gone when the same thing is tried again. Of what the database says, only that the rows
    /// themselves are refused is no such fault: a full disk or a lack of memory is the server's, not the rows'.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::RateLimited { .. } => true,
            Self::Internal { source, .. } => {
                source.downcast_ref::<diesel::result::Error>().is_some_and(|error| !refuses_rows(error))
            }
            Self::Unauthenticated | Self::Forbidden(_) | Self::NotFound(_) | Self::Rejected { .. } => false,
        }
    }
}

/// Beginnings of what PostgreSQL says about a value that it cannot take (classes 21, 22 and 54, for which diesel has no kind).
const REFUSED_VALUES: [&str; 10] = [
    "value too long for type",
    "numeric field overflow",
    "invalid byte sequence for encoding",
    "invalid input syntax for type",
    "invalid input value for enum",
    "unsupported Unicode escape sequence",
    "index row size",
    "index row requires",
    "division by zero",
    "ON CONFLICT DO UPDATE command cannot affect row a second time",
];

/// True when other rows may pass where these did not.
fn refuses_rows(error: &diesel::result::Error) -> bool {
    use diesel::result::DatabaseErrorKind::{
        CheckViolation, ExclusionViolation, ForeignKeyViolation, NotNullViolation, RestrictViolation,
        UniqueViolation, Unknown,
    };
    use diesel::result::Error::DatabaseError;
    match error {
        DatabaseError(
            UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation | ExclusionViolation
            | RestrictViolation,
            _,
        ) => true,
        DatabaseError(Unknown, info) => {
            let said = info.message();
            REFUSED_VALUES.iter().any(|start| said.starts_with(start)) || said.ends_with("out of range")
        }
        DatabaseError(..) => false,
        _ => true,
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::{
            ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand,
        };
        use diesel::result::Error::{BrokenTransactionManager, DatabaseError};
        match &error {
            DatabaseError(ClosedConnection | UnableToSendCommand | SerializationFailure, _)
            | BrokenTransactionManager => Self::Unavailable("The database did not answer.".to_owned()),
            DatabaseError(ReadOnlyTransaction, _) => {
                Self::Unavailable("The database takes no changes right now.".to_owned())
            }
            // 57P01 to 57P03: the server is stopping or starting; diesel gives these no kind of their own.
            DatabaseError(_, info) if info.message().contains("the database system is") => {
                Self::Unavailable("The database is starting or stopping.".to_owned())
            }
            // 40P01, 55P03 and 57014: nothing is wrong with the statement, only with its moment.
            DatabaseError(_, info)
                if ["deadlock detected", "canceling statement"]
                    .iter()
                    .any(|start| info.message().starts_with(start)) =>
            {
                Self::Unavailable("The database was too busy.".to_owned())
            }
            DatabaseError(_, info) if info.message().contains("terminating connection") => {
                Self::Unavailable("The database is stopping.".to_owned())
            }
            _ => Self::internal("a database statement failed", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind::{
        self, CheckViolation, ReadOnlyTransaction, UniqueViolation, Unknown,
    };
    use diesel::result::Error::{DatabaseError, NotFound};

    use super::*;

    fn said(kind: DatabaseErrorKind, message: &str) -> Error {
        DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    #[test]
    fn only_what_refuses_the_rows_themselves_does_not_pass() {
        for message in [
            "could not extend file \"base/5/2619\": No space left on device",
            "out of memory",
            "could not read block 7 in file \"base/5/2619\": Input/output error",
            "Verklemmung entdeckt",
            "cache lookup failed for relation 5",
        ] {
            assert!(said(Unknown, message).is_passing(), "{message}");
        }
        assert!(said(ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction").is_passing());
        for message in [
            "value too long for type character varying(9)",
            "numeric field overflow",
            "integer out of range",
            "invalid byte sequence for encoding \"UTF8\": 0x00",
            "index row size 2800 exceeds btree version 4 maximum 2704 for index \"some\"",
        ] {
            assert!(!said(Unknown, message).is_passing(), "{message}");
        }
        for kind in [UniqueViolation, CheckViolation] {
            assert!(!said(kind, "was auch immer").is_passing());
        }
        assert!(!Error::from(NotFound).is_passing());
        assert!(!Error::internal("filing", "a booking has no account").is_passing());
    }
}
