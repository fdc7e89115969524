//! The head of a mail or of a part (RFC 5322, section 2.2), brought into a form in which mail-parser reads it quickly and
//! right: of the fields that somebody reads the first of each, of bounded length, with LF line ends.
//!
//! mail-parser looks for the end of each encoded word up to the end of its field, and for each parameter among all the others.

use mail_parser::MessageParser;

/// How much of a field of a mail is read, in bytes.
pub(super) const LONGEST_FIELD: usize = 4 * 1024;
/// The same for a part, of which a mail may have very many.
pub(super) const LONGEST_PART_FIELD: usize = 1024;

/// The fields that somebody reads, in lower case.
const READ: &[&str] = &[
    "authentication-results",
    "content-disposition",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "message-id",
    "received",
    "subject",
    "to",
];

/// A head, and what stands behind it.
pub(super) struct Head<'a> {
    fields: Vec<Field<'a>>,
    /// What stands behind the empty line; all of it where there is no head.
    pub(super) body: &'a [u8],
}

struct Field<'a> {
    name: &'a [u8],
    /// The field with its name and its folded lines, as it was sent.
    whole: &'a [u8],
}

/// The head of a mail. An empty line before it, and a mark of the byte order, are passed over.
pub(super) fn of_mail(raw: &[u8]) -> Head<'_> {
    let start = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let mut rest = start;
    while let Some(line) = rest.split_inclusive(|byte| *byte == b'\n').next().filter(|line| is_empty(line)) {
        rest = rest.get(line.len()..).unwrap_or_default();
    }
    let head = read(rest);
    if head.fields.is_empty() { read(start) } else { head }
}

/// The head of a part. Lines that only look like fields are none: a part without a head begins with an empty line, and some
/// senders forget it.
pub(super) fn of_part(raw: &[u8]) -> Head<'_> {
    let head = read(raw);
    let belongs = |field: &Field<'_>| {
        let name = field.name.to_ascii_lowercase();
        name.starts_with(b"content-") || name.starts_with(b"x-") || name.starts_with(b"mime-")
    };
    if head.fields.is_empty() || head.fields.iter().any(belongs) {
        head
    } else {
        Head { fields: Vec::new(), body: raw }
    }
}

fn read(raw: &[u8]) -> Head<'_> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut at = 0;
    let mut field_start = None;
    let mut has_end = false;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if is_empty(line) {
            at = end;
            has_end = true;
            break;
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            // A folded line belongs to what stands above it, whatever that is.
            if let (Some(start), Some(field)) = (field_start, fields.last_mut()) {
                field.whole = raw.get(start..end).unwrap_or_default();
            }
        } else if let Some(name) = field_name(line) {
            field_start = Some(at);
            fields.push(Field { name, whole: line });
        } else {
            field_start = None;
        }
        at = end;
    }
    // Without a field there is no head. An empty line in front of everything says so itself.
    let starts_empty = raw.split_inclusive(|byte| *byte == b'\n').next().is_some_and(is_empty);
    let body = if fields.is_empty() && !starts_empty {
        raw
    } else if has_end {
        raw.get(at..).unwrap_or_default()
    } else {
        &[]
    };
    Head { fields, body }
}

/// A line of nothing but its end; some programs double the carriage return.
fn is_empty(line: &[u8]) -> bool {
    line.strip_suffix(b"\n").is_some_and(|line| line.iter().all(|byte| *byte == b'\r'))
}

/// The name of a field: printable ASCII up to the colon, before which some senders put a space.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..end)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

impl Head<'_> {
    /// True when it has a field of one of those names.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        let is_one =
            |field: &Field<'_>| names.iter().any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()));
        self.fields.iter().any(is_one)
    }

    /// What mail-parser makes of it; `None` where it has no field that somebody reads.
    pub(super) fn parsed(&self, longest_field: usize) -> Option<mail_parser::Message<'static>> {
        let mut text = Vec::new();
        for name in READ {
            let named = |field: &&Field<'_>| field.name.eq_ignore_ascii_case(name.as_bytes());
            let Some(field) = self.fields.iter().find(named) else { continue };
            let field = field.whole.get(..longest_field).unwrap_or(field.whole).trim_ascii_end();
            text.extend(field.iter().filter(|byte| **byte != b'\r'));
            text.push(b'\n');
        }
        text.push(b'\n');
        MessageParser::default().parse_headers(&text).map(mail_parser::Message::into_owned)
    }
}
