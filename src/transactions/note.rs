//! What the audit tells of a change of a transaction.

use chrono::SecondsFormat;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::audit::{self, Action, Author, Changes, Field, SubjectKind};
use crate::money::Money;
use crate::transactions::row::Transaction;

const FIELDS: &[Field<Transaction>] = &[
    ("accountId", |row| Some(row.account_id.to_string())),
    ("bookedOn", |row| Some(row.booked_on.to_string())),
    ("occurredAt", |row| row.occurred_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
    ("amount", |row| Some(Money::told(row.amount, &row.currency))),
    ("originalAmount", |row| Some(Money::told(row.original_amount?, row.original_currency.as_deref()?))),
    ("merchant", |row| row.merchant.clone()),
    ("description", |row| row.description.clone()),
    ("notes", |row| row.notes.clone()),
    ("categoryId", |row| row.category_id.map(|id| id.to_string())),
    ("state", |row| Some(row.state.clone())),
];

/// Writes down what was done to a row: there is none before it was made, and none after it was deleted.
pub async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    before: Option<&Transaction>,
    after: Option<&Transaction>,
) -> QueryResult<()> {
    let Some(row) = after.or(before) else { return Ok(()) };
    let changes = Changes::between(before, after, FIELDS);
    audit::record_changes(conn, author, action, row.user_id, (SubjectKind::Transaction, row.id), changes)
        .await
}
