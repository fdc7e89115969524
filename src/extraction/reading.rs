//! Reads a batch of mails off the async threads and on every core; a mail that breaks its reader breaks nothing else.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::booking::{self, Booking};
use super::draft::Reading;
use super::evidence::Reason;
use super::extractor::{Extractor, Origin, Reader};
use super::filing::ReadMail;
use crate::cores::Cores;
use crate::error::Result;
use crate::mailbox::to_read::MailToRead;
use crate::money::Currency;

/// A mail beside what was read in it.
pub struct Sheet {
    /// The mail.
    pub mail: MailToRead,
    /// What was read; `None` when the reader broke.
    read: Option<Read>,
}

struct Read {
    origin: Origin,
    reading: Reading,
    bookings: Vec<std::result::Result<Booking, Reason>>,
}

/// What a batch is read with.
#[derive(Clone)]
pub struct Desk {
    /// Where it is read.
    pub cores: Cores,
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
        let desk = self.clone();
        self.cores.map(mails, move |mail| desk.read_one(mail)).await
    }

    fn read_one(&self, mail: MailToRead) -> Sheet {
        // Everything that looks into the mail stands in here: its text is a stranger's.
        let read = catch_unwind(AssertUnwindSafe(|| {
            let origin = Origin::of(&mail);
            let view = origin.view(&mail, &self.reader, self.currencies_for(&origin, &mail));
            let reading = self.extractor.read(&view);
            let bookings = booking::of_reading(&view, mail.authenticity, &reading);
            Read { origin, reading, bookings }
        }));
        let read = read.ok();
        if read.is_none() {
            tracing::error!(email = %mail.id, extractor = self.extractor.name(), "the extractor broke on a mail; it is marked FAILED, report it with this id");
        }
        Sheet { mail, read }
    }

    fn currencies_for(&self, origin: &Origin, mail: &MailToRead) -> &[Currency] {
        let issuer = origin.issuer(mail);
        issuer.and_then(|issuer| self.currencies.get(issuer)).map_or(&[], Vec::as_slice)
    }
}

impl Sheet {
    /// The mail, ready to be filed; `None` when the reader broke.
    pub fn ready(&self) -> Option<ReadMail<'_>> {
        let Self { mail, read } = self;
        let Read { origin, reading, bookings } = read.as_ref()?;
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
