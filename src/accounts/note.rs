//! What the audit tells of a change of a money account.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::accounts::Account;
use crate::audit::{self, Action, Author, Changes, Field, SubjectKind};
use crate::money::Money;

const FIELDS: &[Field<Account>] = &[
    ("name", |row| Some(row.name.clone())),
    ("issuer", |row| row.issuer.clone()),
    ("kind", |row| Some(row.kind.clone())),
    ("currency", |row| Some(row.currency.clone())),
    ("openingBalance", |row| Some(Money::told(row.opening_balance, &row.currency))),
];

/// Writes down what was done to a row: there is none before it was made, and none after it was deleted.
pub async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    before: Option<&Account>,
    after: Option<&Account>,
) -> QueryResult<()> {
    let Some(row) = after.or(before) else { return Ok(()) };
    let changes = Changes::between(before, after, FIELDS);
    audit::record_changes(conn, author, action, row.user_id, (SubjectKind::Account, row.id), changes).await
}

/// Writes down that an account was deleted, and by the fields of `moved` where what hung on it went.
pub async fn note_deleted(
    conn: &mut AsyncPgConnection,
    author: &Author,
    row: &Account,
    moved: &[(&str, Option<Uuid>)],
) -> QueryResult<()> {
    let changes = moved.iter().fold(Changes::between(Some(row), None, FIELDS), |changes, (field, to)| {
        changes.with(field, None, to.map(|id| id.to_string()).as_deref())
    });
    let subject = (SubjectKind::Account, row.id);
    audit::record_changes(conn, author, Action::AccountDeleted, row.user_id, subject, changes).await
}
