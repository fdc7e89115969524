//! The text of a mail as extraction reads it, what an admin's look into it leaves, and how many mails have come to what.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, SubjectKind};
use crate::db::schema::{email_texts, emails};
use crate::mailbox::ExtractionStatus;

/// The most entries of one statement, which takes at most 65,535 values.
const AT_A_TIME: usize = 1_000;

/// A mail, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mail {
    /// The owner.
    pub owner: Uuid,
    /// The mail.
    pub id: Uuid,
}

/// The newest texts of mails that the viewer was found to see, by the id of the mail; one without a text is left out. Each look into
/// somebody else's mail is written down beside it.
pub async fn read(
    conn: &mut AsyncPgConnection,
    author: &Author,
    reader: Uuid,
    mails: &[Mail],
) -> QueryResult<Vec<(Uuid, String)>> {
    let (owners, ids): (Vec<Uuid>, Vec<Uuid>) = mails.iter().map(|mail| (mail.owner, mail.id)).unzip();
    let texts = email_texts::table
        .filter(email_texts::user_id.eq_any(owners).and(email_texts::email_id.eq_any(ids)))
        .order((email_texts::email_id, email_texts::version.desc()))
        .distinct_on(email_texts::email_id)
        .select((email_texts::email_id, email_texts::text));
    let foreign = mails.iter().filter(|mail| mail.owner != reader);
    let looks: Vec<(Uuid, Uuid)> = foreign.map(|mail| (mail.owner, mail.id)).collect();
    if looks.is_empty() {
        return texts.load(conn).await;
    }
    conn.transaction(async |conn| {
        let found = texts.load(conn).await?;
        for looks in looks.chunks(AT_A_TIME) {
            audit::record_owned(conn, author, Action::EmailTextRead, SubjectKind::Email, looks).await?;
        }
        Ok(found)
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
