//! The operator's own import: any file or folder on the machine, stored by the same functions as a fetch.

use std::fs::File;
use std::path::{Path, PathBuf};

use diesel_async::AsyncConnection;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::Pool;
use crate::error::{Code, Error, Result};
use crate::mailbox::connected_account::record_sync;
use crate::mailbox::prepared::prepare;
use crate::mailbox::source::MailSource;
use crate::mailbox::store::store;

/// How many mails one transaction stores.
pub const BATCH_SIZE: usize = 100;

/// Which mails are read, and whom they are believed from.
#[derive(Clone, Debug)]
pub struct ReadSettings {
    /// The servers whose Authentication-Results are believed.
    pub authserv_ids: Vec<String>,
    /// A larger mail is not read.
    pub max_email_bytes: usize,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mails read.
    pub read: i64,
    /// Mails that were new.
    pub stored: i64,
    /// Mails that were new and are not read further: too large, or broken.
    pub skipped: i64,
    /// Mails that were known.
    pub seen_again: i64,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes there are.
    pub total_bytes: u64,
}

/// Opens an mbox, a single mail, or a folder with `.eml` files, in the order of their names. For the operator alone: the path
/// may be any.
pub async fn open(path: &Path, max_email_bytes: usize) -> Result<MailSource> {
    let path = path.to_owned();
    let found = tokio::task::spawn_blocking(move || find(&path));
    match found.await.map_err(|error| Error::internal("opening a mail file broke off", error))?? {
        Found::File { file, name } => MailSource::open(file, &name, None, max_email_bytes).await,
        Found::Folder { files, bytes } => Ok(MailSource::eml_files(files, bytes, max_email_bytes)),
    }
}

/// Stores every mail of `source` for `user_id`, a transaction a batch, and tells `on_progress` after each.
pub async fn run(
    pool: &Pool,
    clock: &Clock,
    settings: &ReadSettings,
    user_id: Uuid,
    connected_account_id: Uuid,
    mut source: MailSource,
    mut on_progress: impl FnMut(Progress),
) -> Result<Progress> {
    let mut progress = Progress { total_bytes: source.total_bytes(), ..Progress::default() };
    let authserv_ids = source.authserv_ids(&settings.authserv_ids);
    loop {
        let (rest, batch) = source.read(BATCH_SIZE).await?;
        source = rest;
        let mails = prepare(batch.messages, authserv_ids.clone()).await?;
        let mut conn = pool.connection().await?;
        let stored = conn
            .transaction(async |conn| store(conn, clock, user_id, connected_account_id, &mails).await)
            .await?;
        progress.read += i64::try_from(mails.len()).unwrap_or(i64::MAX);
        progress.stored += stored.new;
        progress.skipped += stored.skipped;
        progress.seen_again += stored.seen_again;
        progress.bytes = batch.position;
        on_progress(progress);
        if batch.is_last {
            record_sync(&mut conn, user_id, connected_account_id, clock.now()).await?;
            return Ok(progress);
        }
    }
}

enum Found {
    File { file: File, name: String },
    Folder { files: Vec<PathBuf>, bytes: u64 },
}

fn find(path: &Path) -> Result<Found> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}.", path.display());
        Error::rejected("file", Code::Invalid, message)
    };
    if !path.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Found::File { file: File::open(path).map_err(unreadable)?, name });
    }
    let mut files = Vec::new();
    let mut bytes = 0_u64;
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let is_eml = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"));
        if let Some(status) = file.metadata().ok().filter(|status| is_eml && status.is_file()) {
            bytes = bytes.saturating_add(status.len());
            files.push(file);
        }
    }
    if files.is_empty() {
        let message = format!("{} is a folder without .eml files.", path.display());
        return Err(Error::rejected("file", Code::Invalid, message));
    }
    files.sort();
    Ok(Found::Folder { files, bytes })
}
