//! The text of a mail as extraction reads it, what an admin's look into it leaves, and how many mails have come to what.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::db::schema::{email_texts, emails};
use crate::mailbox::{Email, ExtractionStatus};

/// The newest text of a mail that the viewer was found to see; `None` when it has none. A look into somebody else's mail is
/// written down beside it.
pub async fn read(
    conn: &mut AsyncPgConnection,
    author: &Author,
    reader: Uuid,
    email: &Email,
) -> QueryResult<Option<String>> {
    let texts = email_texts::table
        .filter(email_texts::user_id.eq(email.user_id).and(email_texts::email_id.eq(email.id)))
        .order(email_texts::version.desc())
        .select(email_texts::text);
    conn.transaction(async |conn| {
        let text = texts.first(conn).await.optional()?;
        if reader != email.user_id {
            let subject = Some((SubjectKind::Email, email.id));
            let (owner, action) = (Some(email.user_id), Action::EmailTextRead);
            audit::record(conn, author, action, owner, subject, Changes::none()).await?;
        }
        Ok(text)
    })
    .await
}

/// How many mails of all users have come to what, in one statement.
pub async fn count_by_status(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(ExtractionStatus, i64)>> {
    let groups = emails::table.filter(emails::deleted_at.is_null()).group_by(emails::extraction_status);
    let rows: Vec<(String, i64)> =
        groups.select((emails::extraction_status, diesel::dsl::count_star())).load(conn).await?;
    let count = |status: ExtractionStatus| {
        let found = rows.iter().find(|(name, _)| name == status.as_str());
        (status, found.map_or(0, |(_, number)| *number))
    };
    Ok(ExtractionStatus::ALL.map(count).to_vec())
}
