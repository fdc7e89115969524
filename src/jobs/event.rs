//! The events of jobs: rows that a trigger writes, and their copies on the way through Redis.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Uuid as SqlUuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{job_events, jobs};
use crate::jobs::job::{Job, JobErrorPayload, Progress};
use crate::jobs::state::State;

/// One visible change of a job. (job, version) is unique, and the versions of a job have no hole.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable, Serialize, Deserialize)]
#[diesel(table_name = job_events, check_for_backend(Pg))]
pub struct JobEvent {
    /// The job.
    pub job_id: Uuid,
    /// The version that the change made.
    pub version: i64,
    /// When, by the database's clock; a copy may differ from its row by the length of the transaction.
    pub at: DateTime<Utc>,
    /// The state after the change.
    pub state: State,
    /// The attempt after the change.
    pub attempt: i32,
    /// The other visible columns after the change.
    pub data: EventData,
}

/// What else of a job can be seen to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct EventData {
    /// Not before this moment.
    pub run_at: DateTime<Utc>,
    /// How far the job is.
    pub progress: Progress,
    /// When somebody asked to cancel it.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// What it did.
    pub output_payload: Option<Value>,
    /// The last error.
    pub error_payload: Option<JobErrorPayload>,
}

/// An event as it travels through Redis, with what a reader needs to route it without a look at the database.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable, Serialize, Deserialize)]
#[diesel(table_name = job_events, check_for_backend(Pg))]
pub struct PublishedEvent {
    /// For whom the job runs.
    #[diesel(select_expression = jobs::user_id, sql_type = Nullable<SqlUuid>)]
    pub user_id: Option<Uuid>,
    /// The name of its kind.
    #[diesel(select_expression = jobs::kind, sql_type = Text)]
    pub kind: String,
    /// The event.
    #[diesel(embed)]
    #[serde(flatten)]
    pub event: JobEvent,
}

impl PublishedEvent {
    /// The job and the version: what it is found by.
    pub fn key(&self) -> (Uuid, i64) {
        (self.event.job_id, self.event.version)
    }
}

impl From<&Job> for PublishedEvent {
    fn from(job: &Job) -> Self {
        let data = EventData {
            run_at: job.run_at,
            progress: job.progress.clone(),
            cancel_requested_at: job.cancel_requested_at,
            output_payload: job.output_payload.clone(),
            error_payload: job.error_payload.clone(),
        };
        let event = JobEvent {
            job_id: job.id,
            version: job.version,
            at: job.updated_at,
            state: job.state,
            attempt: job.attempt,
            data,
        };
        Self { user_id: job.user_id, kind: job.kind.clone(), event }
    }
}

impl FromSql<Jsonb, Pg> for EventData {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?)?)
    }
}
