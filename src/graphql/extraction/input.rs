//! Which mails are to be read, and how many at a time.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::extraction::runs;
use crate::graphql::extraction::object::{EmailKind, ExtractionOutcome};
use crate::graphql::global_id::NodeType;
use crate::jobs::JobPayload;

/// The most mails of one checkpoint.
const LARGEST_BATCH: i32 = 500;

/// Which mails are to be read.
#[derive(InputObject)]
pub struct ExtractEmailsInput {
    /// At most this many mails; all the pending ones unless given.
    limit: Option<i32>,
    /// How many mails are read between two moments at which the work is safe, 1 to 500.
    #[graphql(default = 50)]
    batch_size: i32,
    /// These mails alone, at most 100, whatever became of them before; ignored ones are not read. What this version of the server has
    /// read of a mail before is not read differently, and never filed twice.
    pub email_ids: Option<Vec<ID>>,
    /// Whose mails; another user than the viewer is for admins. The viewer's own unless given.
    pub user_id: Option<ID>,
    /// A second call with the same key and input within a day makes nothing, and answers with the job of the first one.
    pub idempotency_key: Option<String>,
}

/// Which readings of mails are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct ExtractionFilter {
    /// With one of these outcomes.
    outcomes: Option<Vec<ExtractionOutcome>>,
    /// Of a mail of one of these kinds.
    kinds: Option<Vec<EmailKind>>,
    /// Of one of these mails.
    email_ids: Option<Vec<ID>>,
}

impl ExtractionFilter {
    /// The filter as the list takes it; an error for an id of another type.
    pub fn parse(self) -> Result<runs::ExtractionFilter> {
        Ok(runs::ExtractionFilter {
            outcomes: self.outcomes.into_iter().flatten().map(Into::into).collect(),
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            email_ids: NodeType::Email.read_all(self.email_ids.as_ref(), "emailIds")?,
        })
    }
}

impl ExtractEmailsInput {
    /// The work; `Invalid` for a number that is out of range.
    pub fn payload(&self, email_ids: Option<Vec<Uuid>>) -> Result<JobPayload> {
        if !(1..=LARGEST_BATCH).contains(&self.batch_size) {
            let message = format!("A batch has 1 to {LARGEST_BATCH} mails.");
            return Err(Error::rejected("batchSize", Code::Invalid, message));
        }
        let batch_size = i64::from(self.batch_size);
        Ok(JobPayload::ExtractEmails { limit: positive(self.limit)?, batch_size, email_ids })
    }
}

/// The field `limit` of an input that starts a job: one or more, where it is given.
pub fn positive(limit: Option<i32>) -> Result<Option<i64>> {
    if limit.is_some_and(|limit| limit < 1) {
        return Err(Error::rejected("limit", Code::Invalid, "A limit is 1 or more."));
    }
    Ok(limit.map(i64::from))
}
