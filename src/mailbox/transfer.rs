//! Content-Transfer-Encoding undone (RFC 2045, section 6). What breaks the rules is passed over, never refused.

use std::borrow::Cow;

/// The bytes that were encoded. Another encoding than `base64` and `quoted-printable` leaves them as they are.
pub(super) fn decode<'a>(encoding: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
    let is_end = |letter: char| letter.is_whitespace() || matches!(letter, ';' | '(' | '"');
    let encoding = encoding.trim_start_matches(is_end).split(is_end).next().unwrap_or_default();
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => base64(body).into(),
        "quoted-printable" => quoted_printable(body).into(),
        _ => body.into(),
    }
}

/// Takes what is of the alphabet and passes over the rest. Behind the padding another piece may begin.
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
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
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
        // The conversion would take a sign for a digit.
        let escaped = escaped.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone() {
        assert_eq!(decode(" Base64\r\n", b"VG90\r\nYWw=")[..], *b"Total");
        assert_eq!(decode("base64", b"VG90YW")[..], *b"Tota");
        assert_eq!(decode("QUOTED-PRINTABLE", b"a=3D1 =\r\nb=zz  \n")[..], *b"a=1 b=zz\n");
        assert_eq!(decode("8bit", b"a=3D1")[..], *b"a=3D1");
        assert_eq!(decode("quoted-printable", b"EUR=+31.50=-1")[..], *b"EUR=+31.50=-1");
        assert_eq!(decode("base64", b"VG90YQ==\nbCAx\n")[..], *b"Total 1", "two pieces, each padded");
        for encoding in ["quoted-printable;", "\"quoted-printable\"", " quoted-printable (x)"] {
            assert_eq!(decode(encoding, b"=E2=82=AC")[..], *"€".as_bytes(), "{encoding}");
        }
        assert_eq!(decode("", b"")[..], *b"");
    }
}
