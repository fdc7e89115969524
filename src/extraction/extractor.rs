//! The closed set of ways to read a mail, and what one of them is given.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;

use super::draft::{MailView, Reading};
use super::offline;
use crate::mailbox::forwarded::{self, Forwarded};
use crate::mailbox::to_read::MailToRead;
use crate::money::Currency;

/// Nobody's mail is older.
const EARLIEST_YEAR: i32 = 1990;

/// A pipeline that reads mails, under the name and version that its extractions carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extractor {
    /// General rules, without any network.
    Offline {
        /// Counts up with every change that can change a reading.
        version: i32,
    },
}

impl Extractor {
    /// The pipeline of this program.
    pub fn current() -> Self {
        Self::Offline { version: offline::VERSION }
    }

    /// The pipeline's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offline { .. } => offline::EXTRACTOR,
        }
    }

    /// The pipeline's version.
    pub fn version(self) -> i32 {
        match self {
            Self::Offline { version } => version,
        }
    }

    /// Reads a mail.
    pub fn read(self, mail: &MailView<'_>) -> Reading {
        match self {
            Self::Offline { .. } => offline::extract(mail),
        }
    }
}

/// What of a user bears on how their mails are read.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The zone whose days count.
    pub zone: Tz,
    /// The currency of their totals.
    pub home_currency: Option<Currency>,
}

/// Who really wrote a mail, and when: the inner sender and date of a forwarded one.
#[derive(Debug)]
pub struct Origin {
    forwarded: Option<Forwarded>,
}

impl Origin {
    /// Looks for a forwarded header block in the mail's text.
    pub fn of(mail: &MailToRead) -> Self {
        Self { forwarded: forwarded::find(&mail.text) }
    }

    /// The address of who wrote it, in lower case.
    pub fn sender<'a>(&'a self, mail: &'a MailToRead) -> Option<&'a str> {
        let inner = self.forwarded.as_ref().and_then(|inner| inner.from_address.as_deref());
        inner.or(mail.sender.as_deref())
    }

    /// What the sender calls itself.
    pub fn sender_name<'a>(&'a self, mail: &'a MailToRead) -> Option<&'a str> {
        match &self.forwarded {
            Some(inner) if inner.from_address.is_some() => inner.from_name.as_deref(),
            _ => mail.sender_name.as_deref(),
        }
    }

    /// The domain of the sender: the issuer of the accounts that it writes about.
    pub fn issuer<'a>(&'a self, mail: &'a MailToRead) -> Option<&'a str> {
        self.sender(mail).and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain)
    }

    /// The mail as an extractor sees it. `account_currencies` are those of the accounts that the issuer writes about.
    pub fn view<'a>(
        &'a self,
        mail: &'a MailToRead,
        reader: &Reader,
        account_currencies: &'a [Currency],
    ) -> MailView<'a> {
        let inner = self.forwarded.as_ref().and_then(|inner| inner.sent_at).map(|at| at.to_utc());
        let written = inner.or(mail.sent_at).unwrap_or(mail.received_at);
        let written = is_sane(written, mail.received_at).then(|| written.with_timezone(&reader.zone));
        MailView {
            text: &mail.text,
            subject: mail.subject.as_deref(),
            sender_address: self.sender(mail),
            sender_name: self.sender_name(mail),
            sent_on: written.map(|at| at.date_naive()),
            home_currency: reader.home_currency,
            account_currencies,
            country: self.issuer(mail).and_then(country_of_domain),
        }
    }
}

/// False for a moment before there was mail for everybody, or one after the mail had arrived: some clocks stand wrong, and
/// some senders write what they like. A day more is left for zones and for clocks that are a little fast.
fn is_sane(written: DateTime<Utc>, received_at: DateTime<Utc>) -> bool {
    written.year() >= EARLIEST_YEAR && written <= received_at + TimeDelta::days(2)
}

/// The country that a domain's last label names (ISO 3166); `None` for the general ones.
fn country_of_domain(domain: &str) -> Option<&str> {
    match domain.rsplit_once('.')?.1 {
        "uk" => Some("gb"),
        // Sold to the whole world as if they were general.
        "io" | "co" | "me" | "tv" | "ai" | "eu" => None,
        label if label.len() == 2 => Some(label),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_before_there_was_mail_or_after_it_arrived_is_none() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let received = at("2026-11-21T09:00:00Z");
        for (written, wanted) in [
            ("2026-11-21T08:00:00Z", true),
            ("2026-11-22T23:00:00Z", true),
            ("1999-01-01T00:00:00Z", true),
            ("2026-11-24T09:00:00Z", false),
            ("2100-01-01T00:00:00Z", false),
            ("1970-01-01T00:00:00Z", false),
        ] {
            assert_eq!(is_sane(at(written), received), wanted, "{written}");
        }
    }

    #[test]
    fn only_a_country_s_own_label_names_a_country() {
        assert_eq!(country_of_domain("alerts.bank.co.uk"), Some("gb"));
        assert_eq!(country_of_domain("bank.de"), Some("de"));
        assert_eq!(country_of_domain("shop.io"), None);
        assert_eq!(country_of_domain("bank.example"), None);
        assert_eq!(country_of_domain("localhost"), None);
    }
}
