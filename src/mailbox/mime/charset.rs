//! The bytes of a part to text, in the charset that it is in, which is not always the one that it says.

use mail_parser::decoders::charsets::map::charset_decoder;

/// How far into an HTML document its own word on its charset may stand, in bytes (HTML, "determining the character encoding").
const MARKUP_START: usize = 1024;

/// The text. What the charset does not know comes out as U+FFFD.
///
/// Bytes that nobody has named a charset for are UTF-8 when they can be, else what the document says, else windows-1252, which
/// mail programs wrote for decades without saying so. The same counts for bytes that are said to be UTF-8 and hold none of it.
pub(super) fn text(bytes: &[u8], declared: Option<&str>, is_html: bool) -> String {
    let declared = declared.map(|name| name.trim().to_ascii_lowercase());
    let is_telling =
        |name: &str| !matches!(name, "utf-8" | "utf8" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "");
    if let Some(name) = declared.as_deref().filter(|name| is_telling(name))
        && let Some(decode) = charset_decoder(name.as_bytes())
    {
        return decode(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if holds_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => {
            let own = if is_html { of_markup(bytes) } else { None };
            let decode = own.and_then(charset_decoder).or_else(|| charset_decoder(b"windows-1252"));
            decode.map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes))
        }
    }
}

/// True when some of it beyond ASCII is UTF-8, so that a few broken bytes are what they look like.
fn holds_utf8(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

/// What `<meta charset=…>` or `<meta … content="…; charset=…">` says.
fn of_markup(bytes: &[u8]) -> Option<&[u8]> {
    const WORD: &[u8] = b"charset=";
    let start = bytes.get(..MARKUP_START).unwrap_or(bytes);
    let at = start.windows(WORD.len()).position(|window| window.eq_ignore_ascii_case(WORD))?;
    let value = start.get(at + WORD.len()..)?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
    let end = value.iter().position(|byte| !is_part(byte)).unwrap_or(value.len());
    value.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_that_is_named_is_used() {
        assert_eq!(text(b"12 \xa3", Some("ISO-8859-1"), false), "12 £");
        assert_eq!(text(b"\x80", Some("windows-1252"), false), "€");
        assert_eq!(text("12 €".as_bytes(), Some("utf-8"), false), "12 €");
        assert_eq!(text("12 €".as_bytes(), Some("no-such-charset"), false), "12 €");
    }

    #[test]
    fn bytes_without_a_charset_are_what_they_can_be() {
        for declared in [None, Some("us-ascii"), Some("utf-8"), Some("no-such-charset"), Some("")] {
            assert_eq!(text("Café £12".as_bytes(), declared, false), "Café £12", "{declared:?}");
            assert_eq!(text(b"Caf\xe9 \xa312", declared, false), "Café £12", "{declared:?}");
            assert_eq!(text(b"\xc2\xa312 and \xff", declared, false), "£12 and \u{fffd}", "{declared:?}");
        }
    }

    #[test]
    fn a_document_names_its_own_charset() {
        let document = b"<html><meta charset=iso-8859-2><p>12 z\xb3";
        assert_eq!(text(document, None, true), "<html><meta charset=iso-8859-2><p>12 zł");
        let document = b"<META content='text/html; CHARSET=\"iso-8859-2\"'>z\xb3";
        assert!(text(document, Some("us-ascii"), true).ends_with("zł"));
        assert!(text(document, Some("iso-8859-1"), true).ends_with("z³"), "the mail's word counts more");
        assert!(text(document, None, false).ends_with("z³"), "a plain text has no markup");
    }
}
