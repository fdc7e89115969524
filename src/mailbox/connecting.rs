//! How a user connects a mailbox: the row, and the entry about it.

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::clock::Clock;
use crate::error::Result;
use crate::mailbox::connected_account::{self, ConnectedAccount, NewConnectedAccount};

/// Connects a mailbox of `user_id`. A file under the name of an account that has none, because only `pennypost import` has
/// filled it so far, becomes that account's file. Rejected when the user has that address already, or the file cannot be read.
pub async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewConnectedAccount,
    author: &Author,
) -> Result<ConnectedAccount> {
    conn.transaction(async |conn| {
        let account = connected_account::connect(conn, clock, user_id, new).await?;
        note(conn, author, &account).await?;
        Ok(account)
    })
    .await
}

/// Writes down that it was connected.
async fn note(conn: &mut AsyncPgConnection, author: &Author, account: &ConnectedAccount) -> QueryResult<()> {
    let changes = Changes::none()
        .with("provider", None, Some(&account.provider))
        .with("address", None, Some(&account.address))
        .with("file", None, account.settings().file.as_deref());
    let (owner, subject) = (Some(account.user_id), Some((SubjectKind::ConnectedAccount, account.id)));
    audit::record(conn, author, Action::ConnectedAccountCreated, owner, subject, changes).await
}
