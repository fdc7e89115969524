//! What a person does to their mailboxes: connect one once, rename it, pause it, give it another file, and take it away.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ConnectedAccount, NewConnectedAccount, Provider, Settings, Status, create, find, parse_name,
    refuse_choice,
};
use crate::audit::{self, Action, Author, Changes, Field, SubjectKind};
use crate::clock::Clock;
use crate::db::on_constraint;
use crate::db::schema::connected_accounts;
use crate::error::{Code, Error, Result};
use crate::idempotency::{self, Once, Turn};
use crate::mailbox::import_folder::ImportFolder;
use crate::viewer::Visibility;

/// What the audit tells of a mailbox.
const FIELDS: &[Field<ConnectedAccount>] = &[
    ("provider", |row| Some(row.provider.clone())),
    ("address", |row| Some(row.address.clone())),
    ("file", |row| row.settings().file),
    ("status", |row| Some(row.status.clone())),
];

/// What is to be different about a mailbox; `None` leaves it as it is.
#[derive(Clone, Debug)]
pub struct ConnectedAccountChanges {
    /// MBOX: its name.
    pub address: Option<String>,
    /// MBOX: the file or folder, relative to the import folder.
    pub file: Option<String>,
    /// True keeps every fetch away from it; false lets them in again.
    pub is_paused: Option<bool>,
    /// The owner's import folder, in which the file has to be.
    pub import_folder: ImportFolder,
}

/// Connects a mailbox of `user_id`, once for each key, and writes that down. A file under the name of an account that has none,
/// because only `pennypost import` has filled it so far, becomes that account's file. Rejected when the user has that address
/// already, or the file cannot be read.
pub async fn connect(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewConnectedAccount,
    once: Option<&Once>,
    author: &Author,
) -> Result<ConnectedAccount> {
    conn.transaction(async |conn| {
        let turn = idempotency::begin(conn, clock, user_id, once, clock.new_id()).await?;
        if let Turn::Again(id) = turn {
            let found = find(conn, Visibility::Of(user_id), id).await?;
            return found.ok_or_else(|| idempotency::gone("mailbox"));
        }
        let account = create(conn, clock, user_id, new).await?;
        idempotency::settle(conn, user_id, once, account.id).await?;
        note(conn, author, Action::ConnectedAccountCreated, None, Some(&account)).await?;
        Ok(account)
    })
    .await
}

/// Changes a mailbox of `user_id`. One that failed is tried again once it has another file, or was paused and let in again.
pub async fn update(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    changes: ConnectedAccountChanges,
    author: &Author,
) -> Result<ConnectedAccount> {
    let unknown = || Error::unknown("id", "mailbox");
    let old = find(conn, Visibility::Of(user_id), id).await?.ok_or_else(unknown)?;
    let is_file = Provider::parse(&old.provider) == Some(Provider::Mbox);
    if !is_file {
        refuse_choice(changes.address.as_ref(), changes.file.as_ref())?;
    }
    if let Some(file) = &changes.file {
        changes.import_folder.check(file).await?;
    }
    let address = changes.address.map(|name| parse_name(Some(name))).transpose()?;
    let given = ConnectedAccountChanges { address, ..changes };
    conn.transaction(async |conn| {
        let own = connected_accounts::table
            .filter(connected_accounts::user_id.eq(user_id))
            .filter(connected_accounts::id.eq(id));
        let old = own.select(ConnectedAccount::as_select()).for_no_key_update().first(conn).await;
        let old = old.optional()?.ok_or_else(unknown)?;
        let columns = columns_of(given, &old);
        if columns == Columns::default() {
            return Ok(old);
        }
        let taken =
            || Error::rejected("address", Code::Taken, "You have connected a mailbox of that name already.");
        let update = diesel::update(own).set(&columns).returning(ConnectedAccount::as_returning());
        let new =
            update.get_result(conn).await.map_err(on_constraint("connected_accounts_address_key", taken))?;
        note(conn, author, Action::ConnectedAccountUpdated, Some(&old), Some(&new)).await?;
        Ok(new)
    })
    .await
}

/// Takes a mailbox of `user_id` away, with what the server knows about where mails lie in it. The mails stay, and so does what was
/// read in them.
pub async fn delete(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid, author: &Author) -> Result<()> {
    conn.transaction(async |conn| {
        let own = connected_accounts::table
            .filter(connected_accounts::user_id.eq(user_id))
            .filter(connected_accounts::id.eq(id));
        let deleted = diesel::delete(own).returning(ConnectedAccount::as_returning()).get_result(conn).await;
        let deleted = deleted.optional()?.ok_or_else(|| Error::unknown("id", "mailbox"))?;
        Ok(note(conn, author, Action::ConnectedAccountDeleted, Some(&deleted), None).await?)
    })
    .await
}

fn columns_of(changes: ConnectedAccountChanges, old: &ConnectedAccount) -> Columns {
    let is_mended = changes.file.is_some() && old.status == Status::Failed.as_str();
    let status = match changes.is_paused {
        Some(true) => Some(Status::Paused),
        Some(false) if old.status == Status::Paused.as_str() => Some(Status::Active),
        _ if is_mended => Some(Status::Active),
        _ => None,
    };
    Columns {
        address: changes.address,
        settings: changes.file.map(|file| json!(Settings { file: Some(file) })),
        status: status.map(Status::as_str),
        status_reason: status.map(|_| None),
    }
}

/// Writes down what was done to a mailbox.
async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    before: Option<&ConnectedAccount>,
    after: Option<&ConnectedAccount>,
) -> QueryResult<()> {
    let Some(row) = after.or(before) else { return Ok(()) };
    let changes = Changes::between(before, after, FIELDS);
    let subject = (SubjectKind::ConnectedAccount, row.id);
    audit::record_changes(conn, author, action, row.user_id, subject, changes).await
}

/// `None` leaves a column alone.
#[derive(Debug, Default, PartialEq, Eq, AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell a column left alone from one set to NULL")]
#[diesel(table_name = connected_accounts)]
struct Columns {
    address: Option<String>,
    settings: Option<Value>,
    status: Option<&'static str>,
    status_reason: Option<Option<String>>,
}
