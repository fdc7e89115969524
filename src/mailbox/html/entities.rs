//! Character references (`&euro;`, `&#8364;`, `&#x20ac;`) to the characters that they stand for, as browsers read them.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// No name is longer.
const LONGEST_NAME: usize = 31;
/// Names that may stand without a semicolon are shorter than the others.
const LONGEST_BARE_NAME: usize = 6;

/// The text with its references replaced.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    decode_as(text, false)
}

/// The same for an attribute's value, where `&copy=1` is part of an address and no sign.
pub(super) fn decode_attribute(text: &str) -> Cow<'_, str> {
    decode_as(text, true)
}

fn decode_as(text: &str, is_attribute: bool) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        rest = after;
        match reference(after, is_attribute) {
            Some((letters, length)) => {
                decoded.extend(letters.into_iter().flatten());
                rest = after.get(length..).unwrap_or_default();
            }
            None => decoded.push('&'),
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

type Letters = [Option<char>; 2];

/// What stands behind the `&`, and how many bytes of it belong to the reference.
fn reference(after: &str, is_attribute: bool) -> Option<(Letters, usize)> {
    match after.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => numeric(digits, 16, 2),
            None => numeric(number, 10, 1),
        },
        None => named(after, is_attribute),
    }
}

fn numeric(text: &str, base: u32, prefix: usize) -> Option<(Letters, usize)> {
    let length = text.bytes().take_while(|byte| char::from(*byte).is_digit(base)).count();
    let digits = text.get(..length).filter(|digits| !digits.is_empty())?;
    let semicolon = usize::from(text.get(length..).is_some_and(|rest| rest.starts_with(';')));
    // A number that is too long for the type is no character either.
    let number = u32::from_str_radix(digits, base).unwrap_or(u32::MAX);
    Some(([Some(letter(number)), None], prefix + length + semicolon))
}

/// The character of a number; old pages write those of Windows-1252 between 128 and 159.
fn letter(number: u32) -> char {
    let replaced = number.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(usize::try_from(at).ok()?));
    let letter = replaced.copied().flatten().or_else(|| char::from_u32(number));
    letter.filter(|letter| *letter != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The longest name that the text starts with.
fn named(after: &str, is_attribute: bool) -> Option<(Letters, usize)> {
    let run = after.bytes().take(LONGEST_NAME + 1).take_while(u8::is_ascii_alphanumeric).count();
    if after.get(run..)?.starts_with(';')
        && let Some(letters) = after.get(..=run).and_then(look_up)
    {
        return Some((letters, run + 1));
    }
    let mut lengths = (2..=run.min(LONGEST_BARE_NAME)).rev();
    let (letters, length) = lengths.find_map(|length| Some((look_up(after.get(..length)?)?, length)))?;
    let next = after.as_bytes().get(length);
    let goes_on = next.is_some_and(|byte| *byte == b'=' || byte.is_ascii_alphanumeric());
    (!(is_attribute && goes_on)).then_some((letters, length))
}

fn look_up(name: &str) -> Option<Letters> {
    // The table holds the beginnings of names, too, with nothing behind them.
    let (first, second) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)?;
    let second = Some(*second).filter(|second| *second != 0);
    Some([char::from_u32(*first), second.and_then(char::from_u32)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_browsers_read_them() {
        for (text, wanted) in [
            ("&euro;12&nbsp;&#8364;&#x20AC;&#128;", "€12\u{a0}€€€"),
            ("a && b &; &unheard; &#; &#x; &", "a && b &; &unheard; &#; &#x; &"),
            ("&notit; &notin; &ampamp &lt3", "¬it; ∉ &amp <3"),
            ("&#0;&#xd800;&#99999999999999999999;", "\u{fffd}\u{fffd}\u{fffd}"),
            ("&CounterClockwiseContourIntegral;&fjlig;", "∳fj"),
        ] {
            assert_eq!(decode(text), wanted, "{text}");
        }
        assert_eq!(decode_attribute("?a=1&copy=2&reg;&lt"), "?a=1&copy=2®<");
    }

    #[test]
    fn no_name_is_longer_than_what_is_looked_at() {
        let complete = NAMED_ENTITIES.entries().filter(|(_, (first, _))| *first != 0);
        for (name, _) in complete {
            let most = if name.ends_with(';') { LONGEST_NAME + 1 } else { LONGEST_BARE_NAME };
            assert!((2..=most).contains(&name.len()), "{name}");
        }
    }
}
