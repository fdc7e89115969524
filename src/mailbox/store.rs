//! Stores mails: one row a message, whoever sends it twice and whatever number of workers bring it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::schema::{connected_accounts, email_places, email_sources, email_texts, emails};
use crate::mailbox::TEXT_VERSION;
use crate::mailbox::email::ExtractionStatus;
use crate::mailbox::prepared::{Content, PreparedMail};
use crate::mailbox::unreadable::{self, UNREADABLE};

const TOO_LARGE: &str = "The mail is larger than the server keeps (MAX_EMAIL_BYTES).";

/// What became of some mails; the three numbers add up to all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// New, or readable for the first time, and waiting to be read.
    pub new: i64,
    /// New, and not to be read: too large, or broken.
    pub skipped: i64,
    /// Known already.
    pub seen_again: i64,
}

/// What a row holds of a mail.
#[derive(Insertable)]
#[diesel(table_name = emails)]
pub(super) struct EmailRow<'a> {
    id: Uuid,
    user_id: Uuid,
    fingerprint: &'a [u8],
    message_id: Option<&'a str>,
    sent_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    sender: Option<&'a str>,
    sender_name: Option<&'a str>,
    subject: Option<&'a str>,
    size_bytes: i32,
    authenticity: &'static str,
    authenticity_reason: &'static str,
    extraction_status: &'static str,
    extraction_reason: Option<&'static str>,
}

/// Stores `mails`, which were seen in that account of that user, in the caller's transaction.
///
/// A constant number of statements, at most seven, whatever number of mails; some more where one could not be read before. Rows are written in the order of their keys, so that
/// two workers with the same mails wait for each other and never in a circle.
pub async fn store(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    connected_account_id: Uuid,
    mails: &[PreparedMail],
) -> QueryResult<Stored> {
    if mails.is_empty() {
        return Ok(Stored::default());
    }
    let now = clock.now();
    // The ids follow the file's order, and so does the reading later on.
    let mut rows = BTreeMap::new();
    for mail in mails {
        rows.entry(mail.fingerprint).or_insert_with(|| (clock.new_id(), mail));
    }
    let mended = unreadable::mend(conn, user_id, now, &rows).await?;
    let new = insert_emails(conn, user_id, now, &rows).await?;
    let known = known_among(conn, user_id, rows.keys().filter(|key| !new.contains_key(*key))).await?;
    let fresh: Vec<(Uuid, &PreparedMail)> =
        rows.iter().filter_map(|(key, (_, mail))| Some((*new.get(key)?, *mail))).collect();
    insert_contents(conn, user_id, &fresh).await?;
    let mut places = BTreeMap::new();
    for mail in mails {
        if let Some(id) = new.get(&mail.fingerprint).or_else(|| known.get(&mail.fingerprint)) {
            places.insert(mail.provider_key.as_str(), *id);
        }
    }
    insert_places(conn, clock, user_id, connected_account_id, &places).await?;
    let skipped = fresh.iter().filter(|(_, mail)| !matches!(mail.content, Content::Kept { .. })).count();
    Ok(Stored {
        new: number(fresh.len() - skipped + mended),
        skipped: number(skipped),
        seen_again: number(mails.len() - fresh.len() - mended),
    })
}

/// Those of `keys` under which a mail was seen in that account, but for the ones that could not be read: this program may.
pub async fn known_places(
    conn: &mut AsyncPgConnection,
    connected_account_id: Uuid,
    keys: &[&str],
) -> QueryResult<HashSet<String>> {
    let of_place = emails::user_id.eq(email_places::user_id).and(emails::id.eq(email_places::email_id));
    let places = email_places::table
        .inner_join(emails::table.on(of_place))
        .filter(diesel::dsl::not(unreadable::is_unreadable()))
        .filter(email_places::connected_account_id.eq(connected_account_id))
        .filter(email_places::provider_key.eq_any(keys));
    let known: Vec<String> = places.select(email_places::provider_key).load(conn).await?;
    Ok(known.into_iter().collect())
}

type Keyed<Value> = HashMap<[u8; 32], Value>;

/// Inserts what is not there; returns the new ones' ids.
async fn insert_emails(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
    rows: &BTreeMap<[u8; 32], (Uuid, &PreparedMail)>,
) -> QueryResult<Keyed<Uuid>> {
    let rows: Vec<_> =
        rows.iter().map(|(key, (id, mail))| EmailRow::of(*id, user_id, key, now, mail)).collect();
    let inserted = diesel::insert_into(emails::table)
        .values(rows)
        .on_conflict((emails::user_id, emails::fingerprint))
        .do_nothing()
        .returning((emails::fingerprint, emails::id))
        .get_results(conn)
        .await?;
    Ok(keyed(inserted))
}

impl<'a> EmailRow<'a> {
    /// What the row of `mail` holds.
    pub(super) fn of(
        id: Uuid,
        user_id: Uuid,
        fingerprint: &'a [u8],
        now: DateTime<Utc>,
        mail: &'a PreparedMail,
    ) -> Self {
        let headers = &mail.headers;
        let (status, reason) = match mail.content {
            Content::Kept { .. } => (ExtractionStatus::Pending, None),
            Content::TooLarge => (ExtractionStatus::Skipped, Some(TOO_LARGE)),
            Content::Unreadable { .. } => (ExtractionStatus::Failed, Some(UNREADABLE)),
        };
        // The sender wrote the Date header, and one of next century would stand on top of every list.
        let sent_at = headers.sent_at.map(|at| at.min(now));
        Self {
            id,
            user_id,
            fingerprint,
            message_id: headers.message_id.as_deref(),
            sent_at: headers.sent_at,
            received_at: headers.received_at.or(sent_at).unwrap_or(now),
            sender: headers.sender.as_deref(),
            sender_name: headers.sender_name.as_deref(),
            subject: headers.subject.as_deref(),
            size_bytes: mail.size_bytes,
            authenticity: mail.finding.authenticity.as_str(),
            authenticity_reason: mail.finding.reason,
            extraction_status: status.as_str(),
            extraction_reason: reason,
        }
    }
    /// Puts this in the place of what the row of that id holds.
    pub(super) async fn replace(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        let own = emails::table.filter(emails::user_id.eq(self.user_id)).filter(emails::id.eq(self.id));
        let changes = (
            emails::fingerprint.eq(self.fingerprint),
            emails::message_id.eq(self.message_id),
            emails::sent_at.eq(self.sent_at),
            emails::received_at.eq(self.received_at),
            emails::sender.eq(self.sender),
            emails::sender_name.eq(self.sender_name),
            emails::subject.eq(self.subject),
            emails::size_bytes.eq(self.size_bytes),
            emails::authenticity.eq(self.authenticity),
            emails::authenticity_reason.eq(self.authenticity_reason),
            emails::extraction_status.eq(self.extraction_status),
            emails::extraction_reason.eq(self.extraction_reason),
        );
        diesel::update(own).set(changes).execute(conn).await.map(drop)
    }
}

/// The ids of the mails that were there: they are committed by now, because the insert waited for whoever wrote them.
async fn known_among<'a>(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    fingerprints: impl Iterator<Item = &'a [u8; 32]>,
) -> QueryResult<Keyed<Uuid>> {
    let fingerprints: Vec<&[u8]> = fingerprints.map(<[u8; 32]>::as_slice).collect();
    if fingerprints.is_empty() {
        return Ok(HashMap::new());
    }
    let found = emails::table
        .filter(emails::user_id.eq(user_id))
        .filter(emails::fingerprint.eq_any(fingerprints))
        .select((emails::fingerprint, emails::id))
        .load(conn)
        .await?;
    Ok(keyed(found))
}

fn keyed(rows: Vec<(Vec<u8>, Uuid)>) -> Keyed<Uuid> {
    rows.into_iter().filter_map(|(key, id)| Some((key.try_into().ok()?, id))).collect()
}

async fn insert_contents(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    fresh: &[(Uuid, &PreparedMail)],
) -> QueryResult<()> {
    let mut sources = Vec::new();
    let mut texts = Vec::new();
    for (id, mail) in fresh {
        if let Content::Kept { source, .. } | Content::Unreadable { source } = &mail.content {
            sources.push((
                email_sources::email_id.eq(id),
                email_sources::user_id.eq(user_id),
                email_sources::raw.eq(source),
            ));
        }
        if let Content::Kept { text, .. } = &mail.content {
            texts.push((
                email_texts::email_id.eq(id),
                email_texts::version.eq(TEXT_VERSION),
                email_texts::user_id.eq(user_id),
                email_texts::text.eq(text),
            ));
        }
    }
    if !sources.is_empty() {
        diesel::insert_into(email_sources::table).values(sources).execute(conn).await?;
    }
    if !texts.is_empty() {
        diesel::insert_into(email_texts::table).values(texts).execute(conn).await?;
    }
    Ok(())
}

async fn insert_places(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    connected_account_id: Uuid,
    places: &BTreeMap<&str, Uuid>,
) -> QueryResult<()> {
    let rows: Vec<_> = places
        .iter()
        .map(|(key, email_id)| {
            (
                email_places::id.eq(clock.new_id()),
                email_places::user_id.eq(user_id),
                email_places::email_id.eq(email_id),
                email_places::connected_account_id.eq(connected_account_id),
                email_places::provider_key.eq(*key),
            )
        })
        .collect();
    let inserted = diesel::insert_into(email_places::table)
        .values(rows)
        .on_conflict((email_places::connected_account_id, email_places::provider_key))
        .do_nothing()
        .execute(conn)
        .await?;
    if inserted == 0 {
        return Ok(());
    }
    diesel::update(connected_accounts::table)
        .filter(connected_accounts::user_id.eq(user_id))
        .filter(connected_accounts::id.eq(connected_account_id))
        .set(connected_accounts::email_count.eq(connected_accounts::email_count + number(inserted)))
        .execute(conn)
        .await
        .map(drop)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
