//! Who changed what: entries that are only ever appended, in the transaction of the change that they tell of.
//!
//! No entry holds a password, a token, a code or the text of a mail. Entries outlive the people in them: of a user who was
//! deleted stay the time, the action and a pseudonym.

pub mod action;
pub mod author;
pub mod changes;
pub mod list;

use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ipnet::IpNet;
use uuid::Uuid;

pub use action::{Action, SubjectKind};
pub use author::{Author, Shown};
pub use changes::{Changes, Field};
pub use list::{AuditEntry, AuditFilter};

use crate::db::schema::audit_entries;

#[diesel::declare_sql_function]
extern "SQL" {
    /// The function of the migration: it alone may change entries.
    fn pseudonymise_audit_entries(person: SqlUuid, pseudonym: SqlUuid) -> diesel::sql_types::BigInt;
}

/// Writes down that `author` did `action` to `subject`, which is `owner`'s. In the transaction of the change.
pub async fn record(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    owner: Option<Uuid>,
    subject: Option<(SubjectKind, Uuid)>,
    changes: Changes,
) -> QueryResult<()> {
    insert(conn, author, action, &[(owner, subject, changes)]).await
}

/// The same for several rows at once, without saying what changed about them.
pub async fn record_each(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    owner: Uuid,
    kind: SubjectKind,
    ids: &[Uuid],
) -> QueryResult<()> {
    let rows: Vec<_> = ids.iter().map(|id| (owner, *id)).collect();
    record_owned(conn, author, action, kind, &rows).await
}

/// The same for rows of several users: each owner with their row.
pub async fn record_owned(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    kind: SubjectKind,
    rows: &[(Uuid, Uuid)],
) -> QueryResult<()> {
    let entry = |(owner, id): &(Uuid, Uuid)| (Some(*owner), Some((kind, *id)), Changes::none());
    insert(conn, author, action, &rows.iter().map(entry).collect::<Vec<_>>()).await
}

/// The same for a change of `subject` that may have changed nothing, of which there is nothing to tell.
pub async fn record_changes(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    owner: Uuid,
    subject: (SubjectKind, Uuid),
    changes: Changes,
) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    record(conn, author, action, Some(owner), Some(subject), changes).await
}

/// The same for what is done to a user themselves.
pub async fn record_of_user(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    user_id: Uuid,
    changes: Changes,
) -> QueryResult<()> {
    record(conn, author, action, Some(user_id), Some((SubjectKind::User, user_id)), changes).await
}

/// Leaves of a user who is deleted the time, the action and the pseudonym; returns in how many entries they were.
pub async fn pseudonymise(conn: &mut AsyncPgConnection, user_id: Uuid, pseudonym: Uuid) -> QueryResult<i64> {
    diesel::select(pseudonymise_audit_entries(user_id, pseudonym)).get_result(conn).await
}

/// Whose it was done to, which of their rows, and what changed about it.
type Entry = (Option<Uuid>, Option<(SubjectKind, Uuid)>, Changes);

async fn insert(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    entries: &[Entry],
) -> QueryResult<()> {
    let row = |(owner, subject, changes): &Entry| {
        let (kind, subject) = subject.unzip();
        (
            audit_entries::id.eq(author.clock.new_id()),
            audit_entries::at.eq(author.clock.now()),
            audit_entries::action.eq(action.as_str()),
            audit_entries::owner.eq(*owner),
            audit_entries::actor.eq(author.actor),
            audit_entries::credential_kind.eq(author.shown.map(Shown::kind)),
            audit_entries::credential.eq(author.shown.and_then(Shown::id)),
            audit_entries::address.eq(author.address.map(IpNet::from)),
            audit_entries::subject_kind.eq(kind.map(SubjectKind::as_str)),
            audit_entries::subject.eq(subject),
            audit_entries::changes.eq(changes.clone().into_json()),
            audit_entries::request_id.eq(author.request_id),
        )
    };
    let table = audit_entries::table;
    let inserted = match entries {
        // One row is prepared once; of several, each number would be a statement of its own.
        [one] => diesel::insert_into(table).values(row(one)).execute(conn).await,
        several => {
            let rows: Vec<_> = several.iter().map(row).collect();
            diesel::insert_into(table).values(rows).execute(conn).await
        }
    };
    inserted.map(drop)
}
