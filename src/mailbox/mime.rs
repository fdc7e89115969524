//! The parts of a mail, one after the other: RFC 2046, sections 5.1 and 5.2.
//!
//! mail-parser reads the heads and knows the charsets. The walk over the parts is ours: its own holds every part decoded, looks
//! for the boundaries of broken mails time and again, and takes a stack frame for every mail within a mail, so one mail of a
//! few megabytes could take the process with it. Here nothing is decoded that nobody asks for, each byte is passed once
//! for each multipart around it, and there are at most [`DEEPEST`] of those.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{ContentType, MessageParser, MimeHeaders};

use super::transfer;

/// Multiparts around a part. A deeper one counts as text.
const DEEPEST: usize = 20;
/// How much of a head is read, in bytes.
const LONGEST_HEAD: usize = 256 * 1024;

/// The headers of a mail. None where it has none at all.
pub(super) fn headers(raw: &[u8]) -> Option<mail_parser::Message<'_>> {
    let (head, _) = split(raw);
    MessageParser::default().parse_headers(head.get(..LONGEST_HEAD).unwrap_or(head))
}

/// The head and the body, which an empty line parts (RFC 5322, section 2.1). Without one, all of it is head.
fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    raw.split_at_checked(end).unwrap_or((raw, &[]))
}

/// The parts of a mail that hold no further ones, in order. A mail without multiparts is one part.
pub(super) fn leaves(raw: &[u8]) -> Leaves<'_> {
    Leaves { whole: Some(Part::read(raw, Container::Mail, true)), open: Vec::new() }
}

/// What a part is directly in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Mail,
    Mixed,
    Alternative,
    Related,
    Digest,
}

/// How a part is shown to who reads the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Plain,
    Html,
}

/// One part.
pub(super) struct Part<'a> {
    /// What mail-parser made of its head; `None` where it has none.
    headers: Option<mail_parser::Message<'a>>,
    /// What stands behind its head, as it was sent.
    pub(super) body: &'a [u8],
    container: Container,
    /// Nothing stands before it in what it is in.
    is_first: bool,
}

impl<'a> Part<'a> {
    fn read(raw: &'a [u8], container: Container, is_first: bool) -> Self {
        let headers = headers(raw);
        let (_, body) = split(raw);
        // A text that is nothing but lines without a colon has no head.
        let body = if headers.is_none() && body.is_empty() { raw } else { body };
        Self { headers, body, container, is_first }
    }

    fn content_type(&self) -> Option<&ContentType<'_>> {
        self.headers.as_ref()?.content_type()
    }

    /// Its type in lower case, like `text/plain`.
    pub(super) fn media_type(&self) -> String {
        match self.content_type() {
            Some(kind) => {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
            }
            None if self.container == Container::Digest => "message/rfc822".to_owned(),
            None => "text/plain".to_owned(),
        }
    }

    /// True when it is a mail in a mail.
    pub(super) fn is_mail(&self) -> bool {
        matches!(self.media_type().as_str(), "message/rfc822" | "message/global")
    }

    /// How it is shown; `None` for what a person has to open.
    pub(super) fn shown(&self) -> Option<Shown> {
        let media_type = self.media_type();
        let (kind, subtype) = media_type.split_once('/').unwrap_or_default();
        let shown = match (kind, subtype) {
            ("text", "html") => Shown::Html,
            // A multipart whose boundary is not there is shown as the text that it is.
            ("text" | "multipart", _) => Shown::Plain,
            _ => return None,
        };
        if self.container == Container::Alternative {
            return matches!(subtype, "plain" | "html").then_some(shown);
        }
        let disposition = self.headers.as_ref().and_then(|headers| headers.content_disposition());
        let is_attached = disposition.is_some_and(ContentType::is_attachment);
        let has_name = self.content_type().is_some_and(|kind| kind.has_attribute("name"));
        let is_inline = self.is_first || !(has_name || self.container == Container::Related);
        (is_inline && !is_attached).then_some(shown)
    }

    /// The body without its transfer encoding.
    pub(super) fn decoded(&self) -> Cow<'a, [u8]> {
        let encoding = self.headers.as_ref().and_then(|headers| headers.content_transfer_encoding());
        transfer::decode(encoding.unwrap_or_default(), self.body)
    }

    /// The name of the charset that it says it is in.
    pub(super) fn charset(&self) -> Option<&str> {
        self.content_type()?.attribute("charset")
    }

    /// The decoded body as text. What its charset does not know comes out as U+FFFD.
    pub(super) fn text(&self) -> String {
        let bytes = self.decoded();
        match self.charset().and_then(|charset| charset_decoder(charset.as_bytes())) {
            Some(decode) => decode(&bytes),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Its parts, when it is a multipart and has any.
    fn open(&self) -> Option<Multipart<'a>> {
        let kind = self.content_type().filter(|kind| kind.ctype().eq_ignore_ascii_case("multipart"))?;
        let boundary = kind.attribute("boundary")?.trim_end();
        if boundary.is_empty() {
            return None;
        }
        let first = delimiter(self.body, boundary.as_bytes())?;
        let container = match kind.subtype().unwrap_or_default().to_ascii_lowercase().as_str() {
            "alternative" => Container::Alternative,
            "related" => Container::Related,
            "digest" => Container::Digest,
            _ => Container::Mixed,
        };
        Some(Multipart { boundary: boundary.into(), container, is_first: true, rest: first.rest })
    }
}

/// A multipart whose parts are being gone through.
struct Multipart<'a> {
    boundary: Vec<u8>,
    container: Container,
    is_first: bool,
    /// What stands behind the last delimiter; `None` behind the one that ends it.
    rest: Option<&'a [u8]>,
}

impl<'a> Multipart<'a> {
    fn next(&mut self) -> Option<Part<'a>> {
        let rest = self.rest?;
        // One that is cut off ends with what there is.
        let (raw, rest) = match delimiter(rest, &self.boundary) {
            Some(found) => (found.before, found.rest),
            None => (rest, None),
        };
        self.rest = rest;
        Some(Part::read(raw, self.container, std::mem::take(&mut self.is_first)))
    }
}

/// A line of two hyphens and the boundary.
struct Delimiter<'a> {
    /// What stands before the line; its line break belongs to the delimiter.
    before: &'a [u8],
    /// What stands behind the line, unless it is the last one.
    rest: Option<&'a [u8]>,
}

fn delimiter<'a>(bytes: &'a [u8], boundary: &[u8]) -> Option<Delimiter<'a>> {
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        let behind = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        if let Some(behind) = behind {
            let (padding, is_last) = behind.strip_prefix(b"--").map_or((behind, false), |rest| (rest, true));
            if padding.trim_ascii().is_empty() {
                let before = bytes.get(..start)?;
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                let before = before.strip_suffix(b"\r").unwrap_or(before);
                return Some(Delimiter { before, rest: bytes.get(end..).filter(|_| !is_last) });
            }
        }
        start = end;
    }
    None
}

/// The parts that hold no further ones.
pub(super) struct Leaves<'a> {
    whole: Option<Part<'a>>,
    open: Vec<Multipart<'a>>,
}

impl<'a> Iterator for Leaves<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        loop {
            let next = self.whole.take().or_else(|| self.open.last_mut().and_then(Multipart::next));
            let Some(part) = next else {
                self.open.pop()?;
                continue;
            };
            match part.open().filter(|_| self.open.len() < DEEPEST) {
                Some(multipart) => self.open.push(multipart),
                None => return Some(part),
            }
        }
    }
}

#[cfg(test)]
#[path = "mime_tests.rs"]
mod tests;
