//! What stands at both sides of a number: a currency, a sign, or the rest of a word that the number belongs to.

use std::ops::Range;

use super::currency::{self, Token};
use super::lexicon::writes_no_spaces;
use crate::extraction::draft::Direction;

/// What stands at both sides of a number.
pub(super) struct Sides {
    /// The currency, and where it stands.
    pub token: Option<(Token, Range<usize>)>,
    /// What a plus, a minus, CR or DR says.
    pub sign: Option<Direction>,
    /// The number is part of a word, of a telephone number or of an id.
    pub is_inside_a_word: bool,
}

impl Sides {
    /// Looks around a number; what lies before `consumed` belongs to the number before it.
    pub(super) fn around(text: &str, number: Range<usize>, consumed: usize) -> Self {
        let head = text.get(consumed.min(number.start)..number.start).unwrap_or_default();
        let tail = text.get(number.end..).unwrap_or_default();
        let (inner_sign, unsigned) = trailing_sign(head);
        let left = last_token(unsigned).map(|(token, length)| {
            let end = number.start - (head.len() - unsigned.len());
            (token, end - length..end)
        });
        let outer = left
            .as_ref()
            .map(|(_, range)| text.get(consumed.min(range.start)..range.start).unwrap_or_default());
        let outer_sign = outer.and_then(|outer| trailing_sign(outer).0);
        let right = if left.is_some() { None } else { first_token(tail, number.end) };
        let after = right.as_ref().map_or(number.end, |(_, range)| range.end);
        let is_hyphenated = is_hyphenated(text, &number);
        let touches_left = left.is_none()
            && head.chars().next_back().is_some_and(|last| {
                (last.is_alphanumeric() && (last.is_ascii() || !last.is_alphabetic()))
                    || matches!(last, '*' | '#' | '_' | '\u{1}')
            });
        let touches_right = right.is_none()
            && tail.chars().next().is_some_and(|next| {
                (next.is_alphanumeric() && (next.is_ascii() || !next.is_alphabetic()))
                    || matches!(next, '*' | '_' | '/' | '\u{1}')
            });
        let has_token = left.is_some() || right.is_some();
        let code = left.as_ref().and_then(|(shared, _)| explicit_code(shared, tail, number.end));
        Self {
            token: code.or(left).or(right),
            sign: inner_sign
                .filter(|_| !is_hyphenated)
                .or(outer_sign)
                .or_else(|| trailing_mark(text.get(after..).unwrap_or_default())),
            is_inside_a_word: touches_left || touches_right || (is_hyphenated && !has_token),
        }
    }
}

/// The code behind an amount that says which of the currencies of a shared sign before it is meant: `$20.900 COP`.
fn explicit_code(shared: &Token, tail: &str, base: usize) -> Option<(Token, Range<usize>)> {
    let (code, range) = first_token(tail, base)?;
    let is_one = code.candidates.len() == 1 && !code.is_local && shared.candidates.len() > 1;
    (is_one && code.candidates.iter().all(|one| shared.candidates.contains(one))).then_some((code, range))
}

/// True for a number that a hyphen ties to other letters or digits, as in telephone numbers and names.
fn is_hyphenated(text: &str, number: &Range<usize>) -> bool {
    let mut before = text.get(..number.start).unwrap_or_default().chars().rev();
    let mut after = text.get(number.end..).unwrap_or_default().chars();
    let is_tied = |first: Option<char>, second: Option<char>| {
        first == Some('-') && second.is_some_and(|letter| letter.is_alphanumeric() || letter == '\u{1}')
    };
    is_tied(before.next(), before.next()) || is_tied(after.next(), after.next())
}

/// A plus or minus at the end of a text, and the text without it and the spaces around it.
fn trailing_sign(head: &str) -> (Option<Direction>, &str) {
    let trimmed = head.trim_end_matches([' ', '(']);
    let sign = match trimmed.chars().next_back() {
        Some('-') => Direction::Out,
        Some('+') => Direction::In,
        _ => return (None, trimmed),
    };
    let rest = trimmed.get(..trimmed.len() - 1).unwrap_or_default();
    let is_apart = trimmed.len() < head.len();
    let before = rest.trim_end().chars().next_back();
    let is_dash = before.is_some_and(char::is_alphanumeric) && (is_apart || !rest.ends_with(' '));
    ((!is_dash).then_some(sign), rest.trim_end_matches(' '))
}

/// A minus behind an amount, or CR and DR.
fn trailing_mark(tail: &str) -> Option<Direction> {
    let rest = tail.trim_start_matches(' ');
    let word: String = rest.chars().take_while(|letter| letter.is_alphanumeric()).collect();
    match word.as_str() {
        "dr" => Some(Direction::Out),
        "cr" => Some(Direction::In),
        _ if tail.starts_with('-') && tail.chars().nth(1).is_none_or(char::is_whitespace) => {
            Some(Direction::Out)
        }
        _ => None,
    }
}

fn is_token_char(letter: char) -> bool {
    letter.is_alphabetic() || is_sign(letter) || matches!(letter, '.' | '"' | '/' | '\'')
}

fn is_sign(letter: char) -> bool {
    letter == '$'
        || matches!(u32::from(letter), 0xa2..=0xa5 | 0x9f2 | 0x9f3 | 0xaf1 | 0xbf9 | 0x20a0..=0x20cf | 0x60b | 0xe3f | 0x17db | 0xfdfc | 0x58f)
}

/// The currency at the end of a text, and its length.
fn last_token(head: &str) -> Option<(Token, usize)> {
    let head = head.trim_end_matches('(').trim_end_matches(' ');
    let run: Vec<(usize, char)> =
        head.char_indices().rev().take_while(|(_, letter)| is_token_char(*letter)).take(14).collect();
    let mut previous: Option<char> = head.get(..run.last()?.0).and_then(|rest| rest.chars().next_back());
    for (at, letter) in run.iter().rev() {
        let may_start = previous.is_none_or(|before| {
            !before.is_alphabetic()
                || is_sign(*letter)
                || before.is_ascii() != letter.is_ascii()
                || writes_no_spaces(*letter)
        });
        if may_start && let Some(token) = head.get(*at..).and_then(lookup) {
            return Some((token, head.len() - at));
        }
        previous = Some(*letter);
    }
    let words = head.rsplitn(3, ' ').take(2).map(str::len).sum::<usize>() + 1;
    let two = head.len().checked_sub(words).and_then(|at| head.get(at..))?;
    lookup(two).map(|token| (token, two.len()))
}

/// The currency at the start of a text that begins at `base`.
fn first_token(tail: &str, base: usize) -> Option<(Token, Range<usize>)> {
    let trimmed = tail.strip_prefix(',').filter(|rest| rest.starts_with(' ')).unwrap_or(tail);
    let trimmed = trimmed.strip_prefix('-').unwrap_or(trimmed);
    let content = trimmed.trim_start_matches([' ', '\n']);
    if trimmed.len() - content.len() > 3 {
        return None;
    }
    let start = base + (tail.len() - content.len());
    let end = content.find(|letter: char| !is_token_char(letter)).unwrap_or(content.len());
    let run = content.get(..end)?;
    let line = content.split('\n').next().unwrap_or_default();
    let ends = line.match_indices(' ').map(|(at, _)| at).chain(std::iter::once(line.len()));
    let two_words = ends.skip(1).find_map(|at| line.get(..at)).unwrap_or_default();
    let two_words = two_words.trim_end_matches(['.', ',', ';', ')']);
    let short = run.split(['.', '/']).next().unwrap_or_default();
    let sign = run
        .chars()
        .next()
        .filter(|letter| is_sign(*letter))
        .map(char::len_utf8)
        .and_then(|width| run.get(..width));
    let own_script =
        run.find(|letter: char| letter.is_ascii() != run.starts_with(|first: char| first.is_ascii()));
    let own_script = own_script.and_then(|at| run.get(..at)).unwrap_or_default();
    let known = [two_words, run, short, sign.unwrap_or_default(), own_script];
    let glued = GLUED.iter().map(|word| super::fold::fold(word)).find(|word| run.starts_with(word.as_str()));
    let glued = glued.unwrap_or_default();
    let word =
        known.into_iter().chain([glued.as_str()]).find(|word| !word.is_empty() && lookup(word).is_some())?;
    Some((lookup(word)?, start..start + word.len()))
}

/// Currency words that stand before other letters without a space.
const GLUED: [&str; 6] = ["円", "元", "원", "บาท", "₫", "€"];

fn lookup(word: &str) -> Option<Token> {
    let trimmed = word.trim_matches(['"', '\'', '/']);
    currency::token(word)
        .or_else(|| currency::token(trimmed))
        .or_else(|| currency::token(trimmed.trim_matches('.')))
}
