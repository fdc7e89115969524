//! The parts of a mail, one after the other: RFC 2046, sections 5.1 and 5.2.
//!
//! mail-parser reads the heads and knows the charsets. The walk over the parts is ours: its own holds every part decoded, looks
//! for the boundaries of broken mails time and again, and takes a stack frame for every mail within a mail, so one mail of a
//! few megabytes could take the process with it. Here nothing is decoded that nobody asks for, each byte is passed once
//! for each multipart around it, and there are at most [`DEEPEST`] of those.

use std::borrow::Cow;

use mail_parser::{ContentType, MimeHeaders};

use super::transfer;

mod charset;
mod head;

/// Multiparts around a part. A deeper one counts as text.
const DEEPEST: usize = 20;

/// The fields of a mail that somebody reads, the first of each name, cut to a length that no honest one has. None where it has
/// none of them.
pub(super) fn headers(raw: &[u8]) -> Option<mail_parser::Message<'static>> {
    head::of_mail(raw).parsed(head::LONGEST_FIELD)
}

/// True when a mail has a header of one of those names, whatever their case.
pub(super) fn has_any_header(raw: &[u8], names: &[&str]) -> bool {
    head::of_mail(raw).has_any(names)
}

/// The parts of a mail that hold no further ones, in order. A mail without multiparts is one part.
pub(super) fn leaves(raw: &[u8]) -> Leaves<'_> {
    Leaves { whole: Some(Part::of_mail(raw)), open: Vec::new() }
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
    headers: Option<mail_parser::Message<'static>>,
    /// What stands behind its head, as it was sent.
    pub(super) body: &'a [u8],
    container: Container,
    /// It is what its container is about: the first text of a related one, the first part of any other.
    is_root: bool,
}

impl<'a> Part<'a> {
    fn of_mail(raw: &'a [u8]) -> Self {
        let head = head::of_mail(raw);
        let headers = head.parsed(head::LONGEST_FIELD);
        Self { headers, body: head.body, container: Container::Mail, is_root: true }
    }

    fn of(raw: &'a [u8], container: Container) -> Self {
        let head = head::of_part(raw);
        let headers = head.parsed(head::LONGEST_PART_FIELD);
        Self { headers, body: head.body, container, is_root: false }
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
        let shown = self.form()?;
        let disposition = self.headers.as_ref().and_then(|headers| headers.content_disposition());
        let is_attached = disposition.is_some_and(ContentType::is_attachment);
        let is_inline = disposition.is_some_and(ContentType::is_inline);
        let has_name = self.content_type().is_some_and(|kind| kind.has_attribute("name"));
        let is_shown = match self.container {
            // There is nothing else that could be shown.
            Container::Mail | Container::Alternative => true,
            Container::Related => !is_attached && (self.is_root || is_inline),
            Container::Mixed | Container::Digest => !is_attached && (self.is_root || is_inline || !has_name),
        };
        is_shown.then_some(shown)
    }

    /// How it could be shown. Calendars, contacts, tables and the heads of bounced mails are text that is no text of the mail.
    fn form(&self) -> Option<Shown> {
        let media_type = self.media_type();
        match media_type.split_once('/').unwrap_or_default() {
            ("text", "html") => Some(Shown::Html),
            // A multipart whose boundary is not there is shown as the text that it is.
            ("text", "plain" | "enriched" | "richtext" | "") | ("multipart", _) => Some(Shown::Plain),
            _ => None,
        }
    }

    /// True when the mail says that another one did not arrive: what was in that one did not happen again.
    pub(super) fn is_report(&self) -> bool {
        self.media_type() == "message/delivery-status"
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
        charset::text(&self.decoded(), self.charset(), self.form() == Some(Shown::Html))
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
        Some(Multipart { boundary: boundary.into(), container, has_root: false, rest: first.rest })
    }
}

/// A multipart whose parts are being gone through.
struct Multipart<'a> {
    boundary: Vec<u8>,
    container: Container,
    /// The part that it is about has come.
    has_root: bool,
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
        let mut part = Part::of(raw, self.container);
        // A related one is about its text: some programs put the pictures first.
        part.is_root = !self.has_root && (self.container != Container::Related || part.form().is_some());
        self.has_root |= part.is_root;
        Some(part)
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
