//! Which jobs are wanted.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::object::{JobKind, JobState};
use crate::jobs;

/// Which jobs are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct JobFilter {
    /// In one of these states.
    states: Option<Vec<JobState>>,
    /// Of one of these kinds.
    kinds: Option<Vec<JobKind>>,
    /// Those that run for this user.
    user_id: Option<ID>,
}

impl JobFilter {
    /// The filter as the list takes it; an error for an id of another type.
    pub fn parse(self) -> Result<jobs::JobFilter> {
        let user = |id: ID| NodeType::User.parse(&id).ok_or_else(|| Error::unknown("userId", "user"));
        let user_id: Option<Uuid> = self.user_id.map(user).transpose()?;
        Ok(jobs::JobFilter {
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            kinds: self.kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
            user_id,
        })
    }
}
