//! What a mail becomes before it is stored.

use std::io::Read;

use chrono::DateTime;
use flate2::read::GzDecoder;

use super::*;

fn prepared(message: RawMessage) -> PreparedMail {
    prepare_one(Keyed::of(message), &["mx.keller.example".to_owned()]).unwrap()
}

fn whole(text: &str) -> PreparedMail {
    prepared(RawMessage::Whole(text.as_bytes().to_vec()))
}

fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

const MAIL: &str = "Received: from a by mx.keller.example; Tue, 18 Aug 2026 18:23:16 +0200\n\
    Received: from b by a; Tue, 18 Aug 2026 18:22:50 +0200\n\
    Authentication-Results: mx.keller.example; dmarc=pass header.from=bank.example\n\
    Message-ID: <1@bank.example>\nDate: Tue, 18 Aug 2026 18:22:41 +0200\nFrom: Bank <Alerts@Bank.example>\n\
    Subject: Paid\n\nYou paid 3.00 EUR.\n";

#[test]
fn headers_text_and_source_are_kept() {
    let mail = whole(MAIL);
    assert_eq!(mail.headers.sender.as_deref(), Some("alerts@bank.example"));
    assert_eq!(mail.headers.sent_at, Some(moment("2026-08-18T16:22:41Z")));
    assert_eq!(mail.headers.received_at, Some(moment("2026-08-18T16:23:16Z")));
    assert_eq!(mail.finding.authenticity, Authenticity::Verified);
    let Content::Kept { source, text } = &mail.content else { panic!("it is kept") };
    assert_eq!(text, "You paid 3.00 EUR.");
    let mut unpacked = String::new();
    GzDecoder::new(source.as_slice()).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, MAIL);
}

#[test]
fn the_same_mail_with_other_line_ends_is_the_same_mail_at_another_place() {
    let (one, other) = (whole(MAIL), whole(&MAIL.replace('\n', "\r\n")));
    assert_eq!(one.fingerprint, other.fingerprint);
    assert_ne!(one.provider_key, other.provider_key);
    assert_eq!(one.provider_key.len(), 64);
    assert_eq!(one.fingerprint_of_bytes(), Some(Sha256::digest(MAIL).to_vec()));
}

#[test]
fn headers_are_cut_to_what_their_columns_hold() {
    let long = "é".repeat(3000);
    let mail = whole(&format!("Subject: {long}\nFrom: {long} <a@b.example>\nMessage-ID: <{long}>\n\nx\n"));
    let length = |text: &Option<String>| text.as_ref().map(|text| text.chars().count());
    assert_eq!(length(&mail.headers.subject), Some(SUBJECT_MAX));
    assert!(length(&mail.headers.sender_name) <= Some(NAME_MAX));
    assert!(length(&mail.headers.message_id) <= Some(MESSAGE_ID_MAX));
}

#[test]
fn a_mail_over_the_limit_keeps_its_headers_and_nothing_else() {
    let too_large =
        |head: &str, size| prepared(RawMessage::TooLarge { head: head.as_bytes().to_vec(), size });
    let mail = too_large(MAIL, 50_000_000);
    assert!(matches!(mail.content, Content::TooLarge));
    assert_eq!(mail.headers, whole(MAIL).headers);
    assert_eq!(mail.size_bytes, 50_000_000);
    assert_ne!(mail.fingerprint, whole(MAIL).fingerprint);
    let more = format!("{MAIL} and more of the body");
    assert_eq!(mail.fingerprint, too_large(&more, 50_000_000).fingerprint);
    assert_ne!(mail.fingerprint, too_large(MAIL, 50_000_001).fingerprint);
}

#[test]
fn bytes_that_are_no_mail_are_prepared_all_the_same() {
    for bytes in [b"".to_vec(), vec![0; 100], vec![0xff; 100], b"\n\n\n".to_vec()] {
        let mail = prepared(RawMessage::Whole(bytes));
        assert_eq!(mail.headers, Headers::default());
        assert_eq!(mail.finding.authenticity, Authenticity::Unverified);
    }
}
