//! The states of a job and the queues it may stand in.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

/// Where a job stands. The last three are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Waits for its time.
    Scheduled,
    /// Waits for a free worker.
    Queued,
    /// A worker has it.
    Running,
    /// Failed, and waits for its next attempt.
    Retrying,
    /// Ended well; some of its items may have failed.
    Success,
    /// Ended badly.
    Failed,
    /// Ended because somebody asked for it.
    Cancelled,
}

impl State {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Queued,
        Self::Running,
        Self::Retrying,
        Self::Success,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in the database and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Retrying => "RETRYING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// True for a state that no worker leaves.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }
}

/// Which workers' slots a job takes, and which Redis carries its wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(rename_all = "lowercase")]
pub enum Queue {
    /// Database-heavy work.
    Base,
    /// Fetching, reading and sending mails.
    Email,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 2] = [Self::Base, Self::Email];

    /// The name in the database and in Redis keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Email => "email",
        }
    }
}

impl FromSql<Text, Pg> for State {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let name = std::str::from_utf8(bytes.as_bytes())?;
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| "this is no state of a job".into())
    }
}

impl ToSql<Text, Pg> for State {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for Queue {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let name = std::str::from_utf8(bytes.as_bytes())?;
        Self::ALL.into_iter().find(|queue| queue.as_str() == name).ok_or_else(|| "this is no queue".into())
    }
}

impl ToSql<Text, Pg> for Queue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}
