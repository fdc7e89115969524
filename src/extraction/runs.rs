//! Lists of extractions, the newest first. Every read starts from whose rows are visible.

use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::draft::Kind;
use super::run::{Extraction, Outcome};
use crate::db::narrowed;
use crate::db::schema::{emails, extractions};
use crate::db::statement::statement;
use crate::page::Page;
use crate::viewer::Visibility;

/// Conditions that all have to hold; an empty list asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct ExtractionFilter {
    /// With one of these outcomes.
    pub outcomes: Vec<Outcome>,
    /// Of a mail of one of these kinds.
    pub kinds: Vec<Kind>,
    /// Of one of these mails.
    pub email_ids: Vec<Uuid>,
}

/// An extraction on a page of its mail.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Placed {
    /// The mail.
    #[diesel(sql_type = SqlUuid)]
    pub email_id: Uuid,
    /// The extraction.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
}

/// One stretch of the visible extractions, the newest first.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &ExtractionFilter,
    page: Page<Uuid>,
) -> QueryResult<Vec<Extraction>> {
    let mut query = matching(visibility, filter).select(Extraction::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(extractions::id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(extractions::id.gt(before));
    }
    let sorted = if page.is_from_end {
        query.order(extractions::id.asc())
    } else {
        query.order(extractions::id.desc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible extractions pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &ExtractionFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// A page of the extractions of each of the visible mails among `ids`, the newest first.
pub async fn of_emails(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
    page: Page<Uuid>,
) -> QueryResult<Vec<Placed>> {
    // A page for each of many parents takes LATERAL, which diesel has no words for.
    let order = if page.is_from_end { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT page.* FROM emails parent CROSS JOIN LATERAL (
            SELECT x.email_id, x.id FROM extractions x
            WHERE x.user_id = parent.user_id AND x.email_id = parent.id
                AND ($3 IS NULL OR x.id < $3) AND ($4 IS NULL OR x.id > $4)
            ORDER BY x.id {order} LIMIT $5
        ) AS page
        WHERE parent.id = ANY ($1) AND ($2 IS NULL OR parent.user_id = $2) ORDER BY page.email_id, page.id DESC"
    );
    statement(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Nullable<SqlUuid>, _>(page.after)
        .bind::<Nullable<SqlUuid>, _>(page.before)
        .bind::<BigInt, _>(page.limit)
        .load(conn)
        .await
}

/// How many extractions each of the visible mails among `ids` has; one with none is left out.
pub async fn count_of_emails(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let of_email =
        emails::table.on(emails::user_id.eq(extractions::user_id).and(emails::id.eq(extractions::email_id)));
    let mut query = extractions::table
        .inner_join(of_email)
        .filter(emails::id.eq_any(ids))
        .group_by(emails::id)
        .select((emails::id, count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(emails::user_id.eq(user));
    }
    query.load(conn).await
}

fn matching<'a>(visibility: Visibility, filter: &ExtractionFilter) -> extractions::BoxedQuery<'a, Pg> {
    let mut query = extractions::table.into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(extractions::user_id.eq(user));
    }
    let outcomes: Vec<&str> = filter.outcomes.iter().map(|outcome| outcome.as_str()).collect();
    query = narrowed!(query, extractions::outcome, outcomes);
    let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
    query = narrowed!(query, extractions::kind, kinds);
    narrowed!(query, extractions::email_id, filter.email_ids)
}
