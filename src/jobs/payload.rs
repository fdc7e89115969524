//! What a job is to do: the closed set of kinds that this program knows, with what each one carries and may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::jobs::state::Queue;

/// The priority of work that nobody waits for in front of a screen; what is more urgent has a lower one.
pub const BULK_PRIORITY: i16 = 50;
/// Whoever waits for a code looks at the screen.
const CODE_PRIORITY: i16 = 5;
const MAIL_PRIORITY: i16 = 10;
const LEAVE_PRIORITY: i16 = 20;
const DEFAULT_BATCH_SIZE: i64 = 50;

/// One piece of work. Ids and numbers only: never mail text, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobPayload {
    /// Brings the new mails of connected accounts of the job's user.
    FetchEmails {
        /// The accounts, all of them the user's.
        connected_account_ids: Vec<Uuid>,
        /// At most this many mails; absent: everything new.
        #[serde(default)]
        limit: Option<i64>,
    },
    /// Reads pending mails of the job's user into the ledger.
    ExtractEmails {
        /// At most this many mails; absent: all of them.
        #[serde(default)]
        limit: Option<i64>,
        /// Mails a checkpoint.
        #[serde(default = "default_batch_size")]
        batch_size: i64,
        /// These mails alone, whatever became of them before; absent: the pending ones.
        #[serde(default)]
        email_ids: Option<Vec<Uuid>>,
    },
    /// Sends one of the server's own mails.
    SendEmail(Outgoing),
    /// Deletes jobs that ended long ago, and what else nobody needs any more.
    Retention {},
    /// Deletes a user who has left, with every row of theirs.
    DeleteUser {
        /// Who has left.
        user_id: Uuid,
    },
}

/// A mail that the server sends. Its text is made when it is sent, so that no row holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outgoing {
    /// Greets a new user.
    Welcome {
        /// Who has registered.
        user_id: Uuid,
    },
    /// Brings a code for a new password, which is made when the mail is.
    PasswordReset {
        /// Who cannot sign in; nobody's id when the address that was asked for is nobody's.
        user_id: Uuid,
    },
    /// Says that a session has ended because an old refresh token of it was shown.
    RefreshTokenReused {
        /// Whose session it was.
        user_id: Uuid,
    },
}

impl Outgoing {
    /// Whom it is for.
    pub fn user_id(&self) -> Uuid {
        match self {
            Self::Welcome { user_id }
            | Self::PasswordReset { user_id }
            | Self::RefreshTokenReused { user_id } => *user_id,
        }
    }
}

/// What a job does, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`JobPayload::FetchEmails`].
    FetchEmails,
    /// [`JobPayload::ExtractEmails`].
    ExtractEmails,
    /// [`JobPayload::SendEmail`].
    SendEmail,
    /// [`JobPayload::Retention`].
    Retention,
    /// [`JobPayload::DeleteUser`].
    DeleteUser,
}

impl JobPayload {
    /// Reads a row's kind and payload; an error when the two do not fit.
    pub fn parse(kind: &str, payload: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(json!({ "kind": kind, "payload": payload }))
    }

    /// The payload as the row holds it.
    pub fn to_json(&self) -> Value {
        let mut tagged = serde_json::to_value(self).unwrap_or_default();
        tagged.get_mut("payload").map(Value::take).unwrap_or_default()
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        match self {
            Self::FetchEmails { .. } => Kind::FetchEmails,
            Self::ExtractEmails { .. } => Kind::ExtractEmails,
            Self::SendEmail(_) => Kind::SendEmail,
            Self::Retention {} => Kind::Retention,
            Self::DeleteUser { .. } => Kind::DeleteUser,
        }
    }

    /// The lower runs first: what a person waits for goes before what runs for hours.
    pub fn priority(&self) -> i16 {
        match self {
            Self::SendEmail(Outgoing::PasswordReset { .. }) => CODE_PRIORITY,
            Self::SendEmail(Outgoing::Welcome { .. } | Outgoing::RefreshTokenReused { .. }) => MAIL_PRIORITY,
            Self::DeleteUser { .. } => LEAVE_PRIORITY,
            Self::FetchEmails { .. } | Self::ExtractEmails { .. } | Self::Retention {} => BULK_PRIORITY,
        }
    }
}

impl Kind {
    /// Every kind that this program can run.
    pub const ALL: [Self; 5] =
        [Self::FetchEmails, Self::ExtractEmails, Self::SendEmail, Self::Retention, Self::DeleteUser];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FetchEmails => "FETCH_EMAILS",
            Self::ExtractEmails => "EXTRACT_EMAILS",
            Self::SendEmail => "SEND_EMAIL",
            Self::Retention => "RETENTION",
            Self::DeleteUser => "DELETE_USER",
        }
    }

    /// The kind of that name; `None` for one of another version.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Where its jobs wait.
    pub fn queue(self) -> Queue {
        match self {
            Self::FetchEmails | Self::ExtractEmails | Self::SendEmail => Queue::Email,
            Self::Retention | Self::DeleteUser => Queue::Base,
        }
    }

    /// How many attempts a job gets; interrupted ones do not count.
    pub fn attempts(self) -> i32 {
        match self {
            Self::FetchEmails | Self::ExtractEmails => 5,
            Self::SendEmail | Self::DeleteUser => 8,
            Self::Retention => 3,
        }
    }

    /// How long a run may go on without a checkpoint. Later than that it is stuck, and is stopped and tried again.
    pub fn run_limit(self) -> Duration {
        match self {
            Self::FetchEmails | Self::ExtractEmails | Self::Retention | Self::DeleteUser => {
                Duration::from_mins(10)
            }
            Self::SendEmail => Duration::from_mins(2),
        }
    }

    /// True for work that may run for hours, and so never takes a worker's last slot of its queue.
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::FetchEmails | Self::ExtractEmails)
    }
}

fn default_batch_size() -> i64 {
    DEFAULT_BATCH_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payload_is_read_as_it_was_written() {
        let id = Uuid::nil();
        for payload in [
            JobPayload::FetchEmails { connected_account_ids: vec![id], limit: Some(3) },
            JobPayload::ExtractEmails { limit: None, batch_size: 7, email_ids: Some(vec![id]) },
            JobPayload::SendEmail(Outgoing::Welcome { user_id: id }),
            JobPayload::SendEmail(Outgoing::PasswordReset { user_id: id }),
            JobPayload::SendEmail(Outgoing::RefreshTokenReused { user_id: id }),
            JobPayload::Retention {},
            JobPayload::DeleteUser { user_id: id },
        ] {
            let json = payload.to_json();
            assert!(json.is_object(), "{json}");
            assert_eq!(JobPayload::parse(payload.kind().as_str(), &json).unwrap(), payload);
        }
    }

    #[test]
    fn what_a_payload_leaves_out_has_a_default() {
        let extract = JobPayload::parse("EXTRACT_EMAILS", &json!({})).unwrap();
        assert_eq!(extract, JobPayload::ExtractEmails { limit: None, batch_size: 50, email_ids: None });
    }

    #[test]
    fn a_payload_of_another_shape_is_refused() {
        assert!(JobPayload::parse("FETCH_EMAILS", &json!({ "connected_account_ids": 7 })).is_err());
        assert!(JobPayload::parse("SEND_EMAIL", &json!({ "mail": "UNHEARD_OF" })).is_err());
        assert!(JobPayload::parse("UNHEARD_OF", &json!({})).is_err());
    }

    #[test]
    fn what_may_not_be_kept_waiting_comes_before_bulk() {
        let mail = JobPayload::SendEmail(Outgoing::Welcome { user_id: Uuid::nil() });
        assert!(mail.priority() < BULK_PRIORITY);
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.as_str()) == Some(kind)));
    }
}
