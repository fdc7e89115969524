//! What a person does to the ledger: new rows, changes that no reading of a mail undoes, and deletions that stay.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::accounts::change::hold;
use crate::audit::{Action, Author};
use crate::clock::Clock;
use crate::db::on_constraint;
use crate::db::schema::transactions;
use crate::error::{Error, Result};
use crate::idempotency::{self, Once, Turn};
use crate::money::{Currency, Money};
use crate::text;
use crate::transactions::amount;
use crate::transactions::edited::Edited;
use crate::transactions::list::find;
use crate::transactions::note::note;
use crate::transactions::row::{Source, State, Transaction};
use crate::viewer::Visibility;

const MERCHANT_MAX: usize = 200;
const DESCRIPTION_MAX: usize = 500;
const NOTES_MAX: usize = 5000;

/// A transaction to be.
#[derive(Clone, Debug)]
pub struct NewTransaction {
    /// The account.
    pub account_id: Uuid,
    /// The day.
    pub booked_on: NaiveDate,
    /// The moment.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Signed from the account's view, in its currency.
    pub amount: Decimal,
    /// What the merchant charged in another currency.
    pub original: Option<Money>,
    /// Who was paid, or who paid.
    pub merchant: Option<String>,
    /// What it was for.
    pub description: Option<String>,
    /// What a person has to say about it.
    pub notes: Option<String>,
    /// The category.
    pub category_id: Option<Uuid>,
    /// How final it is.
    pub state: State,
    /// Who made it.
    pub source: Source,
}

/// What is to be different about a transaction; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct TransactionChanges {
    /// The account.
    pub account_id: Option<Uuid>,
    /// The day.
    pub booked_on: Option<NaiveDate>,
    /// The moment.
    pub occurred_at: Option<Option<DateTime<Utc>>>,
    /// The amount: in the currency that it has, or in that of the new account.
    pub amount: Option<Decimal>,
    /// What the merchant charged in another currency.
    pub original: Option<Option<Money>>,
    /// Who was paid, or who paid.
    pub merchant: Option<Option<String>>,
    /// What it was for.
    pub description: Option<Option<String>>,
    /// What a person has to say about it.
    pub notes: Option<Option<String>>,
    /// The category.
    pub category_id: Option<Option<Uuid>>,
    /// How final it is.
    pub state: Option<State>,
}

/// Makes a transaction of `user_id`.
pub async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewTransaction,
    once: Option<&Once>,
    author: &Author,
) -> Result<Transaction> {
    let merchant = text::optional_line("merchant", new.merchant.as_deref(), MERCHANT_MAX)?;
    let description = text::optional_line("description", new.description.as_deref(), DESCRIPTION_MAX)?;
    let notes = text::optional_lines("notes", new.notes.as_deref(), NOTES_MAX)?;
    let id = clock.new_id();
    conn.transaction(async |conn| {
        if let Turn::Again(id) = idempotency::begin(conn, clock, user_id, once, id).await? {
            let found = find(conn, Visibility::Of(user_id), id).await?;
            return found.ok_or_else(|| idempotency::gone("transaction"));
        }
        let currency = currency_of(conn, user_id, new.account_id).await?;
        let money = Money { amount: new.amount, currency };
        amount::check(money, new.original)?;
        let made = diesel::insert_into(transactions::table)
            .values((
                (
                    transactions::id.eq(id),
                    transactions::user_id.eq(user_id),
                    transactions::booked_on.eq(new.booked_on),
                    transactions::occurred_at.eq(new.occurred_at),
                    transactions::amount.eq(money.amount),
                    transactions::currency.eq(currency.code()),
                    transactions::original_amount.eq(new.original.map(|original| original.amount)),
                    transactions::original_currency.eq(new.original.map(|original| original.currency.code())),
                ),
                transactions::merchant.eq(merchant),
                transactions::description.eq(description),
                transactions::notes.eq(notes),
                transactions::account_id.eq(new.account_id),
                transactions::category_id.eq(new.category_id),
                transactions::source.eq(new.source.as_str()),
                transactions::state.eq(new.state.as_str()),
            ))
            .returning(Transaction::as_returning())
            .get_result(conn)
            .await
            .map_err(on_constraint("transactions_category_fkey", unknown_category))?;
        note(conn, author, Action::TransactionCreated, None, Some(&made)).await?;
        Ok(made)
    })
    .await
}

/// Changes a transaction of `user_id`, and writes that down.
pub async fn update(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    changes: TransactionChanges,
    author: &Author,
) -> Result<Transaction> {
    conn.transaction(async |conn| {
        let (old, new) = change(conn, user_id, id, changes).await?;
        note(conn, author, Action::TransactionUpdated, Some(&old), Some(&new)).await?;
        Ok(new)
    })
    .await
}

/// Changes a transaction of `user_id` in the caller's transaction, and remembers which fields a person has set: no reading of a mail
/// overwrites those. As it was, and as it is.
pub async fn change(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    changes: TransactionChanges,
) -> Result<(Transaction, Transaction)> {
    let merchant = changes.merchant.as_ref().map(Option::as_deref);
    let description = changes.description.as_ref().map(Option::as_deref);
    let notes = changes.notes.as_ref().map(Option::as_deref);
    let mut columns = Columns {
        booked_on: changes.booked_on,
        occurred_at: changes.occurred_at,
        merchant: merchant.map(|given| text::optional_line("merchant", given, MERCHANT_MAX)).transpose()?,
        description: description
            .map(|given| text::optional_line("description", given, DESCRIPTION_MAX))
            .transpose()?,
        notes: notes.map(|given| text::optional_lines("notes", given, NOTES_MAX)).transpose()?,
        account_id: changes.account_id,
        category_id: changes.category_id,
        state: changes.state.map(State::as_str),
        ..Columns::default()
    };
    let old = lock(conn, user_id, id).await?;
    let account_currency = match changes.account_id {
        Some(account_id) => Some(currency_of(conn, user_id, account_id).await?),
        None => None,
    };
    let money = amount::changed(&old, account_currency, changes.amount, changes.original)?;
    columns.set_money(&old, money);
    let edited = Edited::of(&changes, columns.currency.is_some());
    if edited.is_empty() {
        return Ok((old.clone(), old));
    }
    columns.edited_fields = Some(edited.added_to(&old.edited_fields));
    let own = transactions::table.filter(transactions::user_id.eq(user_id)).filter(transactions::id.eq(id));
    let new = diesel::update(own)
        .set(&columns)
        .returning(Transaction::as_returning())
        .get_result(conn)
        .await
        .map_err(on_constraint("transactions_category_fkey", unknown_category))?;
    Ok((old, new))
}

/// Takes a transaction of `user_id` out of the ledger. The row stays as a tombstone, so that no mail brings it back.
pub async fn delete(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid, author: &Author) -> Result<()> {
    conn.transaction(async |conn| {
        let living = transactions::table
            .filter(transactions::user_id.eq(user_id))
            .filter(transactions::id.eq(id))
            .filter(transactions::deleted_at.is_null());
        let deleted = diesel::update(living)
            .set(transactions::deleted_at.eq(author.now()))
            .returning(Transaction::as_returning());
        let deleted = deleted.get_result(conn).await.optional()?.ok_or_else(unknown)?;
        Ok(note(conn, author, Action::TransactionDeleted, Some(&deleted), None).await?)
    })
    .await
}

async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> Result<Transaction> {
    let living = transactions::table
        .filter(transactions::user_id.eq(user_id))
        .filter(transactions::id.eq(id))
        .filter(transactions::deleted_at.is_null());
    let found = living.select(Transaction::as_select()).for_no_key_update().first(conn).await.optional()?;
    found.ok_or_else(unknown)
}

/// The currency of an account of `user_id`, which is not deleted until the transaction ends.
async fn currency_of(conn: &mut AsyncPgConnection, user_id: Uuid, account_id: Uuid) -> Result<Currency> {
    let account = hold(conn, user_id, account_id).await?;
    let account = account.ok_or_else(|| Error::unknown("accountId", "account"))?;
    let code = account.currency;
    Currency::parse(&code)
        .ok_or_else(|| Error::internal("an account holds a currency that is not listed", code.as_str()))
}

/// `None` leaves a column alone.
#[derive(Debug, Default, AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell a column left alone from one set to NULL")]
#[diesel(table_name = transactions)]
struct Columns {
    booked_on: Option<NaiveDate>,
    occurred_at: Option<Option<DateTime<Utc>>>,
    amount: Option<Decimal>,
    currency: Option<&'static str>,
    original_amount: Option<Option<Decimal>>,
    original_currency: Option<Option<String>>,
    merchant: Option<Option<String>>,
    description: Option<Option<String>>,
    notes: Option<Option<String>>,
    account_id: Option<Uuid>,
    category_id: Option<Option<Uuid>>,
    state: Option<&'static str>,
    edited_fields: Option<Vec<Option<String>>>,
}

impl Columns {
    fn set_money(&mut self, old: &Transaction, (money, original): (Money, Option<Money>)) {
        self.amount = (money.amount != old.amount).then_some(money.amount);
        self.currency = (money.currency.code() != old.currency).then(|| money.currency.code());
        self.original_amount = Some(original.map(|original| original.amount));
        self.original_currency = Some(original.map(|original| original.currency.code().to_owned()));
    }
}

fn unknown() -> Error {
    Error::unknown("id", "transaction")
}

fn unknown_category() -> Error {
    Error::unknown("categoryId", "category")
}
