//! The shipped mailbox, read by the pipeline as it stands: how much of it is right, with a floor that may only rise.

use std::fmt::Debug;
use std::io::BufReader;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Berlin;
use pennypost::clock::Clock;
use pennypost::extraction::categorise::category_name;
use pennypost::extraction::draft::{Direction, Draft, Reading};
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
    fn count(&mut self, is_right: bool) {
        self.0 += usize::from(is_right);
        self.1 += 1;
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
        received_at: DateTime::<Utc>::UNIX_EPOCH,
        authenticity: String::new(),
        text_version: 1,
        text: message.text,
    };
    let origin = Origin::of(&mail);
    let reader = Reader { zone: Berlin, home_currency: Currency::parse("EUR") };
    let view = origin.view(&mail, &reader, &[]);
    let reading = Extractor::current().read(&view);
    let mut read = Read { booked: Vec::new(), categories: Vec::new(), drafts: Vec::new(), reading };
    for draft in &read.reading.drafts {
        let verdict = judge(&view, finding.authenticity, read.reading.kind, draft);
        if verdict != Verdict::Book {
            println!("{:?}: {verdict:?}", view.subject);
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

#[test]
fn the_demo_mailbox_is_read_well_enough_and_nothing_is_invented() {
    let mbox = include_bytes!("../../src/mailbox/demo.mbox");
    let expected: Vec<Expected> =
        serde_json::from_str(include_str!("../../src/mailbox/demo.expected.json")).unwrap();
    let (mut right, mut false_positives, mut misses) = (0, 0, Vec::new());
    let [mut categories, mut merchants, mut dates, mut masks] = [(); 4].map(|()| Share::default());
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
            misses.push(format!(
                "{:?}: wanted {wanted:?}, got {:?} {booked:?}",
                expected.subject, read.reading.kind
            ));
        }
        if expected.transactions.len() != read.drafts.len() {
            continue;
        }
        for ((one, draft), category) in expected.transactions.iter().zip(&read.drafts).zip(&read.categories) {
            let mut miss = |name: &str, wanted: &dyn Debug, got: &dyn Debug| {
                misses.push(format!("{:?}: {name} {wanted:?} read as {got:?}", expected.subject));
            };
            categories.count(*category == Some(one.category.as_str()));
            if *category != Some(one.category.as_str()) {
                miss("category", &one.category, category);
            }
            let merchant = draft.merchant.as_ref().map(|field| field.value.clone());
            if one.merchant.is_some() {
                merchants.count(merchant == one.merchant);
                if merchant != one.merchant {
                    miss("merchant", &one.merchant, &merchant);
                }
            }
            let date = draft.date.as_ref().map(|field| field.value);
            if one.date.is_some() {
                dates.count(date == one.date);
                if date != one.date {
                    miss("date", &one.date, &date);
                }
            }
            let mask = draft.account_mask.as_ref().map(|field| field.value.clone());
            if one.mask.is_some() {
                masks.count(mask == one.mask);
                if mask != one.mask {
                    miss("mask", &one.mask, &mask);
                }
            }
        }
    }
    println!(
        "right {right} of {}, categories {categories:?}, merchants {merchants:?}, dates {dates:?}, masks {masks:?}",
        expected.len()
    );
    println!("{}", misses.join("\n"));
    assert!(right * 100 >= expected.len() * 97, "{right} of {} mails are right", expected.len());
    assert!(categories.is_at_least(90), "{categories:?} categories are right");
    assert!(merchants.is_at_least(80), "{merchants:?} merchants are right");
    assert!(dates.is_at_least(90), "{dates:?} dates are right");
    assert!(masks.is_at_least(90), "{masks:?} masks are right");
    assert_eq!(false_positives, 0, "a mail without a transaction was booked");
}
