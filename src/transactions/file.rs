//! What a reading of a mail writes: a new row, or the correction of one, which never touches what a person set.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::transactions;
use crate::money::Money;
use crate::transactions::row::{Source, State, Transaction};

/// One statement takes 65,535 values at most, and a mail may hold a whole statement of account.
const ROWS_AT_A_TIME: usize = 1000;

/// What was read, ready for the ledger.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The day in the user's zone.
    pub booked_on: NaiveDate,
    /// The moment, where the mail gives one.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Signed from the account's view, not zero, and within what can be stored.
    pub money: Money,
    /// What the merchant charged in another currency, with the same sign.
    pub original: Option<Money>,
    /// Who was paid, or who paid; 200 characters at most.
    pub merchant: Option<String>,
    /// What it was for; 500 characters at most.
    pub description: Option<String>,
    /// The account.
    pub account_id: Uuid,
    /// The category.
    pub category_id: Option<Uuid>,
    /// How final it is.
    pub state: State,
}

/// Inserts a row for each thing that was read in a mail, under its new id.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    read: &[(Uuid, Reading)],
) -> QueryResult<()> {
    for some in read.chunks(ROWS_AT_A_TIME) {
        let rows = some.iter().map(|(id, read)| {
            (
                transactions::id.eq(id),
                transactions::user_id.eq(user_id),
                transactions::booked_on.eq(read.booked_on),
                transactions::occurred_at.eq(read.occurred_at),
                transactions::amount.eq(read.money.amount),
                transactions::currency.eq(read.money.currency.code()),
                transactions::original_amount.eq(read.original.map(|original| original.amount)),
                transactions::original_currency.eq(read.original.map(|original| original.currency.code())),
                transactions::merchant.eq(read.merchant.as_deref()),
                transactions::description.eq(read.description.as_deref()),
                transactions::account_id.eq(read.account_id),
                transactions::category_id.eq(read.category_id),
                transactions::source.eq(Source::Mail.as_str()),
                transactions::state.eq(read.state.as_str()),
            )
        });
        let rows: Vec<_> = rows.collect();
        diesel::insert_into(transactions::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// Corrects rows after their mails were read again. What a person set stays, and so does a row that a person deleted. Of two
/// readings of one row the later counts.
///
/// One statement looks at all of them, and one more for each that changes.
pub async fn correct(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    read: &BTreeMap<Uuid, Reading>,
) -> QueryResult<()> {
    if read.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = read.keys().copied().collect();
    let living = transactions::table
        .filter(transactions::user_id.eq(user_id))
        .filter(transactions::id.eq_any(ids))
        .filter(transactions::deleted_at.is_null());
    let query = living.order(transactions::id).select(Transaction::as_select()).for_update();
    for found in query.load(conn).await? {
        let changes = read.get(&found.id).map(|read| Changes::between(&found, read));
        let Some(changes) = changes.filter(|changes| !changes.is_empty()) else { continue };
        let row = transactions::table
            .filter(transactions::user_id.eq(user_id))
            .filter(transactions::id.eq(found.id));
        diesel::update(row).set(&changes).execute(conn).await?;
    }
    Ok(())
}

/// `None` leaves a column alone.
#[derive(Debug, Default, PartialEq, Eq, AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell a column left alone from one set to NULL")]
#[diesel(table_name = transactions)]
struct Changes {
    booked_on: Option<NaiveDate>,
    occurred_at: Option<Option<DateTime<Utc>>>,
    amount: Option<Decimal>,
    currency: Option<String>,
    original_amount: Option<Option<Decimal>>,
    original_currency: Option<Option<String>>,
    merchant: Option<Option<String>>,
    description: Option<Option<String>>,
    account_id: Option<Uuid>,
    category_id: Option<Option<Uuid>>,
    state: Option<String>,
}

impl Changes {
    fn between(row: &Transaction, read: &Reading) -> Self {
        let is_free = |field: &str| !row.edited_fields.iter().flatten().any(|edited| edited == field);
        let is_money_free = is_free("amount") && is_free("currency");
        let original_currency = read.original.map(|original| original.currency.code().to_owned());
        let original_amount = read.original.map(|original| original.amount);
        Self {
            booked_on: changed(is_free("booked_on"), &row.booked_on, &read.booked_on),
            occurred_at: changed(is_free("booked_on"), &row.occurred_at, &read.occurred_at),
            amount: changed(is_money_free, &row.amount, &read.money.amount),
            currency: changed(is_money_free, &row.currency, &read.money.currency.code().to_owned()),
            original_amount: changed(is_money_free, &row.original_amount, &original_amount),
            original_currency: changed(is_money_free, &row.original_currency, &original_currency),
            merchant: changed(is_free("merchant"), &row.merchant, &read.merchant),
            description: changed(is_free("description"), &row.description, &read.description),
            account_id: changed(is_free("account_id"), &row.account_id, &read.account_id),
            category_id: changed(is_free("category_id"), &row.category_id, &read.category_id),
            state: changed(is_free("state"), &row.state, &read.state.as_str().to_owned()),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn changed<T: Clone + PartialEq>(is_free: bool, old: &T, new: &T) -> Option<T> {
    (is_free && old != new).then(|| new.clone())
}
