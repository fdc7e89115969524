//! Which mail it is: the same message gives the same fingerprint, whatever way it came in. The function is frozen, because
//! stored fingerprints must go on matching: a test holds its output.

use sha2::{Digest, Sha256};

use super::mime;

/// SHA-256 over Message-ID, From address, Date and Subject, and over each leaf part in order: its lower-cased type and its
/// transfer-decoded bytes, with LF line ends and without trailing newlines. Every component is preceded by its length.
///
/// Headers are taken as they stand, unfolded; an absent one counts as empty. No charset is decoded.
pub fn fingerprint(raw: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let message = mime::headers(raw);
    let headers = message.as_ref().map(headers_of).unwrap_or_default();
    for name in ["message-id", "from", "date", "subject"] {
        let value = headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_slice());
        let value = value.unwrap_or_default();
        component(&mut digest, if name == "from" { address(value) } else { value.to_vec() }.as_slice());
    }
    if message.is_some() {
        for part in mime::leaves(raw) {
            component(&mut digest, part.media_type().as_bytes());
            component(&mut digest, &without_line_ends(&part.decoded()));
        }
    } else {
        component(&mut digest, &without_line_ends(raw));
    }
    digest.finalize().into()
}

/// Length first, so that no two lists of components can read the same.
fn component(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

fn headers_of(message: &mail_parser::Message<'_>) -> Vec<(String, Vec<u8>)> {
    let headers = message.headers().iter();
    let read = |header: &mail_parser::Header<'_>| {
        let value = slice(&message.raw_message, header.offset_start, header.offset_end);
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
