//! What a person typed: trimmed, within a bound, and without control characters.

use crate::error::{Code, Error, Result};

/// A line that has to be there, of at most `longest` characters. `field` is the input field that it came in.
pub fn line(field: &str, given: &str, longest: usize) -> Result<String> {
    let found = optional_line(field, Some(given), longest)?;
    found.ok_or_else(|| Error::rejected(field, Code::TooShort, "This cannot be empty."))
}

/// A line of at most `longest` characters; none when nothing is left of it.
pub fn optional_line(field: &str, given: Option<&str>, longest: usize) -> Result<Option<String>> {
    bounded(field, given, longest, |_| false)
}

/// Several lines of at most `longest` characters together; none when nothing is left of them.
pub fn optional_lines(field: &str, given: Option<&str>, longest: usize) -> Result<Option<String>> {
    bounded(field, given, longest, |character| matches!(character, '\n' | '\r' | '\t'))
}

fn bounded(
    field: &str,
    given: Option<&str>,
    longest: usize,
    is_allowed: impl Fn(char) -> bool,
) -> Result<Option<String>> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > longest {
        let message = format!("This has at most {longest} characters.");
        return Err(Error::rejected(field, Code::TooLong, message));
    }
    let is_unseen = |character: char| character.is_control() || is_turning(character);
    if text.chars().any(|character| is_unseen(character) && !is_allowed(character)) {
        return Err(Error::rejected(field, Code::Invalid, "This holds no control characters."));
    }
    Ok(Some(text.to_owned()))
}

/// True for what breaks a line or turns the text around it without being seen (Unicode Standard Annex 9, 2): in a mail or a list it
/// makes one thing look like another.
fn is_turning(character: char) -> bool {
    matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<impl std::fmt::Debug>) -> Code {
        match result.unwrap_err() {
            Error::Rejected { code, .. } => code,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("name", " Groceries ", 9).unwrap(), "Groceries");
        assert_eq!(line("name", "ÄÖÜ", 3).unwrap(), "ÄÖÜ");
        assert_eq!(code(line("name", "  ", 9)), Code::TooShort);
        assert_eq!(code(line("name", "Groceries", 8)), Code::TooLong);
        for hidden in ["a\nb", "a\u{202e}b", "a\u{2029}b", "a\u{2066}b"] {
            assert_eq!(code(line("name", hidden, 8)), Code::Invalid, "{hidden:?}");
        }
        assert_eq!(optional_line("name", Some(" "), 8).unwrap(), None);
    }

    #[test]
    fn several_lines_may_be_broken_and_hold_no_other_control_character() {
        assert_eq!(optional_lines("notes", Some("a\r\n\tb"), 8).unwrap().as_deref(), Some("a\r\n\tb"));
        assert_eq!(code(optional_lines("notes", Some("a\0b"), 8)), Code::Invalid);
    }
}
