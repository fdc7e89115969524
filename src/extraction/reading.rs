//! Reads a batch of mails off the async threads and on every core; a mail that breaks its reader breaks nothing else.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::available_parallelism;

use futures_util::future::try_join_all;
use tokio::sync::Semaphore;

use super::booking::{self, Booking};
use super::draft::Reading;
use super::evidence::Reason;
use super::extractor::{Extractor, Origin, Reader};
use super::filing::ReadMail;
use crate::error::{Error, Result};
use crate::mailbox::to_read::MailToRead;
use crate::money::Currency;

/// The threads that read mails, one a core for the whole process: whoever reads takes turns with the others.
#[derive(Clone)]
pub struct Readers {
    permits: Arc<Semaphore>,
    count: usize,
}

impl Readers {
    /// One reader for each core of this machine.
    pub fn one_a_core() -> Self {
        let count = available_parallelism().map_or(1, usize::from);
        Self { permits: Arc::new(Semaphore::new(count)), count }
    }
}

/// A mail beside what was read in it.
pub struct Sheet {
    /// The mail.
    pub mail: MailToRead,
    origin: Origin,
    /// What was read; `None` when the reader broke.
    read: Option<Read>,
}

struct Read {
    reading: Reading,
    bookings: Vec<std::result::Result<Booking, Reason>>,
}

/// What a batch is read with.
#[derive(Clone)]
pub struct Desk {
    /// Who reads.
    pub readers: Readers,
    /// The pipeline.
    pub extractor: Extractor,
    /// What of the user bears on it.
    pub reader: Reader,
    /// The currencies of the user's accounts, by issuer.
    pub currencies: Arc<HashMap<String, Vec<Currency>>>,
}

impl Desk {
    /// Reads `mails`, in their order.
    pub async fn read(&self, mails: Vec<MailToRead>) -> Result<Vec<Sheet>> {
        let share = mails.len().div_ceil(self.readers.count).max(1);
        let mut parts = Vec::new();
        let mut rest = mails;
        while !rest.is_empty() {
            let behind = rest.split_off(share.min(rest.len()));
            parts.push(self.read_part(std::mem::replace(&mut rest, behind)));
        }
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }

    async fn read_part(&self, mails: Vec<MailToRead>) -> Result<Vec<Sheet>> {
        let broken = |error| Error::internal("the reading of a batch of mails stopped", error);
        let permit = Arc::clone(&self.readers.permits).acquire_owned().await;
        let permit = permit.map_err(|error| Error::internal("nobody reads mails any more", error))?;
        let desk = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            mails.into_iter().map(|mail| desk.read_one(mail)).collect()
        });
        reading.await.map_err(broken)
    }

    fn read_one(&self, mail: MailToRead) -> Sheet {
        let origin = Origin::of(&mail);
        let view = origin.view(&mail, &self.reader, self.currencies_for(&origin, &mail));
        let read = catch_unwind(AssertUnwindSafe(|| {
            let reading = self.extractor.read(&view);
            let bookings = booking::of_reading(&view, mail.authenticity, &reading);
            Read { reading, bookings }
        }));
        let read = read.ok();
        if read.is_none() {
            tracing::error!(email = %mail.id, extractor = self.extractor.name(), "the extractor broke on a mail; it is marked FAILED, report it with this id");
        }
        Sheet { mail, origin, read }
    }

    fn currencies_for(&self, origin: &Origin, mail: &MailToRead) -> &[Currency] {
        let issuer = origin.issuer(mail);
        issuer.and_then(|issuer| self.currencies.get(issuer)).map_or(&[], Vec::as_slice)
    }
}

impl Sheet {
    /// The mail, ready to be filed; `None` when the reader broke.
    pub fn ready(&self) -> Option<ReadMail<'_>> {
        let Self { mail, origin, read } = self;
        let Read { reading, bookings } = read.as_ref()?;
        Some(ReadMail {
            email_id: mail.id,
            text_version: mail.text_version,
            issuer: origin.issuer(mail),
            sender_name: origin.sender_name(mail),
            reading,
            bookings,
        })
    }
}
