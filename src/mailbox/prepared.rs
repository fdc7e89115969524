//! Mails made ready for their rows before any transaction begins: read, fingerprinted, judged and compressed.

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use mail_parser::{HeaderName, HeaderValue, MessageParser};
use sha2::{Digest, Sha256};

use crate::cores::Cores;
use crate::error::{Error, Result};
use crate::mailbox::authenticity::{Authenticity, Finding, judge};
use crate::mailbox::fingerprint::fingerprint;
use crate::mailbox::message::{Message, parse};
use crate::mailbox::source::RawMessage;

const MESSAGE_ID_MAX: usize = 1000;
const NAME_MAX: usize = 500;
const SUBJECT_MAX: usize = 2000;

/// A mail, ready to be stored.
#[derive(Debug)]
pub struct PreparedMail {
    /// Which mail it is.
    pub fingerprint: [u8; 32],
    /// Which one it is in its file: the SHA-256 of its bytes, in hexadecimal.
    pub provider_key: String,
    /// The headers that rows keep, cut to what their columns hold.
    pub headers: Headers,
    /// The size of the raw message in bytes.
    pub size_bytes: i32,
    /// Whether the sender is who From says.
    pub finding: Finding,
    /// What is kept of it beside the row.
    pub content: Content,
}

/// The headers that rows keep.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Message-ID without its brackets.
    pub message_id: Option<String>,
    /// The Date header, of the outer mail where one was forwarded.
    pub sent_at: Option<DateTime<Utc>>,
    /// The date of the topmost Received header, which the receiving server wrote.
    pub received_at: Option<DateTime<Utc>>,
    /// The address in From.
    pub sender: Option<String>,
    /// The name in From.
    pub sender_name: Option<String>,
    /// The subject.
    pub subject: Option<String>,
}

/// What is kept of a mail beside its row.
#[derive(Debug)]
pub enum Content {
    /// Everything.
    Kept {
        /// The MIME bytes, compressed with gzip.
        source: Vec<u8>,
        /// What extraction reads.
        text: String,
    },
    /// It is larger than the limit: nothing.
    TooLarge,
    /// The program cannot read it: its bytes alone.
    Unreadable {
        /// The MIME bytes, compressed with gzip.
        source: Vec<u8>,
    },
}

/// A mail as it was read, and which one it is in its file.
#[derive(Debug)]
pub struct Keyed {
    /// See [`PreparedMail::provider_key`].
    pub provider_key: String,
    /// Its bytes.
    pub message: RawMessage,
}

impl PreparedMail {
    /// The SHA-256 of its bytes, which is the fingerprint of a mail that cannot be read; `None` where they were not read whole.
    pub(super) fn fingerprint_of_bytes(&self) -> Option<Vec<u8>> {
        let (pairs, rest) = self.provider_key.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        if pairs.len() == 32 && rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
    }
}

/// Gives mails the keys by which known ones are told, which costs little beside preparing them.
pub async fn key(cores: &Cores, messages: Vec<RawMessage>) -> Result<Vec<Keyed>> {
    cores.map(messages, Keyed::of).await
}

impl Keyed {
    fn of(message: RawMessage) -> Self {
        let provider_key = match &message {
            RawMessage::Whole(raw) => hexadecimal(&Sha256::digest(raw)),
            RawMessage::TooLarge { head, size } => {
                format!("too-large:{}", hexadecimal(&fingerprint_of_head(&header_lines(head), *size)))
            }
        };
        Self { provider_key, message }
    }
}

/// Prepares mails, on every core. The servers in `authserv_ids` are believed when they judge a sender.
pub async fn prepare(cores: &Cores, mails: Vec<Keyed>, authserv_ids: &[String]) -> Result<Vec<PreparedMail>> {
    let authserv_ids: Arc<[String]> = authserv_ids.into();
    let prepared = cores.map(mails, move |mail| prepare_one(mail, &authserv_ids)).await?;
    prepared.into_iter().collect()
}

/// Prepares mails without a look inside: what is read of them has ended the program before.
pub async fn set_aside(cores: &Cores, mails: Vec<Keyed>) -> Result<Vec<PreparedMail>> {
    cores.map(mails, set_aside_one).await?.into_iter().collect()
}

fn set_aside_one(mail: Keyed) -> Result<PreparedMail> {
    let Keyed { provider_key, message } = mail;
    let (fingerprint, size_bytes, content) = match message {
        RawMessage::Whole(raw) => {
            let content = Content::Unreadable { source: compress(&raw)? };
            (Sha256::digest(&raw).into(), u64::try_from(raw.len()).unwrap_or(u64::MAX), content)
        }
        RawMessage::TooLarge { head, size } => {
            (fingerprint_of_head(&header_lines(&head), size), size, Content::TooLarge)
        }
    };
    let size_bytes = i32::try_from(size_bytes).unwrap_or(i32::MAX);
    let headers = Headers::default();
    Ok(PreparedMail { fingerprint, provider_key, headers, size_bytes, finding: unjudged(), content })
}

fn prepare_one(mail: Keyed, authserv_ids: &[String]) -> Result<PreparedMail> {
    let Keyed { provider_key, message } = mail;
    match message {
        RawMessage::Whole(raw) => prepare_whole(provider_key, &raw, authserv_ids),
        RawMessage::TooLarge { head, size } => Ok(prepare_too_large(provider_key, &head, size, authserv_ids)),
    }
}

fn prepare_whole(provider_key: String, raw: &[u8], authserv_ids: &[String]) -> Result<PreparedMail> {
    let source = compress(raw)?;
    // One mail that breaks the code for reading mails must not keep out the thousands behind it.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let message = parse(raw);
        (fingerprint(raw), Headers::new(&message, received_at(raw)), judge(raw, authserv_ids), message.text)
    }));
    let (fingerprint, headers, finding, content) = match read {
        Ok((fingerprint, headers, finding, text)) => {
            (fingerprint, headers, finding, Content::Kept { source, text: text.replace('\0', "") })
        }
        Err(_) => {
            (Sha256::digest(raw).into(), Headers::default(), unjudged(), Content::Unreadable { source })
        }
    };
    let size_bytes = i32::try_from(raw.len()).unwrap_or(i32::MAX);
    Ok(PreparedMail { fingerprint, provider_key, headers, size_bytes, finding, content })
}

/// Of a mail beyond the limit only the head was read. Its fingerprint is the SHA-256 over a mark, the header lines with LF line
/// ends and the size, each preceded by its length: the same file read again is the same mail. It cannot equal that of the
/// whole mail, so one that is read under a higher limit later becomes a row of its own.
fn fingerprint_of_head(lines: &[u8], size: u64) -> [u8; 32] {
    let mut digest = Sha256::new();
    for component in [b"too large".as_slice(), lines, &size.to_be_bytes()] {
        digest.update(u64::try_from(component.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(component);
    }
    digest.finalize().into()
}

fn prepare_too_large(provider_key: String, head: &[u8], size: u64, authserv_ids: &[String]) -> PreparedMail {
    let lines = header_lines(head);
    let fingerprint = fingerprint_of_head(&lines, size);
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
        (Headers::new(&parse(&lines), received_at(&lines)), judge(&lines, authserv_ids))
    }));
    let (headers, finding) = read.unwrap_or_else(|_| (Headers::default(), unjudged()));
    let size_bytes = i32::try_from(size).unwrap_or(i32::MAX);
    PreparedMail { fingerprint, provider_key, headers, size_bytes, finding, content: Content::TooLarge }
}

impl Headers {
    fn new(message: &Message, received_at: Option<DateTime<Utc>>) -> Self {
        Self {
            message_id: cut(message.message_id.as_deref(), MESSAGE_ID_MAX),
            sent_at: message.sent_at,
            received_at,
            sender: cut(message.from_address.as_deref(), NAME_MAX),
            sender_name: cut(message.from_name.as_deref(), NAME_MAX),
            subject: cut(message.subject.as_deref(), SUBJECT_MAX),
        }
    }
}

/// The date that the last server on the way wrote. The ones below it were there when the mail came, and may say anything.
fn received_at(raw: &[u8]) -> Option<DateTime<Utc>> {
    let message = MessageParser::default().parse_headers(raw)?;
    let topmost = message.headers().iter().find(|header| header.name == HeaderName::Received)?;
    let HeaderValue::Received(received) = &topmost.value else { return None };
    let date = received.date.filter(mail_parser::DateTime::is_valid)?;
    Utc.timestamp_opt(date.to_timestamp(), 0).single()
}

/// The lines before the first empty one, with LF line ends.
fn header_lines(head: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines
}

fn unjudged() -> Finding {
    Finding { authenticity: Authenticity::Unverified, reason: "the mail cannot be read" }
}

fn cut(text: Option<&str>, most: usize) -> Option<String> {
    text.map(|text| text.chars().filter(|letter| *letter != '\0').take(most).collect())
}

fn compress(raw: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(raw.len() / 2), Compression::default());
    let written = encoder.write_all(raw).and_then(|()| encoder.finish());
    written.map_err(|error| Error::internal("a mail cannot be compressed", error))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
#[path = "prepared_tests.rs"]
mod tests;
