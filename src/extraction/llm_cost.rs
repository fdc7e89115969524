//! What calls of language models cost, summed up by day and user.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Numeric, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::statement::statement;
use crate::transactions::aggregate::Period;
use crate::viewer::Visibility;

/// What the calls about one user's mails cost on one day.
#[derive(Clone, Debug, QueryableByName)]
pub struct LlmCost {
    /// The day in UTC.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// The owner of the mails.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    /// How many calls.
    #[diesel(sql_type = BigInt)]
    pub call_count: i64,
    /// The calls among them whose price is not known.
    #[diesel(sql_type = BigInt)]
    pub unpriced_call_count: i64,
    /// Tokens sent.
    #[diesel(sql_type = BigInt)]
    pub input_tokens: i64,
    /// Tokens answered.
    #[diesel(sql_type = BigInt)]
    pub output_tokens: i64,
    /// In US dollars, without the calls whose price is not known.
    #[diesel(sql_type = Numeric)]
    pub cost_usd: Decimal,
}

/// The visible costs of the days of the period that had calls: the newest day first, and on it the largest cost; `most` at most.
pub async fn by_day_and_user(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    period: Period,
    most: i64,
) -> QueryResult<Vec<LlmCost>> {
    // A plan is made once for every value, so whether a user is named is a matter of the text.
    let owner = match visibility.user() {
        Some(_) => "user_id = $1",
        None => "$1::uuid IS NULL",
    };
    // The day of a moment is beyond what diesel has words for.
    let sql = format!(
        "SELECT (created_at AT TIME ZONE 'UTC')::date AS day, user_id, count(*) AS call_count,
            count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_call_count,
            coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
            coalesce(sum(cost_usd), 0) AS cost_usd
        FROM llm_usages WHERE {owner} AND created_at >= $2::timestamp AT TIME ZONE 'UTC'
            AND created_at < ($3 + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY 1, 2 ORDER BY day DESC, cost_usd DESC, user_id LIMIT $4"
    );
    statement(sql)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Date, _>(period.from)
        .bind::<Date, _>(period.to)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
}
