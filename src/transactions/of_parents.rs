//! Transactions of categories and of accounts: the same page of each, in one statement; and what they add up to.

use chrono::NaiveDate;
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::{accounts, categories, transactions};
use crate::db::statement::statement;
use crate::page::Page;
use crate::transactions::row::State;
use crate::viewer::Visibility;

/// What transactions hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// A category.
    Category,
    /// An account.
    Account,
}

/// A transaction on a page of its parent.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Placed {
    /// The parent.
    #[diesel(sql_type = SqlUuid)]
    pub parent_id: Uuid,
    /// The day: with the id, the key of the list.
    #[diesel(sql_type = Date)]
    pub booked_on: NaiveDate,
    /// The transaction.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
}

/// A page of the living transactions of each of the visible parents among `ids`, the newest first.
pub async fn pages(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    parent: Parent,
    ids: &[Uuid],
    page: Page<(NaiveDate, Uuid)>,
) -> QueryResult<Vec<Placed>> {
    let (table, column) = match parent {
        Parent::Category => ("categories", "category_id"),
        Parent::Account => ("accounts", "account_id"),
    };
    // The newest first: what follows a row is older.
    let order = if page.is_from_end { "t.booked_on, t.id" } else { "t.booked_on DESC, t.id DESC" };
    // A page for each of many parents takes LATERAL, which diesel has no words for.
    let sql = format!(
        "SELECT page.* FROM {table} parent CROSS JOIN LATERAL (
            SELECT t.{column} AS parent_id, t.booked_on, t.id FROM transactions t
            WHERE t.user_id = parent.user_id AND t.{column} = parent.id AND t.deleted_at IS NULL
                AND ($3 IS NULL OR (t.booked_on, t.id) < ($3, $4)) AND ($5 IS NULL OR (t.booked_on, t.id) > ($5, $6))
            ORDER BY {order} LIMIT $7
        ) AS page
        WHERE parent.id = ANY ($1) AND ($2 IS NULL OR parent.user_id = $2)
        ORDER BY page.parent_id, page.booked_on DESC, page.id DESC"
    );
    statement(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<SqlUuid>, _>(visibility.user())
        .bind::<Nullable<Date>, _>(page.after.map(|(day, _)| day))
        .bind::<Nullable<SqlUuid>, _>(page.after.map(|(_, id)| id))
        .bind::<Nullable<Date>, _>(page.before.map(|(day, _)| day))
        .bind::<Nullable<SqlUuid>, _>(page.before.map(|(_, id)| id))
        .bind::<BigInt, _>(page.limit)
        .load(conn)
        .await
}

/// How many living transactions each of the visible categories among `ids` has; one with none is left out.
pub async fn count_of_categories(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    // By the owner, too: that is how the index on what hangs on a category begins.
    let in_category = categories::table.on(categories::user_id
        .eq(transactions::user_id)
        .and(categories::id.nullable().eq(transactions::category_id)));
    let mut query = transactions::table
        .inner_join(in_category)
        .filter(categories::id.eq_any(ids))
        .filter(transactions::deleted_at.is_null())
        .group_by(categories::id)
        .select((categories::id, count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(categories::user_id.eq(user));
    }
    query.load(conn).await
}

/// How many living transactions each of the visible accounts among `ids` has; one with none is left out.
pub async fn count_of_accounts(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let on_account = accounts::table
        .on(accounts::user_id.eq(transactions::user_id).and(accounts::id.eq(transactions::account_id)));
    let mut query = transactions::table
        .inner_join(on_account)
        .filter(accounts::id.eq_any(ids))
        .filter(transactions::deleted_at.is_null())
        .group_by(accounts::id)
        .select((accounts::id, count_star()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(accounts::user_id.eq(user));
    }
    query.load(conn).await
}

/// What the transactions in an account's own currency add up to, for each of the visible accounts among `ids`; one with none is left
/// out. What is void or deleted does not count.
pub async fn sums_of_accounts(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Decimal)>> {
    let on_account = accounts::table
        .on(accounts::user_id.eq(transactions::user_id).and(accounts::id.eq(transactions::account_id)));
    let mut query = transactions::table
        .inner_join(on_account)
        .filter(accounts::id.eq_any(ids))
        .filter(transactions::currency.eq(accounts::currency))
        .filter(transactions::deleted_at.is_null())
        .filter(transactions::state.ne(State::Void.as_str()))
        .group_by(accounts::id)
        .select((accounts::id, sum(transactions::amount).assume_not_null()))
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(accounts::user_id.eq(user));
    }
    query.load(conn).await
}
