//! Every amount of money in a text, with its currency, its sign and the part that it plays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::currency::{self, Hints, Token};
use super::fold::Folded;
use super::lexicon::{Class, Cue};
use super::number::{self, Notation};
use super::pattern::compiled;
use super::region;
use super::sides::Sides;
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
    /// What was taken from the account for an amount in another currency.
    Billed,
    /// What the merchant charged in another currency.
    Original,
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
pub(super) fn candidates(
    folded: &Folded,
    taken: &[Range<usize>],
    cues: &[Cue],
    hints: &Hints,
) -> Vec<Candidate> {
    let text = folded.text.as_str();
    let blanked = blanked(text, taken);
    let mut found: Vec<Candidate> = Vec::new();
    let mut consumed = 0;
    for hit in NUMBER.find_iter(&blanked).filter_map(|hit| whole_number(&blanked, hit.range())) {
        let number = blanked.get(hit.clone()).unwrap_or_default();
        let sides = Sides::around(&blanked, hit.clone(), consumed);
        let has_cents = has_cents(number);
        let is_bare = sides.token.is_none() && !has_cents && hit.len() > 1;
        let after = blanked.get(hit.end..).unwrap_or_default();
        let is_numbering = is_bare && (number.starts_with('0') || after.starts_with('-'));
        if sides.is_inside_a_word || is_numbering {
            continue;
        }
        consumed = sides.token.as_ref().map_or(hit.end, |(_, range)| range.end.max(hit.end));
        let (unit, place) =
            sides.token.map_or((None, hit.start..hit.start), |(word, range)| (Some(word), range));
        let unit = unit.map(|word| as_written(word, folded, &place, has_cents || hit.len() > 2));
        found.push(Candidate {
            range: hit,
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
    resolve(&mut found, text, &blanked, hints);
    assign_roles(&mut found, folded, cues);
    found
}

/// A number without the full stop of the word before it: `rs.18,440.75` is no `.18`.
fn whole_number(text: &str, hit: Range<usize>) -> Option<Range<usize>> {
    let number = text.get(hit.clone())?;
    if !number.starts_with(['.', ',']) {
        return Some(hit);
    }
    let follows_word = text.get(..hit.start)?.ends_with(char::is_alphabetic);
    let rest = text.get(hit.start + 1..)?;
    let whole = NUMBER.find(rest).filter(|found| found.start() == 0)?;
    let goes_on = whole.len() + 1 > hit.len();
    Some(if follows_word || goes_on { hit.start + 1..hit.start + 1 + whole.len() } else { hit })
}

/// A code that is also an ordinary word is a currency where it is written in capitals, in a mail that is not all capitals.
fn as_written(word: Token, folded: &Folded, place: &Range<usize>, is_money: bool) -> Token {
    let is_code = word.is_local && word.candidates.len() == 1 && place.len() == 3;
    let is_meant = is_code && is_money && folded.is_in_capitals(place) && !folded.is_all_capitals();
    Token { is_local: word.is_local && !is_meant, ..word }
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

fn resolve(found: &mut [Candidate], whole: &str, text: &str, hints: &Hints) {
    let stated = stated(found);
    let spoken_of = |choices: &[Currency]| region::currency(whole, choices, hints.writes_month_first);
    let has_dots = DOT_THOUSANDS.is_match(text);
    let has_commas = COMMA_DECIMALS.is_match(text);
    for candidate in found.iter_mut() {
        candidate.currency =
            candidate.token.as_ref().and_then(|token| hints.resolve(token, &stated, spoken_of));
        if candidate.token.as_ref().is_some_and(|token| token.is_local) && candidate.currency.is_none() {
            candidate.token = None;
        }
        let likely = candidate.currency.or(hints.default);
        let notation = Notation {
            exponent: likely.map(|currency| currency.exponent()),
            has_dot_thousands: has_dots
                || hints.has_dot_thousands
                || likely.is_some_and(currency::has_dot_thousands) && !DOT_DECIMALS.is_match(text),
            has_comma_decimals: has_commas
                || likely.is_some_and(|currency| COMMA_DINARS.contains(&currency.code())),
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
fn assign_roles(found: &mut [Candidate], folded: &Folded, cues: &[Cue]) {
    let text = folded.text.as_str();
    let mut from = 0;
    for candidate in found.iter_mut() {
        let start = candidate.range.start.min(if candidate.token.is_some() {
            candidate.token_range.start
        } else {
            usize::MAX
        });
        let end = candidate.range.end.max(candidate.token_range.end);
        let role = announced_role(candidate, folded, cues, from..start);
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
        let is_left = cues
            .iter()
            .any(|cue| cue.class == Class::BalanceBehind && cue.start >= end && cue.start <= end + 2);
        if is_left && candidate.role != Role::Other {
            candidate.role = Role::Balance;
        }
        if is_counted && candidate.token.is_none() {
            candidate.role = Role::Other;
        }
        if candidate.token.is_some() || candidate.has_cents || candidate.sign.is_some() {
            from = end;
        }
    }
}

/// The role that the nearest telling word in a stretch before an amount gives it.
fn announced_role(
    candidate: &Candidate,
    folded: &Folded,
    cues: &[Cue],
    stretch: Range<usize>,
) -> Option<Role> {
    let start = stretch.end;
    let reach = |cue: &&Cue| cue.end <= start && cue.start >= stretch.start && start - cue.end < REACH;
    for cue in cues.iter().rev().filter(reach) {
        let between = folded.text.get(cue.end..start).unwrap_or_default();
        if between.contains("\n\n\n") {
            return None;
        }
        // What stands in brackets behind a label explains the label: `Total (VAT included)`.
        let is_aside =
            between.find(')').is_some_and(|end| !between.get(..end).is_some_and(|inner| inner.contains('(')));
        let is_heading = matches!(cue.class, Class::Balance | Class::Limit | Class::Fee)
            && folded.is_subject(cue.start)
            && !folded.is_subject(start);
        if is_aside || is_heading {
            continue;
        }
        if let Some(found) = role_of(cue, between, candidate.token.is_some()) {
            return Some(found);
        }
    }
    None
}

fn role_of(cue: &Cue, between: &str, has_token: bool) -> Option<Role> {
    Some(match cue.class {
        Class::Balance => Role::Balance,
        Class::Limit if between.chars().count() < 25 => Role::Limit,
        Class::Fee if between.chars().count() < 25 => Role::Fee,
        Class::Due if between.chars().count() < 25 => Role::Plain,
        Class::Billed => Role::Billed,
        Class::Original => Role::Original,
        Class::Rate if between.chars().count() < 25 => Role::Other,
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

/// Currencies of three decimals in whose countries the decimals stand behind a comma.
const COMMA_DINARS: [&str; 2] = ["TND", "LYD"];

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\d{1,3}(?: \d{3})+(?:[.,]\d{1,3}\b)?|\d[\d.,']*\d|\d|[.,]\d{2}\b"));
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
