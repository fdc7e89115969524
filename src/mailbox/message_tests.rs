//! Invented mails, read.

use proptest::prelude::*;

use super::*;

#[test]
fn headers_and_plain_text_are_read() {
    let raw = "Message-ID: <one@bank.example>\r\nFrom: =?utf-8?q?B=C3=A4nk?= <Alerts@Bank.example>\r\nTo: Me@home.example\r\n\
        Date: Mon, 05 Jan 2026 23:30:00 -0500\r\nSubject: =?utf-8?b?WmFobHVuZw==?=\r\nContent-Type: text/plain; \
        charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n12,00 EUR f=FCr Kaffee\r\n";
    let message = parse(raw.as_bytes());
    assert_eq!(message.message_id.as_deref(), Some("one@bank.example"));
    assert_eq!(message.from_address.as_deref(), Some("alerts@bank.example"));
    assert_eq!(message.from_name.as_deref(), Some("Bänk"));
    assert_eq!(message.to, ["me@home.example"]);
    assert_eq!(message.subject.as_deref(), Some("Zahlung"));
    assert_eq!(message.sent_at.unwrap().to_rfc3339(), "2026-01-06T04:30:00+00:00");
    assert_eq!(message.sent_offset, Some(-18000));
    assert_eq!(message.text, "12,00 EUR für Kaffee");
    assert!(!message.is_truncated);
}

fn alternative(plain: &str, rich: &str) -> Message {
    parse(
        format!(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{plain}\n--b\n\
             Content-Type: text/html\n\n{rich}\n--b--\n"
        )
        .as_bytes(),
    )
}

#[test]
fn plain_text_is_preferred_when_it_says_as_much() {
    assert_eq!(alternative("Total 12.00", "<p>Total 12.00</p>").text, "Total 12.00");
}

#[test]
fn html_is_taken_when_the_plain_text_lacks_its_numbers() {
    assert_eq!(alternative("See it in your browser, please", "<p>Total: 12.00</p>").text, "Total: 12.00");
    assert_eq!(alternative("", "<p>Total: 12.00</p>").text, "Total: 12.00");
}

#[test]
fn a_text_over_the_limit_is_cut_between_characters() {
    let raw = format!("Content-Type: text/plain; charset=utf-8\n\n{}", "é".repeat(LONGEST_TEXT));
    let message = parse(raw.as_bytes());
    assert!(message.is_truncated && message.text.len() <= LONGEST_TEXT);
}

const INNER: &str =
    "From: Bank <alerts@bank.example>\nDate: Mon, 5 Jan 2026 10:00:00 +0100\nSubject: in\n\nTotal 9.00";

fn with_attached(note: &str, inner: &str) -> Message {
    let note = if note.is_empty() { String::new() } else { format!("--b\n\n{note}\n") };
    parse(
        format!(
            "Subject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n{note}--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
        )
        .as_bytes(),
    )
}

#[test]
fn an_attached_mail_is_read_behind_a_note_and_without_one() {
    let heading = "---------- Forwarded message ---------\nFrom: Bank <alerts@bank.example>\n\
        Date: Mon, 5 Jan 2026 10:00:00 +0100\nSubject: in\n\n";
    let alone = with_attached("", INNER);
    assert_eq!(alone.text, format!("{heading}Total 9.00"));
    let forwarded = alone.forwarded.unwrap();
    assert_eq!(forwarded.from_address.as_deref(), Some("alerts@bank.example"));
    assert_eq!(forwarded.sent_at.unwrap().to_rfc3339(), "2026-01-05T10:00:00+01:00");
    assert_eq!(with_attached("FYI", INNER).text, format!("FYI\n\n{heading}Total 9.00"));
    let letter = "We have looked at the mail. ".repeat(50);
    assert_eq!(with_attached(&letter, INNER).text, letter.trim(), "that is no note");
    assert_eq!(with_attached("", "Subject: in\n\nTotal 9.00").text, "Total 9.00");
}

#[test]
fn a_mail_in_a_mail_in_a_mail_is_read() {
    let middle = format!("From: me@home.example\nContent-Type: message/rfc822\n\n{INNER}");
    assert!(with_attached("", &middle).text.ends_with("Total 9.00"));
}

#[test]
fn a_mail_that_came_back_says_nothing_new() {
    let raw = format!(
        "Content-Type: multipart/report; boundary=b\n\n--b\n\nIt could not be delivered.\n--b\n\
         Content-Type: message/delivery-status\n\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\n{INNER}\n--b--"
    );
    assert_eq!(parse(raw.as_bytes()).text, "It could not be delivered.");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        parse(&raw);
    }

    #[test]
    fn digits_in_the_html_are_digits_in_the_text(amounts in prop::collection::vec(100_u32..99_999, 1..6), stub in "[a-z ]{0,40}") {
        let rows: Vec<String> = amounts.iter().map(|amount| format!("<tr><td>Item</td><td>{amount}</td></tr>")).collect();
        let text = alternative(&stub, &format!("<table>{}</table>", rows.concat())).text;
        for amount in amounts {
            prop_assert!(text.contains(&amount.to_string()));
        }
    }
}

#[test]
fn a_greek_text_keeps_its_euro_sign() {
    for kind in ["text/plain", "text/html"] {
        let head = format!("Content-Type: {kind}; charset=ISO-8859-7\r\n\r\n46,70");
        let raw = [head.as_bytes(), b"\xa4 \xf3\xf4\xef\r\n"].concat();
        assert_eq!(parse(&raw).text.trim(), "46,70€ στο", "{kind}");
    }
}
