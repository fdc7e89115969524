//! What a person does to their mails: ignore them, take that back, and delete them. Each answers for the rows that were there.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, SubjectKind};
use crate::db::schema::{email_sources, email_texts, emails};
use crate::error::Result;
use crate::mailbox::email::{Email, ExtractionStatus};
use crate::mailbox::to_read;

const IGNORED: &str = "A person ignores it.";
const WITHOUT_TEXT: &str = "Its text is not kept.";

/// Keeps mails out of every extraction. What was read in them before stays in the ledger. The ones that are the user's and living,
/// by their ids.
pub async fn ignore(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    author: &Author,
) -> Result<HashMap<Uuid, Email>> {
    conn.transaction(async |conn| {
        let found = lock(conn, user_id, ids).await?;
        let known = ignored_among(conn, user_id, &found).await?;
        set_status(conn, user_id, &found, ExtractionStatus::Ignored, Some(IGNORED)).await?;
        let new: Vec<Uuid> = found.iter().copied().filter(|id| !known.contains(id)).collect();
        audit::record_each(conn, author, Action::EmailIgnored, user_id, SubjectKind::Email, &new).await?;
        load(conn, user_id, &found).await
    })
    .await
}

/// Has ignored mails wait for the next extraction again; any other stays what it is. The ones that are the user's and living, by
/// their ids.
pub async fn restore(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    author: &Author,
) -> Result<HashMap<Uuid, Email>> {
    conn.transaction(async |conn| {
        let found = lock(conn, user_id, ids).await?;
        let ignored = ignored_among(conn, user_id, &found).await?;
        audit::record_each(conn, author, Action::EmailRestored, user_id, SubjectKind::Email, &ignored)
            .await?;
        let with_text: HashSet<Uuid> = email_texts::table
            .filter(email_texts::user_id.eq(user_id))
            .filter(email_texts::email_id.eq_any(&ignored))
            .select(email_texts::email_id)
            .load::<Uuid>(conn)
            .await?
            .into_iter()
            .collect();
        let (readable, unreadable): (Vec<Uuid>, Vec<Uuid>) =
            ignored.into_iter().partition(|id| with_text.contains(id));
        set_status(conn, user_id, &readable, ExtractionStatus::Pending, None).await?;
        set_status(conn, user_id, &unreadable, ExtractionStatus::Skipped, Some(WITHOUT_TEXT)).await?;
        load(conn, user_id, &found).await
    })
    .await
}

/// Erases the sources and texts of mails, for good. The rows stay, without being seen, so that a re-sync brings nothing back; what
/// was read in them stays in the ledger. The ones that were the user's and living, by their
/// ids.
pub async fn delete(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    author: &Author,
) -> Result<HashMap<Uuid, Email>> {
    conn.transaction(async |conn| {
        let found = lock(conn, user_id, ids).await?;
        let sources = email_sources::table.filter(email_sources::user_id.eq(user_id));
        diesel::delete(sources.filter(email_sources::email_id.eq_any(&found))).execute(conn).await?;
        let texts = email_texts::table.filter(email_texts::user_id.eq(user_id));
        diesel::delete(texts.filter(email_texts::email_id.eq_any(&found))).execute(conn).await?;
        let own = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq_any(&found));
        diesel::update(own).set(emails::deleted_at.eq(author.now())).execute(conn).await?;
        audit::record_each(conn, author, Action::EmailDeleted, user_id, SubjectKind::Email, &found).await?;
        load(conn, user_id, &found).await
    })
    .await
}

/// The ids of the user's living mails, none of which an extraction files until the transaction ends.
async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let living = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq_any(ids))
        .filter(emails::deleted_at.is_null());
    living.order(emails::id).select(emails::id).for_update().load(conn).await
}

/// Which of them are ignored.
async fn ignored_among(conn: &mut AsyncPgConnection, user_id: Uuid, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let ignored = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::id.eq_any(ids))
        .filter(emails::extraction_status.eq(ExtractionStatus::Ignored.as_str()));
    ignored.order(emails::id).select(emails::id).load(conn).await
}

async fn set_status(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    status: ExtractionStatus,
    reason: Option<&str>,
) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    to_read::set_status(conn, user_id, ids, status, reason).await
}

async fn load(conn: &mut AsyncPgConnection, user_id: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, Email>> {
    let own = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::id.eq_any(ids));
    let rows: Vec<Email> = own.select(Email::as_select()).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
