//! One job as a row, with the JSON of its columns as types.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::jobs;
use crate::jobs::payload::Kind;
use crate::jobs::state::{Queue, State};

/// A row of `jobs`.
#[derive(Clone, Debug, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = jobs, check_for_backend(Pg))]
pub struct Job {
    /// UUID version 7.
    pub id: Uuid,
    /// For whom it runs; `None` for the system's own.
    pub user_id: Option<Uuid>,
    /// Where it waits.
    pub queue: Queue,
    /// The name of its kind, which may be one of a newer version.
    pub kind: String,
    /// What to work on.
    pub payload: Value,
    /// Where it stands.
    pub state: State,
    /// The lower runs first.
    pub priority: i16,
    /// Not before this moment, by the database's clock.
    pub run_at: DateTime<Utc>,
    /// How often it was claimed.
    pub attempt: i32,
    /// How many attempts may be used up.
    pub max_attempts: i32,
    /// How many attempts were handed back and do not count as used.
    pub interruptions: i32,
    /// How often its worker vanished since the last checkpoint.
    pub crash_count: i32,
    /// Counts the visible changes, from 1.
    pub version: i64,
    /// The worker that runs it.
    pub worker_id: Option<Uuid>,
    /// Until when that worker may be silent.
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// When somebody asked to cancel it.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Who asked.
    pub cancel_requested_by: Option<Uuid>,
    /// Counters for people.
    pub progress: Progress,
    /// Where the next attempt goes on; read it through `RunningJob::load_checkpoint`.
    pub checkpoint: Option<Value>,
    /// What it did.
    pub output_payload: Option<Value>,
    /// The last error.
    pub error_payload: Option<JobErrorPayload>,
    /// At most one active job of a kind and a user has it.
    pub unique_key: Option<String>,
    /// The schedule that made it.
    pub schedule_name: Option<String>,
    /// When it was first claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When the row last changed, heartbeats included.
    pub updated_at: DateTime<Utc>,
}

impl Job {
    /// The kind; `None` for one of another version.
    pub fn known_kind(&self) -> Option<Kind> {
        Kind::parse(&self.kind)
    }
}

/// A job after somebody's wish, and whether the wish changed it.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The job as it stands now.
    pub job: Job,
    /// False when there was nothing to change. Publish the job when it is true.
    pub is_changed: bool,
}

/// How far a job is, in items of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
#[serde(default)]
pub struct Progress {
    /// Items looked at, whatever came of them.
    pub done: i64,
    /// Items there are; `None` while that is not known.
    pub total: Option<i64>,
    /// Items that failed.
    pub failed: i64,
    /// Mails that were new.
    pub stored: i64,
    /// Transactions booked.
    pub booked: i64,
    /// Items that a person has to look at.
    pub in_review: i64,
}

/// Why an attempt did not succeed, in words that hold no mail text and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct JobErrorPayload {
    /// A stable code, like `UNAVAILABLE`.
    pub code: String,
    /// `ERROR` when the work said so, `CRASH` when its worker vanished, `PANIC` or `TIMEOUT`.
    pub class: String,
    /// A sentence for a person.
    pub message: String,
    /// True when another attempt may help.
    pub retryable: bool,
    /// The attempt that it happened to.
    pub attempt: i32,
    /// When, by the database's clock.
    pub at: DateTime<Utc>,
}

impl FromSql<Jsonb, Pg> for Progress {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?)?)
    }
}

impl ToSql<Jsonb, Pg> for Progress {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let value = serde_json::to_value(self)?;
        <Value as ToSql<Jsonb, Pg>>::to_sql(&value, &mut out.reborrow())
    }
}

impl FromSql<Jsonb, Pg> for JobErrorPayload {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(serde_json::from_value(<Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?)?)
    }
}
