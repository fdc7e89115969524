//! The shipped mailbox, read by the pipeline as it stands: how much of it is right, with a floor that may only rise.

use std::fmt::Debug;
use std::io::BufReader;

use chrono::NaiveDate;
use chrono_tz::Europe::Berlin;
use pennypost::clock::Clock;
use pennypost::extraction::categorise::category_name;
use pennypost::extraction::draft::{Direction, Draft, Field, Reading};
use pennypost::extraction::evidence::{Verdict, judge};
use pennypost::extraction::extractor::{Extractor, Origin, Reader};
use pennypost::mailbox::authenticity;
use pennypost::mailbox::mbox::{self, Body};
use pennypost::mailbox::message;
use pennypost::mailbox::to_read::MailToRead;
use pennypost::money::Currency;
use rust_decimal::Decimal;
use serde::Deserialize;

/// What a person reads in a mail.
#[derive(Deserialize)]
struct Expected {
    subject: Option<String>,
    transactions: Vec<ExpectedTransaction>,
}

#[derive(Deserialize)]
struct ExpectedTransaction {
    amount: Decimal,
    currency: String,
    direction: String,
    category: String,
    merchant: Option<String>,
    date: Option<NaiveDate>,
    mask: Option<String>,
}

struct Read {
    reading: Reading,
    booked: Vec<(Decimal, String, String)>,
    categories: Vec<Option<&'static str>>,
    drafts: Vec<Draft>,
}

/// How many of a field's values are right, of how many that are printed.
#[derive(Debug, Default)]
struct Share(usize, usize);

impl Share {
    /// Counts a field that a person reads; one that is not printed does not count.
    fn compare<T: PartialEq + Debug>(
        &mut self,
        wanted: Option<&T>,
        got: Option<&T>,
        subject: &str,
        misses: &mut Vec<String>,
    ) {
        if wanted.is_none() {
            return;
        }
        self.0 += usize::from(wanted == got);
        self.1 += 1;
        if wanted != got {
            misses.push(format!("{subject}: {wanted:?} read as {got:?}"));
        }
    }

    fn is_at_least(&self, percent: usize) -> bool {
        self.0 * 100 >= self.1 * percent
    }
}

fn read(raw: &[u8]) -> Read {
    let message = message::parse(raw);
    let finding = authenticity::judge(raw, &["mx.keller.example".to_owned()]);
    let mail = MailToRead {
        id: Clock::System.new_id(),
        sender: message.from_address,
        sender_name: message.from_name,
        subject: message.subject,
        sent_at: message.sent_at,
        received_at: message.sent_at.unwrap_or_default(),
        authenticity: finding.authenticity,
        text_version: 1,
        text: message.text,
    };
    let origin = Origin::of(&mail);
    let reader = Reader { zone: Berlin, home_currency: Currency::parse("EUR") };
    let view = origin.view(&mail, &reader, &[]);
    let reading = Extractor::current().read(&view);
    let mut read = Read { booked: Vec::new(), categories: Vec::new(), drafts: Vec::new(), reading };
    for draft in &read.reading.drafts {
        if judge(&view, finding.authenticity, read.reading.kind, draft) != Verdict::Book {
            continue;
        }
        let direction = match draft.direction.as_ref().unwrap().value {
            Direction::In => "IN",
            Direction::Out => "OUT",
        };
        let amount = draft.amount.as_ref().unwrap().value.normalize();
        let currency = draft.currency.as_ref().unwrap().value.code().to_owned();
        read.booked.push((amount, currency, direction.to_owned()));
        let kind = read.reading.kind;
        read.drafts.push(draft.clone());
        read.categories.push(category_name(kind, draft, &view));
    }
    read
}

/// How well the fields of the booked drafts are read.
#[derive(Debug, Default)]
struct Tally {
    categories: Share,
    merchants: Share,
    dates: Share,
    masks: Share,
    misses: Vec<String>,
}

impl Tally {
    /// Compares drafts, in their order, with what a person reads; only where their number agrees.
    fn count(&mut self, expected: &Expected, read: &Read) {
        if expected.transactions.len() != read.drafts.len() {
            return;
        }
        let subject = expected.subject.as_deref().unwrap_or_default();
        let Self { categories, merchants, dates, masks, misses } = self;
        for ((one, draft), category) in expected.transactions.iter().zip(&read.drafts).zip(&read.categories) {
            let category = category.map(str::to_owned);
            categories.compare(Some(&one.category), category.as_ref(), subject, misses);
            merchants.compare(one.merchant.as_ref(), value(draft.merchant.as_ref()), subject, misses);
            dates.compare(one.date.as_ref(), value(draft.date.as_ref()), subject, misses);
            masks.compare(one.mask.as_ref(), value(draft.account_mask.as_ref()), subject, misses);
        }
    }
}

fn value<T>(field: Option<&Field<T>>) -> Option<&T> {
    field.map(|field| &field.value)
}

#[test]
fn the_demo_mailbox_is_read_well_enough_and_nothing_is_invented() {
    let mbox = include_bytes!("../../src/mailbox/demo.mbox");
    let expected: Vec<Expected> =
        serde_json::from_str(include_str!("../../src/mailbox/demo.expected.json")).unwrap();
    let (mut right, mut false_positives, mut tally) = (0, 0, Tally::default());
    let mails: Vec<_> = mbox::Reader::new(BufReader::new(&mbox[..]), 1 << 20).collect();
    assert_eq!(mails.len(), expected.len());
    for (mail, expected) in mails.into_iter().zip(&expected) {
        let Body::Message(raw) = mail.unwrap().body else { panic!("a demo mail is too large") };
        let read = read(&raw);
        let mut wanted: Vec<_> = expected
            .transactions
            .iter()
            .map(|one| (one.amount.normalize(), one.currency.clone(), one.direction.clone()))
            .collect();
        let mut booked = read.booked.clone();
        wanted.sort();
        booked.sort();
        if wanted == booked {
            right += 1;
        } else {
            false_positives += i32::from(wanted.is_empty());
            tally.misses.push(format!(
                "{:?}: wanted {wanted:?}, got {:?} {booked:?}",
                expected.subject, read.reading.kind
            ));
        }
        tally.count(expected, &read);
    }
    let misses = tally.misses.join("\n");
    assert!(right * 100 >= expected.len() * 97, "{right} of {} mails are right\n{misses}", expected.len());
    assert!(tally.categories.is_at_least(94), "categories {:?}\n{misses}", tally.categories);
    assert!(tally.merchants.is_at_least(90), "merchants {:?}\n{misses}", tally.merchants);
    assert!(tally.dates.is_at_least(97), "dates {:?}\n{misses}", tally.dates);
    assert!(tally.masks.is_at_least(97), "masks {:?}\n{misses}", tally.masks);
    assert_eq!(false_positives, 0, "a mail without a transaction was booked");
}
