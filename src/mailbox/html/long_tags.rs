//! Tags that are too long for html5ever, which compares each attribute of a tag with all before it: of such a tag, most often
//! a picture that stands in the text, only its name is read.

use std::borrow::Cow;

/// The longest tag that is read as it stands, in bytes.
const LONGEST_TAG: usize = 4096;
/// The longest name that is left of a longer one.
const LONGEST_NAME: usize = 64;

/// The tag that `text` starts with, as it is read, and how long it is as it stands; `None` when it never ends.
pub(super) fn first_tag(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let length = length(text.as_bytes())?;
    let tag = text.get(..length)?;
    if length <= LONGEST_TAG {
        return Some((Cow::Borrowed(tag), length));
    }
    let is_name = |(at, letter): &(usize, char)| match letter {
        '/' => *at == 1,
        letter => *letter != '>' && !letter.is_ascii_whitespace(),
    };
    let name = tag.chars().take(LONGEST_NAME).enumerate().take_while(is_name).map(|(_, letter)| letter);
    Some((Cow::Owned(name.chain(['>']).collect()), length))
}

/// How far a tag goes, with its `>`. One that stands in a quoted value does not end it.
fn length(tag: &[u8]) -> Option<usize> {
    let next = |from: usize, is_wanted: fn(u8) -> bool| {
        let rest = tag.get(from..)?;
        Some(from + rest.iter().position(|byte| is_wanted(*byte))?)
    };
    let mut at = next("</".len(), |byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))?;
    loop {
        at = next(at, |byte| !byte.is_ascii_whitespace() && byte != b'/')?;
        if tag.get(at) == Some(&b'>') {
            return Some(at + 1);
        }
        // An equals sign in front belongs to the attribute's name.
        at = next(at + 1, |byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='))?;
        at = next(at, |byte| !byte.is_ascii_whitespace())?;
        if tag.get(at) != Some(&b'=') {
            continue;
        }
        at = next(at + 1, |byte| !byte.is_ascii_whitespace())?;
        at = match tag.get(at)? {
            b'"' => next(at + 1, |byte| byte == b'"')? + 1,
            b'\'' => next(at + 1, |byte| byte == b'\'')? + 1,
            _ => next(at, |byte| byte.is_ascii_whitespace() || byte == b'>')?,
        };
    }
}
