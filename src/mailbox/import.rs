//! The operator's own import: any file or folder on the machine, stored by the same functions as a fetch.

use std::fs::File;
use std::path::Path;

use diesel_async::AsyncConnection;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::Pool;
use crate::error::{Code, Error, Result};
use crate::mailbox::beneath::Beneath;
use crate::mailbox::connected_account::record_sync;
use crate::mailbox::intake::{Arrived, Intake};
use crate::mailbox::source::{MailSource, Position};
use crate::mailbox::store::{Stored, store};

/// How many mails one transaction stores.
pub const BATCH_SIZE: usize = 100;

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mails read.
    pub read: i64,
    /// Mails that were new.
    pub stored: i64,
    /// Mails that were new and are not read further: too large, or broken.
    pub skipped: i64,
    /// Mails that were known.
    pub seen_again: i64,
    /// A sentence with its path for each file of a folder that could not be read.
    pub unreadable: Vec<String>,
    /// Mails that somebody may still be writing, left for the next time.
    pub left: usize,
    /// How much of the source is behind; see [`MailSource::done`].
    pub done: u64,
    /// How much there is; see [`MailSource::total`].
    pub total: u64,
    /// Nothing is left.
    pub is_complete: bool,
}

/// Opens an mbox, a single mail, or a folder of mails. For the operator alone: the path may be any, and may lead through
/// symbolic links to the file or folder; in a folder none is followed. What somebody may have just put there is waited for.
pub async fn open(path: &Path, max_email_bytes: usize) -> Result<MailSource> {
    let path = path.to_owned();
    let found = tokio::task::spawn_blocking(move || find(&path));
    let opened = match found
        .await
        .map_err(|error| Error::internal("opening a mail file broke off", error))??
    {
        Found::File { file, name } => {
            MailSource::open(file, &name, Position::default(), max_email_bytes).await
        }
        Found::Folder(folder) => MailSource::open_folder(folder, Position::default(), max_email_bytes).await,
    };
    opened.map(MailSource::waiting)
}

/// Stores every mail of `intake` for `user_id`, a transaction a batch, and tells `go_on` after each; when that says no, it
/// returns with what is stored by then. While one batch is stored, the next is read.
pub async fn run(
    pool: &Pool,
    clock: &Clock,
    user_id: Uuid,
    connected_account_id: Uuid,
    intake: Intake,
    mut go_on: impl FnMut(&Progress) -> bool,
) -> Result<Progress> {
    let total = intake.source().total();
    let mut progress = Progress { total, ..Progress::default() };
    let (mut intake, mut arrived) = intake.next(pool, BATCH_SIZE).await?;
    loop {
        let storing = store_batch(pool, clock, user_id, connected_account_id, &arrived);
        let (stored, next) = if arrived.is_last {
            (storing.await?, None)
        } else {
            let (stored, next) = tokio::try_join!(storing, intake.next(pool, BATCH_SIZE))?;
            (stored, Some(next))
        };
        progress.read += i64::try_from(arrived.mails.len()).unwrap_or(i64::MAX) + arrived.known;
        progress.stored += stored.new;
        progress.skipped += stored.skipped;
        progress.seen_again += stored.seen_again + arrived.known;
        progress.unreadable.append(&mut arrived.unreadable);
        progress.left += arrived.left;
        progress.done = arrived.done;
        progress.is_complete = next.is_none();
        let is_wanted = go_on(&progress);
        let Some(next) = next.filter(|_| is_wanted) else { break };
        (intake, arrived) = next;
    }
    if progress.is_complete {
        let mut conn = pool.connection().await?;
        record_sync(&mut conn, user_id, connected_account_id, clock.now()).await?;
    }
    Ok(progress)
}

async fn store_batch(
    pool: &Pool,
    clock: &Clock,
    user_id: Uuid,
    connected_account_id: Uuid,
    arrived: &Arrived,
) -> Result<Stored> {
    if arrived.mails.is_empty() {
        return Ok(Stored::default());
    }
    let mut conn = pool.connection().await?;
    conn.transaction(async |conn| store(conn, clock, user_id, connected_account_id, &arrived.mails).await)
        .await
        .map_err(Error::from)
}

enum Found {
    File { file: File, name: String },
    Folder(Beneath),
}

fn find(path: &Path) -> Result<Found> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}.", path.display());
        Error::rejected("file", Code::Invalid, message)
    };
    if path.is_dir() {
        let folder = Beneath::at(path).map_err(|errno| unreadable(errno.into()))?;
        return Ok(Found::Folder(folder));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Found::File { file: File::open(path).map_err(unreadable)?, name })
}
