//! What the audit tells of a change of a category.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, Field, SubjectKind};
use crate::categories::Category;

const FIELDS: &[Field<Category>] = &[
    ("name", |row| Some(row.name.clone())),
    ("kind", |row| Some(row.kind.clone())),
    ("parentId", |row| row.parent_id.map(|id| id.to_string())),
    ("colour", |row| row.colour.clone()),
    ("icon", |row| row.icon.clone()),
];

/// Writes down what was done to a row: there is none before it was made, and none after it was deleted.
pub async fn note(
    conn: &mut AsyncPgConnection,
    author: &Author,
    action: Action,
    before: Option<&Category>,
    after: Option<&Category>,
) -> QueryResult<()> {
    let Some(row) = after.or(before) else { return Ok(()) };
    let changes = Changes::between(before, after, FIELDS);
    audit::record_changes(conn, author, action, row.user_id, (SubjectKind::Category, row.id), changes).await
}

/// Writes down that a category was deleted, and by the fields of `moved` where what hung on it went.
pub async fn note_deleted(
    conn: &mut AsyncPgConnection,
    author: &Author,
    row: &Category,
    moved: &[(&str, Option<Uuid>)],
) -> QueryResult<()> {
    let changes = moved.iter().fold(Changes::between(Some(row), None, FIELDS), |changes, (field, to)| {
        changes.with(field, None, to.map(|id| id.to_string()).as_deref())
    });
    let subject = (SubjectKind::Category, row.id);
    audit::record_changes(conn, author, Action::CategoryDeleted, row.user_id, subject, changes).await
}
