//! One extraction as a row: recorded once for each version of the pipeline, so that a retry never files twice.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::{excluded, on_constraint};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::draft::{Draft, Kind};
use super::extractor::Extractor;
use crate::db::schema::extractions;
use crate::viewer::Visibility;

/// How an extraction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Each draft is a transaction.
    Filed,
    /// A draft waits for a person.
    InReview,
    /// There was no draft.
    Nothing,
    /// The mail could not be read.
    Failed,
}

impl Outcome {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filed => "FILED",
            Self::InReview => "IN_REVIEW",
            Self::Nothing => "NOTHING",
            Self::Failed => "FAILED",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Filed, Self::InReview, Self::Nothing, Self::Failed]
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }
}

/// An extraction as a row, without its drafts.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = extractions)]
pub struct Extraction {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The mail that was read.
    pub email_id: Uuid,
    /// The name of the pipeline.
    pub extractor: String,
    /// Its version.
    pub extractor_version: i32,
    /// The version of the text that was read.
    pub text_version: i32,
    /// The language model, where one was asked.
    pub model: Option<String>,
    /// What the mail is.
    pub kind: String,
    /// Why it was given that kind.
    pub kind_reason: String,
    /// The name of an [`Outcome`].
    pub outcome: String,
    /// The job that ran it; it may be gone.
    pub job_id: Option<Uuid>,
    /// When it ran.
    pub created_at: DateTime<Utc>,
}

/// What a run found: its drafts under their event keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Each draft, under the key of its event.
    pub drafts: BTreeMap<String, Draft>,
}

/// A run that is over, to be written down.
pub struct NewExtraction<'a> {
    /// Its id.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The mail.
    pub email_id: Uuid,
    /// The pipeline.
    pub extractor: Extractor,
    /// The version of the text.
    pub text_version: i32,
    /// What the mail is.
    pub kind: Kind,
    /// Why, cut to 500 characters.
    pub kind_reason: &'a str,
    /// The job that ran it.
    pub job_id: Option<Uuid>,
    /// What it found.
    pub found: Found,
    /// How it ended.
    pub outcome: Outcome,
}

/// Records runs over mails that the caller has locked, in one statement, and returns the extraction of each mail. A failed run
/// of the same pipeline and text is overwritten; a mail that such a run has filed already is left out, and there is nothing to
/// file for it.
pub async fn record(
    conn: &mut AsyncPgConnection,
    new: &[NewExtraction<'_>],
) -> QueryResult<HashMap<Uuid, Uuid>> {
    use diesel::query_dsl::methods::FilterDsl as _;
    let rows = new.iter().map(row).collect::<QueryResult<Vec<_>>>()?;
    let recorded: Vec<(Uuid, Uuid)> = diesel::insert_into(extractions::table)
        .values(rows)
        .on_conflict(on_constraint("extractions_run_key"))
        .do_update()
        .set((
            extractions::kind.eq(excluded(extractions::kind)),
            extractions::kind_reason.eq(excluded(extractions::kind_reason)),
            extractions::job_id.eq(excluded(extractions::job_id)),
            extractions::outcome.eq(excluded(extractions::outcome)),
            extractions::result.eq(excluded(extractions::result)),
        ))
        .filter(extractions::outcome.eq(Outcome::Failed.as_str()))
        .returning((extractions::email_id, extractions::id))
        .get_results(conn)
        .await?;
    Ok(recorded.into_iter().collect())
}

#[derive(Insertable)]
#[diesel(table_name = extractions)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    email_id: Uuid,
    extractor: &'static str,
    extractor_version: i32,
    text_version: i32,
    kind: &'static str,
    kind_reason: String,
    outcome: &'static str,
    result: serde_json::Value,
    job_id: Option<Uuid>,
}

fn row(new: &NewExtraction<'_>) -> QueryResult<Row> {
    let result = serde_json::to_value(&new.found)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    Ok(Row {
        id: new.id,
        user_id: new.user_id,
        email_id: new.email_id,
        extractor: new.extractor.name(),
        extractor_version: new.extractor.version(),
        text_version: new.text_version,
        kind: new.kind.as_str(),
        kind_reason: new.kind_reason.chars().take(500).collect(),
        outcome: new.outcome.as_str(),
        result,
        job_id: new.job_id,
    })
}

/// What those runs found, by their ids.
pub async fn found_by(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(Uuid, Found)>> {
    let query = extractions::table.filter(extractions::id.eq_any(ids));
    let rows: Vec<(Uuid, serde_json::Value)> =
        query.select((extractions::id, extractions::result)).load(conn).await?;
    // A result that an older version wrote differently aligns with nothing, which only costs precision.
    Ok(rows.into_iter().map(|(id, json)| (id, serde_json::from_value(json).unwrap_or_default())).collect())
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Extraction>> {
    let mut query = extractions::table.filter(extractions::id.eq_any(ids)).into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(extractions::user_id.eq(user));
    }
    query.select(Extraction::as_select()).load(conn).await
}
