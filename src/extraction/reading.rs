//! Reads a batch of mails off the async threads; a mail that breaks its reader breaks nothing else.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::draft::Reading;
use super::extractor::{Extractor, Origin, Reader};
use super::filing::ReadMail;
use crate::error::{Error, Result};
use crate::mailbox::to_read::MailToRead;
use crate::money::Currency;

/// A mail beside what was read in it.
pub struct Sheet {
    /// The mail.
    pub mail: MailToRead,
    origin: Origin,
    /// What was read; `None` when the reader broke.
    reading: Option<Reading>,
}

/// What a batch is read with.
#[derive(Clone)]
pub struct Desk {
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
        tokio::task::spawn_blocking(move || mails.into_iter().map(|mail| desk.read_one(mail)).collect())
            .await
            .map_err(|error| Error::internal("the reading of a batch of mails stopped", error))
    }

    /// What a sheet holds, ready to be filed; `None` when the reader broke.
    pub fn ready<'a>(&'a self, sheet: &'a Sheet) -> Option<ReadMail<'a>> {
        let Sheet { mail, origin, reading } = sheet;
        Some(ReadMail {
            email_id: mail.id,
            text_version: mail.text_version,
            view: origin.view(mail, &self.reader, self.currencies_for(origin, mail)),
            authenticity: mail.authenticity,
            issuer: origin.issuer(mail),
            reading: reading.clone()?,
        })
    }

    fn read_one(&self, mail: MailToRead) -> Sheet {
        let origin = Origin::of(&mail);
        let view = origin.view(&mail, &self.reader, self.currencies_for(&origin, &mail));
        let reading = catch_unwind(AssertUnwindSafe(|| self.extractor.read(&view))).ok();
        if reading.is_none() {
            tracing::error!(email = %mail.id, extractor = self.extractor.name(), "the extractor broke on a mail; it is marked FAILED, report it with this id");
        }
        Sheet { mail, origin, reading }
    }

    fn currencies_for(&self, origin: &Origin, mail: &MailToRead) -> &[Currency] {
        let issuer = origin.issuer(mail);
        issuer.and_then(|issuer| self.currencies.get(issuer)).map_or(&[], Vec::as_slice)
    }
}
