//! Mails of which only the bytes are kept, because the program broke off while it read them: a later one that can read such a
//! mail makes it a mail like the others, in the row that it has.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{email_texts, emails};
use crate::mailbox::TEXT_VERSION;
use crate::mailbox::email::ExtractionStatus;
use crate::mailbox::prepared::{Content, PreparedMail};
use crate::mailbox::store::EmailRow;

/// What a person reads beside such a mail.
pub(super) const UNREADABLE: &str = "The program broke off while it read this mail.";

/// Makes those of `mails` that could not be read before, and can be now, mails that wait to be read; how many there were.
pub(super) async fn mend(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
    mails: &BTreeMap<[u8; 32], (Uuid, &PreparedMail)>,
) -> QueryResult<usize> {
    let readable: HashMap<Vec<u8>, (&[u8; 32], &PreparedMail)> = mails
        .iter()
        .filter(|(_, (_, mail))| matches!(mail.content, Content::Kept { .. }))
        .filter_map(|(key, (_, mail))| Some((mail.fingerprint_of_bytes()?, (key, *mail))))
        .collect();
    let rows: Vec<(Vec<u8>, Uuid)> = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::fingerprint.eq_any(readable.keys()))
        .filter(is_unreadable())
        .order(emails::fingerprint)
        .select((emails::fingerprint, emails::id))
        .for_update()
        .load(conn)
        .await?;
    let found: Vec<_> = rows.iter().filter_map(|(bytes, id)| Some((id, *readable.get(bytes)?))).collect();
    if found.is_empty() {
        return Ok(0);
    }
    let keys: Vec<&[u8]> = found.iter().map(|(_, (key, _))| key.as_slice()).collect();
    let taken = emails::table.filter(emails::user_id.eq(user_id)).filter(emails::fingerprint.eq_any(keys));
    let taken: HashSet<Vec<u8>> = taken.select(emails::fingerprint).load(conn).await?.into_iter().collect();
    let mut count = 0;
    // A mail that came from elsewhere and could be read is in a row of its own: that is the mail, and the broken one stays.
    for (id, (key, mail)) in found.into_iter().filter(|(_, (key, _))| !taken.contains(key.as_slice())) {
        EmailRow::of(*id, user_id, key, now, mail).replace(conn).await?;
        if let Content::Kept { text, .. } = &mail.content {
            let text = (
                email_texts::email_id.eq(id),
                email_texts::version.eq(TEXT_VERSION),
                email_texts::user_id.eq(user_id),
                email_texts::text.eq(text),
            );
            diesel::insert_into(email_texts::table).values(text).execute(conn).await?;
        }
        count += 1;
    }
    Ok(count)
}

/// True for the row of such a mail.
#[diesel::dsl::auto_type]
pub(super) fn is_unreadable() -> _ {
    let failed: &'static str = ExtractionStatus::Failed.as_str();
    let of_row = email_texts::user_id.eq(emails::user_id).and(email_texts::email_id.eq(emails::id));
    let has_text = exists(email_texts::table.filter(of_row));
    emails::extraction_status.eq(failed).and(emails::deleted_at.is_null()).and(not(has_text))
}
