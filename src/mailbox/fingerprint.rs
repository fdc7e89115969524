//! Which mail it is: the same message gives the same fingerprint, whatever way it came in. The function is frozen, because
//! stored fingerprints must go on matching: a test holds its output.

use mail_parser::{MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

/// SHA-256 over Message-ID, From address, Date and Subject, and over each leaf part in order: its lower-cased type and its
/// transfer-decoded bytes, with LF line ends and without trailing newlines. Every component is preceded by its length.
///
/// Headers are taken as they stand, unfolded; an absent one counts as empty. No charset is decoded.
pub fn fingerprint(raw: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let message = MessageParser::default().parse(raw);
    let headers = message.as_ref().map(|message| headers_of(message, raw)).unwrap_or_default();
    for name in ["message-id", "from", "date", "subject"] {
        let value = headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_slice());
        let value = value.unwrap_or_default();
        component(&mut digest, if name == "from" { address(value) } else { value.to_vec() }.as_slice());
    }
    match &message {
        Some(message) => {
            for part in message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_))) {
                component(&mut digest, media_type(part).as_bytes());
                component(&mut digest, &without_line_ends(&decoded(part, raw)));
            }
        }
        None => component(&mut digest, &without_line_ends(raw)),
    }
    digest.finalize().into()
}

/// Length first, so that no two lists of components can read the same.
fn component(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

fn headers_of(message: &mail_parser::Message<'_>, raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let headers = message.headers().iter();
    let read = |header: &mail_parser::Header<'_>| {
        let value = slice(raw, header.offset_start, header.offset_end);
        (header.name.as_str().to_ascii_lowercase(), unfolded(value))
    };
    headers.map(read).collect()
}

fn slice(raw: &[u8], start: u32, end: u32) -> &[u8] {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let end = usize::try_from(end).unwrap_or(usize::MAX).min(raw.len());
    raw.get(start..end).unwrap_or_default()
}

/// The value with every run of white space as one space, which undoes folding however it was done.
fn unfolded(value: &[u8]) -> Vec<u8> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// The address in angle brackets, or all of the value where there are none, in lower case.
fn address(value: &[u8]) -> Vec<u8> {
    let start = value.iter().rposition(|byte| *byte == b'<').map_or(0, |at| at + 1);
    let inner = value.get(start..).unwrap_or_default();
    let end = inner.iter().position(|byte| *byte == b'>').unwrap_or(inner.len());
    inner.iter().take(end).map(u8::to_ascii_lowercase).collect()
}

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "text/plain".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase(),
    )
}

fn decoded(part: &MessagePart<'_>, raw: &[u8]) -> Vec<u8> {
    let body = slice(raw, part.offset_body, part.offset_end);
    let encoding = part.content_transfer_encoding().unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body),
        _ => body.to_vec(),
    }
}

/// Takes what is of the alphabet and passes over the rest, up to the padding.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.extend(u8::try_from((bits >> count) & 0xff));
            bits &= (1 << count) - 1;
        }
    }
    decoded
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        let (content, is_soft) = match content.strip_suffix(b"=") {
            Some(content) => (content, true),
            None => (content, false),
        };
        unescape(content, &mut decoded);
        if !is_soft && line.ends_with(b"\n") {
            decoded.push(b'\n');
        }
    }
    decoded
}

/// Puts `=3D` and its like back; an equals sign without two hexadecimal digits stays as it is.
fn unescape(mut content: &[u8], decoded: &mut Vec<u8>) {
    while let Some((first, rest)) = content.split_first() {
        let escaped = (*first == b'=').then(|| rest.get(..2)).flatten();
        let value = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(value) = value.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            decoded.push(value);
            content = rest.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            content = rest;
        }
    }
}

fn without_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if !(*byte == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
            kept.push(*byte);
        }
    }
    let end = kept.iter().rposition(|byte| *byte != b'\n').map_or(0, |at| at + 1);
    kept.truncate(end);
    kept
}

#[cfg(test)]
#[path = "fingerprint_tests.rs"]
mod tests;
