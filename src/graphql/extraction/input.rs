//! Which mails are to be read, and how many at a time.

use async_graphql::{ID, InputObject};

use crate::error::{Code, Error, Result};
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
    /// Whose mails; another user than the viewer is for admins. The viewer's own unless given.
    pub user_id: Option<ID>,
}

impl ExtractEmailsInput {
    /// The work; `Invalid` for a number that is out of range.
    pub fn payload(&self) -> Result<JobPayload> {
        if !(1..=LARGEST_BATCH).contains(&self.batch_size) {
            let message = format!("A batch has 1 to {LARGEST_BATCH} mails.");
            return Err(Error::rejected("batchSize", Code::Invalid, message));
        }
        let batch_size = i64::from(self.batch_size);
        Ok(JobPayload::ExtractEmails { limit: positive(self.limit)?, batch_size, email_ids: None })
    }
}

/// The field `limit` of an input that starts a job: one or more, where it is given.
pub fn positive(limit: Option<i32>) -> Result<Option<i64>> {
    if limit.is_some_and(|limit| limit < 1) {
        return Err(Error::rejected("limit", Code::Invalid, "A limit is 1 or more."));
    }
    Ok(limit.map(i64::from))
}
