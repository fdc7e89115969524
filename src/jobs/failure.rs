//! Why a job's attempt ended without success, and what happens next because of it.

use std::time::Duration;

use crate::error::Error;

/// What a kind of job answers when it cannot go on. No message may hold mail text or a secret: people read them.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another attempt may help: after the back-off, and not before `after`.
    #[error("{code}: {message}")]
    Retry {
        /// A stable code.
        code: &'static str,
        /// A sentence for a person.
        message: String,
        /// What the other side asked for, like a Retry-After.
        after: Option<Duration>,
    },
    /// No attempt will help.
    #[error("{code}: {message}")]
    Fail {
        /// A stable code.
        code: &'static str,
        /// A sentence for a person.
        message: String,
    },
    /// Nothing is wrong, it is only too early: go on after `wait`, with no attempt used up.
    #[error("snoozed for {} s", wait.as_secs())]
    Snooze {
        /// How long to wait.
        wait: Duration,
    },
    /// A fault of ours: tried again, logged with its source, shown without.
    #[error("{0}")]
    Broken(Error),
    /// The claim is somebody else's by now: nothing was written, and nothing may be.
    #[error("the claim is lost")]
    Fenced,
    /// The run was asked to stop, and has.
    #[error("stopped")]
    Stopped,
}

impl JobError {
    /// A failure that another attempt may mend.
    pub fn retry(code: &'static str, message: impl Into<String>) -> Self {
        Self::Retry { code, message: message.into(), after: None }
    }

    /// A failure that no attempt will mend.
    pub fn fail(code: &'static str, message: impl Into<String>) -> Self {
        Self::Fail { code, message: message.into() }
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(message) => Self::retry("UNAVAILABLE", message),
            Error::RateLimited { retry_after } => Self::Snooze { wait: retry_after },
            Error::Internal { .. } => Self::Broken(error),
            Error::Unauthenticated => Self::fail("UNAUTHENTICATED", error.to_string()),
            Error::Forbidden(_) => Self::fail("FORBIDDEN", error.to_string()),
            Error::NotFound(_) => Self::fail("NOT_FOUND", error.to_string()),
            Error::Rejected { .. } => Self::fail("REJECTED", error.to_string()),
        }
    }
}

impl From<diesel::result::Error> for JobError {
    fn from(error: diesel::result::Error) -> Self {
        Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_away_is_tried_again_and_what_is_wrong_is_not() {
        assert!(matches!(JobError::from(Error::Unavailable("away".to_owned())), JobError::Retry { .. }));
        assert!(matches!(JobError::from(Error::NotFound("user")), JobError::Fail { .. }));
        let internal = Error::internal("reading", std::io::Error::other("dear Ana"));
        assert!(matches!(JobError::from(internal), JobError::Broken(_)));
    }
}
