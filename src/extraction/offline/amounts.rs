//! Every amount of money in a text, with its currency, its sign and the part that it plays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::currency::{self, Hints, Token};
use super::lexicon::{Class, Cue, writes_no_spaces};
use super::number::{self, Notation};
use super::pattern::compiled;
use crate::extraction::draft::Direction;
use crate::money::Currency;

/// The part that an amount plays, by the word that announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing announces it.
    Plain,
    /// A word such as "amount".
    Amount,
    /// A word such as "total".
    Total,
    /// A word that money moved, and how sure it is.
    Event(u8),
    /// Part of a total.
    Subtotal,
    /// What is left.
    Balance,
    /// A credit line or a threshold.
    Limit,
    /// A fee or a tax.
    Fee,
    /// No money.
    Other,
}

/// An amount found in a text.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The digits with their separators.
    pub range: Range<usize>,
    pub value: Decimal,
    /// The notation leaves no doubt about the value.
    pub is_certain: bool,
    pub token: Option<Token>,
    /// Where the token stands.
    pub token_range: Range<usize>,
    /// The currency, where token and hints leave no doubt.
    pub currency: Option<Currency>,
    /// What a printed sign or CR and DR say.
    pub sign: Option<Direction>,
    pub role: Role,
    pub has_cents: bool,
}

/// Every amount of a folded text in order; `taken` are the places that hold dates, masks and the like.
pub(super) fn candidates(text: &str, taken: &[Range<usize>], cues: &[Cue], hints: &Hints) -> Vec<Candidate> {
    let blanked = blanked(text, taken);
    let mut found: Vec<Candidate> = Vec::new();
    let mut consumed = 0;
    for hit in NUMBER.find_iter(&blanked) {
        let sides = Sides::around(&blanked, hit.range(), consumed);
        let has_cents = has_cents(hit.as_str());
        let is_bare = sides.token.is_none() && !has_cents && hit.len() > 1;
        let after = blanked.get(hit.end()..).unwrap_or_default();
        let is_numbering = is_bare && (hit.as_str().starts_with('0') || after.starts_with('-'));
        if sides.is_inside_a_word || is_numbering {
            continue;
        }
        consumed = sides.token.as_ref().map_or(hit.end(), |(_, range)| range.end.max(hit.end()));
        let (unit, place) =
            sides.token.map_or((None, hit.start()..hit.start()), |(word, range)| (Some(word), range));
        found.push(Candidate {
            range: hit.range(),
            value: Decimal::ZERO,
            is_certain: false,
            token: unit,
            token_range: place,
            currency: None,
            sign: sides.sign,
            role: Role::Plain,
            has_cents,
        });
    }
    resolve(&mut found, &blanked, hints);
    assign_roles(&mut found, text, cues);
    found
}

/// True for two digits behind the last separator.
fn has_cents(number: &str) -> bool {
    number.rsplit(['.', ',']).next().is_some_and(|cents| cents.len() == 2 && cents.len() < number.len())
}

/// The currencies that the candidates name without doubt.
fn stated(found: &[Candidate]) -> Vec<Currency> {
    let tokens =
        found.iter().filter_map(|candidate| candidate.token.as_ref()).filter(|token| !token.is_local);
    let sure = tokens.filter_map(|token| match token.candidates.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    sure.collect()
}

fn resolve(found: &mut [Candidate], text: &str, hints: &Hints) {
    let stated = stated(found);
    let has_dots = DOT_THOUSANDS.is_match(text);
    let has_commas = COMMA_DECIMALS.is_match(text);
    for candidate in found.iter_mut() {
        candidate.currency = candidate.token.as_ref().and_then(|token| hints.resolve(token, &stated));
        if candidate.token.as_ref().is_some_and(|token| token.is_local) && candidate.currency.is_none() {
            candidate.token = None;
        }
        let likely = candidate.currency.or(hints.default);
        let notation = Notation {
            exponent: likely.map(|currency| currency.exponent()),
            has_dot_thousands: has_dots
                || hints.has_dot_thousands
                || likely.is_some_and(currency::has_dot_thousands) && !DOT_DECIMALS.is_match(text),
            has_comma_decimals: has_commas,
        };
        let digits = text.get(candidate.range.clone()).unwrap_or_default();
        if let Some(number) = number::read(digits, notation) {
            candidate.value = number.value;
            candidate.is_certain = number.is_certain;
        } else {
            candidate.role = Role::Other;
        }
    }
}

/// The nearest word before an amount, back to the amount before it, says what the amount is.
fn assign_roles(found: &mut [Candidate], text: &str, cues: &[Cue]) {
    let mut from = 0;
    for candidate in found.iter_mut() {
        let start = candidate.range.start.min(if candidate.token.is_some() {
            candidate.token_range.start
        } else {
            usize::MAX
        });
        let end = candidate.range.end.max(candidate.token_range.end);
        let before =
            cues.iter().rev().filter(|cue| cue.end <= start && cue.start >= from && start - cue.end < REACH);
        let mut role = None;
        for cue in before {
            let between = text.get(cue.end..start).unwrap_or_default();
            if between.contains("\n\n\n") {
                break;
            }
            if let Some(found) = role_of(cue, between, candidate.token.is_some()) {
                role = Some(found);
                break;
            }
        }
        let is_counted =
            cues.iter().any(|cue| cue.class == Class::Points && cue.start >= end && cue.start <= end + 1);
        if candidate.role != Role::Other {
            candidate.role = role.unwrap_or(Role::Plain);
        }
        let is_limit =
            cues.iter().any(|cue| cue.class == Class::Limit && cue.start >= end && cue.start <= end + 12);
        let says_more = text
            .get(end..)
            .unwrap_or_default()
            .chars()
            .skip(12)
            .take(30)
            .any(|letter| letter.is_ascii_digit());
        if is_limit && !says_more && candidate.role == Role::Plain {
            candidate.role = Role::Limit;
        }
        if is_counted && candidate.token.is_none() {
            candidate.role = Role::Other;
        }
        if candidate.token.is_some() || candidate.has_cents || candidate.sign.is_some() {
            from = end;
        }
    }
}

fn role_of(cue: &Cue, between: &str, has_token: bool) -> Option<Role> {
    Some(match cue.class {
        Class::Balance => Role::Balance,
        Class::Limit if between.chars().count() < 25 => Role::Limit,
        Class::Fee if between.chars().count() < 25 => Role::Fee,
        Class::Amount => Role::Amount,
        Class::Total => Role::Total,
        Class::Subtotal => Role::Subtotal,
        Class::Account | Class::OtherAccount | Class::Reference if between.trim().len() < 3 && !has_token => {
            Role::Other
        }
        class if class.is_event() && (has_token || between.len() < 15) => Role::Event(cue.sure),
        _ => return None,
    })
}

/// How far before an amount a word may stand that announces it, in bytes.
const REACH: usize = 90;

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\d{1,3}(?: \d{3})+(?:[.,]\d{1,2}\b)?|\d[\d.,']*\d|\d|[.,]\d{2}\b"));
static DOT_THOUSANDS: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\d\.\d{3},\d{2}\b|\b\d{1,3}\.\d{3}\.\d{3}\b"));
static COMMA_DECIMALS: LazyLock<Regex> = LazyLock::new(|| compiled(r"\d,\d{2}\b(?:[^,.]|$)"));
static DOT_DECIMALS: LazyLock<Regex> = LazyLock::new(|| compiled(r"\d\.\d{2}\b(?:[^,.]|$)"));

fn blanked(text: &str, taken: &[Range<usize>]) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    for range in taken.iter().filter(|range| !range.is_empty()) {
        if range.start < at {
            continue;
        }
        blanked.push_str(text.get(at..range.start).unwrap_or_default());
        blanked.extend(std::iter::repeat_n('\u{1}', range.len()));
        at = range.end;
    }
    blanked.push_str(text.get(at..).unwrap_or_default());
    blanked
}

/// What stands at both sides of a number.
struct Sides {
    token: Option<(Token, Range<usize>)>,
    sign: Option<Direction>,
    is_inside_a_word: bool,
}

impl Sides {
    fn around(text: &str, number: Range<usize>, consumed: usize) -> Self {
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
        Self {
            token: left.or(right),
            sign: inner_sign
                .filter(|_| !is_hyphenated)
                .or(outer_sign)
                .or_else(|| trailing_mark(text.get(after..).unwrap_or_default())),
            is_inside_a_word: touches_left || touches_right || (is_hyphenated && !has_token),
        }
    }
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
        || matches!(u32::from(letter), 0xa2..=0xa5 | 0x20a0..=0x20cf | 0x60b | 0xe3f | 0x17db | 0xfdfc | 0x58f)
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
    let two_words =
        content.match_indices(' ').nth(1).and_then(|(at, _)| content.get(..at)).unwrap_or_default();
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
