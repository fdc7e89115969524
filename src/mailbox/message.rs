//! A mail's bytes to what the rest of the program reads: addresses, subject, date and the text that a person would see.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use mail_parser::Address;

use super::forwarded::{self, Forwarded};
use super::html::{self, Effort};
use super::mime::{self, Part, Shown};

/// A mail, as read. Headers that are absent or broken are absent here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// The first address in From, in lower case.
    pub from_address: Option<String>,
    /// The name beside it.
    pub from_name: Option<String>,
    /// Every address in To, in lower case.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: Option<String>,
    /// The Date header.
    pub sent_at: Option<DateTime<Utc>>,
    /// The zone that the Date header was written in, in seconds east of Greenwich.
    pub sent_offset: Option<i32>,
    /// The text that a person would see.
    pub text: String,
    /// The text was longer than `LONGEST_TEXT`, or too much work to read, and is cut.
    pub is_truncated: bool,
    /// The header block inside, when the mail was forwarded.
    pub forwarded: Option<Forwarded>,
}

/// The longest text that is kept, in bytes.
pub const LONGEST_TEXT: usize = 256 * 1024;
/// Bodies of one sort that are looked at; what stands in further parts is not read.
const MOST_BODIES: usize = 100;
/// A text up to this length, in bytes, is a note to the mail that is attached to it.
const LONGEST_NOTE: usize = 1000;
/// How many mails around a mail are opened.
const DEEPEST_ATTACHED: usize = 3;
/// Parts among which the bodies are looked for.
const MOST_PARTS: usize = 10_000;
/// Plain text that is looked at, in bytes: some of it is dropped, and the rest is cut to `LONGEST_TEXT`.
const MOST_PLAIN_TEXT: usize = 2 * LONGEST_TEXT;

/// Reads a mail. Anything at all is read as something: bytes that are no mail are a text without a head.
pub fn parse(raw: &[u8]) -> Message {
    let mut effort = Effort::for_one_mail();
    let (text, is_truncated) = cut(body(raw, &mut effort));
    let is_truncated = is_truncated || effort.is_used_up();
    let forwarded = forwarded::find(&text);
    let Some(mail) = mime::headers(raw) else {
        return Message { text, is_truncated, forwarded, ..Message::default() };
    };
    let date = mail.date().filter(|date| date.is_valid());
    let offset = date.map(|date| {
        let seconds = i32::from(date.tz_hour) * 3600 + i32::from(date.tz_minute) * 60;
        if date.tz_before_gmt { -seconds } else { seconds }
    });
    let from = mail.from().and_then(Address::first);
    Message {
        message_id: mail.message_id().and_then(filled),
        from_address: from
            .and_then(|from| from.address())
            .and_then(filled)
            .map(|address| address.to_lowercase()),
        from_name: from.and_then(|from| from.name()).and_then(filled),
        to: mail.to().map(addresses).unwrap_or_default(),
        subject: mail.subject().and_then(filled),
        sent_at: date.and_then(|date| Utc.timestamp_opt(date.to_timestamp(), 0).single()),
        sent_offset: offset.filter(|offset| FixedOffset::east_opt(*offset).is_some()),
        forwarded,
        text,
        is_truncated,
    }
}

/// The visible text of an HTML document.
pub fn text_of_html(source: &str) -> String {
    html::visible_text(source, &mut Effort::for_one_mail())
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim().replace('\0', "");
    (!text.is_empty()).then_some(text)
}

fn addresses(list: &Address<'_>) -> Vec<String> {
    list.iter()
        .filter_map(|address| address.address())
        .filter_map(filled)
        .map(|one| one.to_lowercase())
        .collect()
}

/// The text of the mail, with that of a mail that was forwarded as an attachment: one to which the mail itself says no more
/// than a note.
fn body(raw: &[u8], effort: &mut Effort) -> String {
    text_of(raw, 0, effort).unwrap_or_default()
}

fn text_of(raw: &[u8], depth: usize, effort: &mut Effort) -> Option<String> {
    let own = own_body(raw, effort);
    if own.as_ref().is_some_and(|text| text.len() > LONGEST_NOTE) || depth == DEEPEST_ATTACHED {
        return own;
    }
    let Some(attached) = attached(raw, depth, effort) else { return own };
    let mut text = own.unwrap_or_default();
    append(&mut text, &attached);
    Some(text)
}

/// The first mail in the mail that has a text, under the lines that mail programs put above a forwarded one. Nothing where the
/// mail says that it could not be delivered: what stands in it is not news.
fn attached(raw: &[u8], depth: usize, effort: &mut Effort) -> Option<String> {
    if mime::leaves(raw).take(MOST_PARTS).any(|part| part.is_report()) {
        return None;
    }
    let mut attached = mime::leaves(raw).take(MOST_PARTS).filter(Part::is_mail).take(MOST_BODIES);
    attached.find_map(|inner| {
        let inner = inner.decoded();
        let text = text_of(&inner, depth + 1, effort)?;
        Some(format!("{}{text}", forwarded::heading(&inner)))
    })
}

/// The plain text, unless the HTML part says more: some senders put a stub or another mail into the plain one.
fn own_body(raw: &[u8], effort: &mut Effort) -> Option<String> {
    let mut known = HashSet::new();
    let (mut plain, mut rich) = (String::new(), Vec::new());
    for part in mime::leaves(raw).take(MOST_PARTS) {
        let has_room = match part.shown() {
            Some(Shown::Plain) => plain.len() < MOST_PLAIN_TEXT,
            Some(Shown::Html) => rich.len() < MOST_BODIES,
            None => false,
        };
        if !has_room || known.len() == 2 * MOST_BODIES || !known.insert(part.body) {
            continue;
        }
        let text = with_euro(&part);
        match part.shown() {
            Some(Shown::Html) => rich.push(text),
            _ => append(&mut plain, &clean(start_of(&text, MOST_PLAIN_TEXT))),
        }
    }
    let mut shown = String::new();
    for source in rich {
        append(&mut shown, &html::visible_text(&source, effort));
    }
    let text = if is_poor(&plain, &shown) { shown } else { plain };
    (!text.is_empty()).then_some(text)
}

/// The text of a part, with the euro sign of a Greek one. ISO 8859-7 has it since 2003, and mail-parser's table is older: what
/// it does not know there is that sign in every mail that speaks of money.
fn with_euro(part: &Part<'_>) -> String {
    let text = part.text();
    if part.charset().is_some_and(|charset| charset.eq_ignore_ascii_case("iso-8859-7")) {
        return text.replace('\u{fffd}', "€");
    }
    text
}

fn append(text: &mut String, next: &str) {
    if !text.is_empty() && !next.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(next);
}

/// True when the plain text lacks what the HTML shows: most of its length, or numbers that stand in it.
fn is_poor(plain: &str, rich: &str) -> bool {
    if rich.trim().is_empty() {
        return false;
    }
    if plain.contains("</td>") || plain.contains("</p>") || plain.trim().len() * 5 < rich.trim().len() {
        return true;
    }
    let known: HashSet<String> = numbers(plain).collect();
    numbers(rich).any(|number| number.len() >= 3 && !known.contains(&number))
}

/// Every run of digits with what may stand inside an amount, reduced to the digits.
fn numbers(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
    let runs = text.split(move |letter: char| !is_part(letter));
    let digits = |run: &str| run.chars().filter(char::is_ascii_digit).collect::<String>();
    runs.map(digits).filter(|run| !run.is_empty()).take(2000)
}

/// Plain text with LF line ends and without what has no width.
fn clean(text: &str) -> String {
    let kept =
        text.chars().filter(|letter| *letter != '\r' && *letter != '\0' && !html::is_invisible(*letter));
    kept.collect::<String>().trim().to_owned()
}

fn cut(mut text: String) -> (String, bool) {
    let end = start_of(&text, LONGEST_TEXT).len();
    let is_cut = end < text.len();
    text.truncate(end);
    (text, is_cut)
}

/// At most `most` bytes of the start of a text, cut between two characters.
fn start_of(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
