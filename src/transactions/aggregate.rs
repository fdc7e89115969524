//! Sums over the ledger, each in its own currency: nothing is converted, so no rate is ever made up.
//!
//! What is void or deleted does not count. Transfers are neither earned nor spent. A category decides what a row is: a refund makes
//! the spending of an expense category smaller, and money taken back the income of an income category. Without a category, the sign
//! decides.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::statement::statement;
use crate::error::{Code, Error, Result};
use crate::viewer::Visibility;

/// The most intervals of one answer.
const MOST_INTERVALS: i64 = 400;

/// What spending is summed up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpendingGroup {
    /// The category.
    Category,
    /// The merchant, ignoring case.
    Merchant,
    /// The account.
    Account,
}

/// The length of a part of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interval {
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

/// Some days, the first and the last among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day, which is the first one or later.
    pub to: NaiveDate,
}

/// What was spent on one thing, in one currency.
#[derive(Clone, Debug, QueryableByName)]
pub struct Spending {
    /// The category, where that is what is summed up by; none for the rows without one.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub category_id: Option<Uuid>,
    /// The account, likewise.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub account_id: Option<Uuid>,
    /// The name of the category or of the account.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// The merchant, likewise.
    #[diesel(sql_type = Nullable<Text>)]
    pub merchant: Option<String>,
    /// ISO 4217 code.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// How much; refunds make it smaller.
    #[diesel(sql_type = Numeric)]
    pub spent: Decimal,
    /// How many rows that is.
    #[diesel(sql_type = BigInt)]
    pub transaction_count: i64,
}

/// What came in and went out in one interval, in one currency.
#[derive(Clone, Debug, QueryableByName)]
pub struct CashFlow {
    /// The first day of the interval, which may lie before the period.
    #[diesel(sql_type = Date)]
    pub starts_on: NaiveDate,
    /// ISO 4217 code.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// What was earned.
    #[diesel(sql_type = Numeric)]
    pub income: Decimal,
    /// What was spent.
    #[diesel(sql_type = Numeric)]
    pub spending: Decimal,
    /// How many rows that is.
    #[diesel(sql_type = BigInt)]
    pub transaction_count: i64,
}

impl Period {
    /// The days from `from` to `to`.
    pub fn parse(from: NaiveDate, to: NaiveDate) -> Result<Self> {
        if from > to {
            return Err(Error::rejected("period", Code::Invalid, "A period ends on its first day or later."));
        }
        Ok(Self { from, to })
    }
}

impl Interval {
    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// How many intervals have a day of the period.
    fn count(self, Period { from, to }: Period) -> i64 {
        let from_monday = |day: NaiveDate| i64::from(day.weekday().num_days_from_monday());
        let days = to.signed_duration_since(from).num_days();
        let years = i64::from(to.year() - from.year());
        let later = match self {
            Self::Day => days,
            Self::Week => (days + from_monday(from) - from_monday(to)) / 7,
            Self::Month => years * 12 + i64::from(to.month()) - i64::from(from.month()),
            Self::Year => years,
        };
        later + 1
    }
}

/// What was spent in the period, by `group`: the `most` largest sums of each currency, by currency and then by size.
pub async fn spending(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    period: Period,
    group: SpendingGroup,
    most: i64,
) -> QueryResult<Vec<Spending>> {
    let Grouping { key, merchant, loser, sums, shown } = grouping(group);
    let (rows, categories) = (rows(visibility), categories(visibility));
    // Ranks within groups take a window, which diesel has no words for. The rows are added up before they meet their
    // categories: there are fewer sums than rows.
    let sql = format!(
        "WITH counted AS (
            SELECT s.key, CASE WHEN c.id IS NULL THEN s.loser ELSE s.merchant END AS merchant, c.name AS category, s.currency,
                CASE WHEN c.id IS NULL THEN s.lost ELSE s.total END AS gone,
                CASE WHEN c.id IS NULL THEN s.losses ELSE s.number END AS number
            FROM (
                SELECT {key} AS key, {merchant} AS merchant, {loser} AS loser, t.category_id, t.currency, sum(t.amount) AS total,
                    count(*) AS number, sum(t.amount) FILTER (WHERE t.amount < 0) AS lost,
                    count(*) FILTER (WHERE t.amount < 0) AS losses
                FROM {rows} GROUP BY 1, t.category_id, t.currency
            ) AS s LEFT JOIN {categories} AS c ON c.id = s.category_id
            WHERE c.kind = 'EXPENSE' OR (c.id IS NULL AND s.losses > 0)
        ), sums AS ({sums}), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY currency ORDER BY gone, key) AS place FROM sums
        )
        SELECT {shown}, merchant, currency, -gone AS spent, number::bigint AS transaction_count
        FROM ranked WHERE place <= $4 ORDER BY currency, place"
    );
    statement(sql)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Date, _>(period.from)
        .bind::<Date, _>(period.to)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
}

/// How a statement says what is summed up by.
struct Grouping {
    /// What rows have to have in common.
    key: &'static str,
    /// How their merchant is written.
    merchant: &'static str,
    /// The same, of those among them by which money was lost.
    loser: &'static str,
    /// What is added up of `counted`, where several of its rows have the same key.
    sums: &'static str,
    /// What the key is shown as.
    shown: &'static str,
}

fn grouping(group: SpendingGroup) -> Grouping {
    let added_up = "SELECT key, max(merchant) AS merchant, currency, sum(gone) AS gone, sum(number) AS number
        FROM counted GROUP BY key, currency";
    let without = "NULL::text";
    match group {
        SpendingGroup::Category => Grouping {
            key: "t.category_id",
            merchant: without,
            loser: without,
            sums: "SELECT * FROM counted",
            shown: "key AS category_id, NULL::uuid AS account_id, category AS name",
        },
        SpendingGroup::Account => Grouping {
            key: "t.account_id",
            merchant: without,
            loser: without,
            sums: added_up,
            shown: "NULL::uuid AS category_id, key AS account_id,
                (SELECT accounts.name FROM accounts WHERE accounts.id = key) AS name",
        },
        SpendingGroup::Merchant => Grouping {
            key: "lower(t.merchant)",
            merchant: "max(t.merchant)",
            loser: "max(t.merchant) FILTER (WHERE t.amount < 0)",
            sums: added_up,
            shown: "NULL::uuid AS category_id, NULL::uuid AS account_id, NULL::text AS name",
        },
    }
}

/// What came in and went out in each interval of the period that has rows. Rejected when the period has too many.
pub async fn cash_flow(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    period: Period,
    interval: Interval,
) -> Result<Vec<CashFlow>> {
    if interval.count(period) > MOST_INTERVALS {
        let message = format!("A period has at most {MOST_INTERVALS} intervals; take longer ones.");
        return Err(Error::rejected("period", Code::LimitExceeded, message));
    }
    let (rows, categories, name) = (rows(visibility), categories(visibility), interval.name());
    // Sums under a condition, by the beginning of an interval, are beyond what diesel has words for.
    let sql = format!(
        "SELECT date_trunc('{name}', t.booked_on::timestamp)::date AS starts_on, t.currency,
            coalesce(sum(t.amount) FILTER (WHERE c.kind = 'INCOME' OR (c.id IS NULL AND t.amount > 0)), 0) AS income,
            -coalesce(sum(t.amount) FILTER (WHERE c.kind = 'EXPENSE' OR (c.id IS NULL AND t.amount < 0)), 0) AS spending,
            count(*) AS transaction_count
        FROM (SELECT t.* FROM {rows}) AS t LEFT JOIN {categories} AS c ON c.id = t.category_id
        WHERE c.kind IS DISTINCT FROM 'TRANSFER' GROUP BY 1, 2 ORDER BY 1, 2"
    );
    let query = statement(sql)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Date, _>(period.from)
        .bind::<Date, _>(period.to);
    Ok(query.load(conn).await?)
}

/// The visible rows that count. A plan is made once for every value, so whether a user is named is a matter of the text.
fn rows(visibility: Visibility) -> String {
    let owner = owner(visibility, "t.user_id");
    format!(
        "transactions t WHERE {owner} AND t.deleted_at IS NULL AND t.state <> 'VOID' AND t.booked_on BETWEEN $2 AND $3"
    )
}

/// The visible categories: few enough to be read whole, which is less work than to look each of them up. `OFFSET 0` says so to
/// PostgreSQL, which takes any period for a few rows, as its plan is made for all of them, and would look a category up for each row.
fn categories(visibility: Visibility) -> String {
    format!("(SELECT id, kind, name FROM categories WHERE {} OFFSET 0)", owner(visibility, "user_id"))
}

fn owner(visibility: Visibility, column: &str) -> String {
    match visibility.user() {
        Some(_) => format!("{column} = $1"),
        None => "$1::uuid IS NULL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_counted_from_the_first_day_to_the_last() {
        let count = |interval: Interval, from: &str, to: &str| {
            interval.count(Period::parse(from.parse().unwrap(), to.parse().unwrap()).unwrap())
        };
        for (interval, from, to, wanted) in [
            (Interval::Day, "2026-02-28", "2026-02-28", 1),
            (Interval::Day, "2024-02-28", "2024-03-01", 3),
            // A Sunday, and the Monday behind it.
            (Interval::Week, "2024-01-07", "2024-01-07", 1),
            (Interval::Week, "2024-01-07", "2024-01-08", 2),
            (Interval::Week, "2024-01-01", "2024-01-07", 1),
            (Interval::Week, "2024-01-07", "2031-09-01", 401),
            (Interval::Month, "2025-12-31", "2026-01-01", 2),
            (Interval::Month, "2000-01-01", "2033-04-30", 400),
            (Interval::Year, "2000-01-01", "2399-12-31", 400),
            (Interval::Year, "2000-12-31", "2400-01-01", 401),
        ] {
            assert_eq!(count(interval, from, to), wanted, "{interval:?} {from} {to}");
        }
    }
}
