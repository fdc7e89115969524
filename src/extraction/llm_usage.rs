//! The calls of language models as rows, one a call. Every read starts from whose rows are visible.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::llm_usages;
use crate::page::Page;
use crate::viewer::Visibility;

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// An answer of the form that was asked for.
    Answered,
    /// An answer that was cut off.
    Truncated,
    /// The model would not answer.
    Refused,
    /// An answer of another form.
    Invalid,
    /// The server asked to wait.
    RateLimited,
    /// No answer.
    Failed,
}

impl CallOutcome {
    const ALL: [Self; 6] =
        [Self::Answered, Self::Truncated, Self::Refused, Self::Invalid, Self::RateLimited, Self::Failed];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::Truncated => "TRUNCATED",
            Self::Refused => "REFUSED",
            Self::Invalid => "INVALID",
            Self::RateLimited => "RATE_LIMITED",
            Self::Failed => "FAILED",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// A call as a row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = llm_usages)]
pub struct LlmUsage {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner of the mail.
    pub user_id: Uuid,
    /// The mail that the model was asked about.
    pub email_id: Uuid,
    /// The extraction that used the answer.
    pub extraction_id: Option<Uuid>,
    /// The job that called; it may be gone.
    pub job_id: Uuid,
    /// The attempt of that job.
    pub attempt: i32,
    /// Which call of that attempt.
    pub call: i32,
    /// The model, as its server names it.
    pub model: String,
    /// Tokens sent.
    pub input_tokens: Option<i32>,
    /// Tokens answered.
    pub output_tokens: Option<i32>,
    /// In US dollars; absent for a model whose price is not known.
    pub cost_usd: Option<Decimal>,
    /// In milliseconds.
    pub latency_ms: i32,
    /// The name of a [`CallOutcome`].
    pub outcome: String,
    /// When the call was made.
    pub created_at: DateTime<Utc>,
}

/// One stretch of the visible calls, the newest first.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    page: Page<Uuid>,
) -> QueryResult<Vec<LlmUsage>> {
    let mut query = visible_to(visibility).select(LlmUsage::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(llm_usages::id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(llm_usages::id.gt(before));
    }
    let sorted =
        if page.is_from_end { query.order(llm_usages::id.asc()) } else { query.order(llm_usages::id.desc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many calls are visible.
pub async fn count(conn: &mut AsyncPgConnection, visibility: Visibility) -> QueryResult<i64> {
    visible_to(visibility).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<LlmUsage>> {
    visible_to(visibility).filter(llm_usages::id.eq_any(ids)).select(LlmUsage::as_select()).load(conn).await
}

fn visible_to<'a>(visibility: Visibility) -> llm_usages::BoxedQuery<'a, Pg> {
    let query = llm_usages::table.into_boxed();
    match visibility.user() {
        Some(user) => query.filter(llm_usages::user_id.eq(user)),
        None => query,
    }
}
