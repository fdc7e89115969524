//! Opaque ids that say of which type an object is: base64url of a tag and the row's uuid.

use async_graphql::ID;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The types of object that have an id. The tags are part of every id that a client keeps: none may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeType {
    /// A user.
    User,
    /// A category.
    Category,
    /// A money account.
    Account,
    /// A transaction.
    Transaction,
    /// A mailbox.
    ConnectedAccount,
    /// A mail.
    Email,
    /// A job.
    Job,
    /// One reading of a mail.
    Extraction,
    /// A signed-in device.
    Session,
    /// One event seen in one mail.
    Sighting,
    /// One call of a language model.
    LlmUsage,
    /// One thing that somebody did.
    AuditEntry,
    /// A personal API token.
    ApiToken,
}

impl NodeType {
    const ALL: [Self; 13] = [
        Self::User,
        Self::Category,
        Self::Account,
        Self::Transaction,
        Self::ConnectedAccount,
        Self::Email,
        Self::Job,
        Self::Extraction,
        Self::Session,
        Self::Sighting,
        Self::LlmUsage,
        Self::AuditEntry,
        Self::ApiToken,
    ];

    /// The id of the object of this type whose row is `id`.
    pub fn id(self, id: Uuid) -> ID {
        let mut bytes = [0; 17];
        bytes[0] = self.tag();
        bytes[1..].copy_from_slice(id.as_bytes());
        ID(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The row that `id` names; `None` when it is no id, or one of another type.
    pub fn parse(self, id: &ID) -> Option<Uuid> {
        parse(id).filter(|(node_type, _)| *node_type == self).map(|(_, id)| id)
    }

    /// The row that the id in an input field names; an id of another type names none.
    pub fn read(self, id: &ID, field: &str) -> Result<Uuid> {
        self.parse(id).ok_or_else(|| Error::unknown(field, self.noun()))
    }

    /// The rows that the ids in an input field name.
    pub fn read_all(self, ids: Option<&Vec<ID>>, field: &str) -> Result<Vec<Uuid>> {
        ids.into_iter().flatten().map(|id| self.read(id, field)).collect()
    }

    fn tag(self) -> u8 {
        match self {
            Self::User => 1,
            Self::Category => 2,
            Self::Account => 3,
            Self::Transaction => 4,
            Self::ConnectedAccount => 5,
            Self::Email => 6,
            Self::Job => 7,
            Self::Extraction => 8,
            Self::Session => 9,
            Self::Sighting => 10,
            Self::LlmUsage => 11,
            Self::AuditEntry => 20,
            Self::ApiToken => 21,
        }
    }

    /// What people call such an object.
    fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Category => "category",
            Self::Account => "account",
            Self::Transaction => "transaction",
            Self::ConnectedAccount => "mailbox",
            Self::Email => "mail",
            Self::Job => "job",
            Self::Extraction => "extraction",
            Self::Session => "session",
            Self::Sighting => "sighting",
            Self::LlmUsage => "call of a language model",
            Self::AuditEntry => "audit entry",
            Self::ApiToken => "API token",
        }
    }
}

/// The tag of a change of a job, which has no uuid of its own: its job's and the version follow.
const JOB_EVENT: u8 = 22;

/// The id of the change of a job that made the version.
pub fn of_job_event(job_id: Uuid, version: i64) -> ID {
    let mut bytes = [0; 25];
    bytes[0] = JOB_EVENT;
    bytes[1..17].copy_from_slice(job_id.as_bytes());
    bytes[17..].copy_from_slice(&version.to_be_bytes());
    ID(URL_SAFE_NO_PAD.encode(bytes))
}

/// The job and the version that `id` names; `None` when it is no id of a change of a job.
pub fn parse_job_event(id: &ID) -> Option<(Uuid, i64)> {
    let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(id.as_str()).ok()?.try_into().ok()?;
    let (tag, key) = bytes.split_first()?;
    let (job_id, version) = key.split_first_chunk::<16>()?;
    let version = i64::from_be_bytes(version.try_into().ok()?);
    (*tag == JOB_EVENT).then_some((Uuid::from_bytes(*job_id), version))
}

/// The type and the row that `id` names; `None` when it is no id of ours.
pub fn parse(id: &ID) -> Option<(NodeType, Uuid)> {
    let bytes: [u8; 17] = URL_SAFE_NO_PAD.decode(id.as_str()).ok()?.try_into().ok()?;
    let (tag, uuid) = bytes.split_first()?;
    let node_type = NodeType::ALL.into_iter().find(|node_type| node_type.tag() == *tag)?;
    Some((node_type, Uuid::from_slice(uuid).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ids_that_clients_keep_stay_as_they_are() {
        let id = Uuid::from_u128(0x0193_5d3c_7a00_7000_8000_0000_0000_0001);
        assert_eq!(NodeType::User.id(id).as_str(), "AQGTXTx6AHAAgAAAAAAAAAE");
        assert_eq!(NodeType::Extraction.id(id).as_str(), "CAGTXTx6AHAAgAAAAAAAAAE");
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_the_one_that_was_written_and_as_no_other_type(id: u128, at in 0..NodeType::ALL.len()) {
            let (node_type, id) = (NodeType::ALL[at], Uuid::from_u128(id));
            let global = node_type.id(id);
            prop_assert_eq!(parse(&global), Some((node_type, id)));
            for other in NodeType::ALL {
                prop_assert_eq!(other.parse(&global), (other == node_type).then_some(id));
            }
        }

        #[test]
        fn an_id_of_a_change_of_a_job_is_read_as_it_was_written_and_as_nothing_else(id: u128, version: i64) {
            let global = of_job_event(Uuid::from_u128(id), version);
            prop_assert_eq!(parse_job_event(&global), Some((Uuid::from_u128(id), version)));
            prop_assert_eq!(parse(&global), None);
            prop_assert_eq!(parse_job_event(&NodeType::Job.id(Uuid::from_u128(id))), None);
        }

        #[test]
        fn any_text_is_an_id_written_by_us_or_none(text in "[A-Za-z0-9_=+/-]{0,30}|\\PC{0,30}") {
            if let Some((node_type, id)) = parse(&ID(text.clone())) {
                prop_assert_eq!(node_type.id(id), ID(text));
            }
        }
    }
}
