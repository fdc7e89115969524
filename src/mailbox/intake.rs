//! The way of mails from their source to where they can be stored: read in batches, the known ones passed over, the others made
//! ready.

use uuid::Uuid;

use crate::cores::Cores;
use crate::db::Pool;
use crate::error::Result;
use crate::mailbox::prepared::{Keyed, PreparedMail, key, prepare, set_aside};
use crate::mailbox::source::{MailSource, Position};
use crate::mailbox::store::known_places;

/// A source that is being read for one connected account.
pub struct Intake {
    source: MailSource,
    authserv_ids: Vec<String>,
    connected_account_id: Uuid,
    cores: Cores,
}

/// Some mails in a row.
#[derive(Debug)]
pub struct Arrived {
    /// Ready to be stored.
    pub mails: Vec<PreparedMail>,
    /// How many more there were that this account has shown before: by their bytes, without a look inside.
    pub known: i64,
    /// A sentence with its path for each file of a folder that could not be read and was passed over.
    pub unreadable: Vec<String>,
    /// How many more mails somebody may still be writing: they are left for the next time.
    pub left: usize,
    /// Where the next ones begin.
    pub position: Position,
    /// How much of the source is behind; see [`MailSource::done`].
    pub done: u64,
    /// Nothing comes behind them.
    pub is_last: bool,
}

impl Intake {
    /// Nothing is read yet. The servers in `authserv_ids` are believed when they judge a sender.
    pub fn new(
        source: MailSource,
        authserv_ids: &[String],
        connected_account_id: Uuid,
        cores: Cores,
    ) -> Self {
        let authserv_ids = source.authserv_ids(authserv_ids);
        Self { source, authserv_ids, connected_account_id, cores }
    }

    /// Where the mails come from.
    pub fn source(&self) -> &MailSource {
        &self.source
    }

    /// The next mails, at most `count`.
    pub async fn next(self, pool: &Pool, count: usize) -> Result<(Self, Arrived)> {
        let (intake, mails, arrived) = self.read(pool, count).await?;
        let mails = prepare(&intake.cores, mails, &intake.authserv_ids).await?;
        Ok((intake, Arrived { mails, ..arrived }))
    }

    /// The next mail, without a look inside: it is kept as one that the program cannot read.
    pub async fn next_unread(self, pool: &Pool) -> Result<(Self, Arrived)> {
        let (intake, mails, arrived) = self.read(pool, 1).await?;
        let mails = set_aside(&intake.cores, mails).await?;
        Ok((intake, Arrived { mails, ..arrived }))
    }

    /// The next mails that are not known, and what else there is to say of the stretch that they are in.
    async fn read(self, pool: &Pool, count: usize) -> Result<(Self, Vec<Keyed>, Arrived)> {
        let (source, batch) = self.source.read(count).await?;
        let mut mails = key(&self.cores, batch.messages).await?;
        let read = mails.len();
        if !mails.is_empty() {
            let keys: Vec<&str> = mails.iter().map(|mail| mail.provider_key.as_str()).collect();
            let mut conn = pool.connection().await?;
            let known = known_places(&mut conn, self.connected_account_id, &keys).await?;
            drop(conn);
            mails.retain(|mail| !known.contains(&mail.provider_key));
        }
        let known = i64::try_from(read - mails.len()).unwrap_or(i64::MAX);
        let arrived = Arrived {
            mails: Vec::new(),
            known,
            unreadable: batch.unreadable,
            left: batch.left,
            position: batch.position,
            done: source.done(),
            is_last: batch.is_last,
        };
        Ok((Self { source, ..self }, mails, arrived))
    }
}
