//! Where the money was spent, or who sent it: behind a label, behind a little word such as "at", or what is left over.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::fold::Folded;
use super::lexicon::{Class, Cue, small_words};
use super::pattern::compiled;
use crate::extraction::draft::Direction;

/// The places of a text that cannot be part of a name.
pub(super) struct Surroundings<'a> {
    /// The mail, for what its capitals say.
    pub folded: &'a Folded,
    /// The folded text, as far as the name may reach.
    pub text: &'a str,
    pub cues: &'a [Cue],
    /// Amounts, dates, times and masks, in order.
    pub taken: &'a [Range<usize>],
    /// Where the amount stands.
    pub amount: Range<usize>,
    pub direction: Direction,
}

/// The name of the other side, where a label or a little word announces it.
pub(super) fn announced(around: &Surroundings<'_>) -> Option<Range<usize>> {
    match around.direction {
        Direction::Out => labelled(around, Class::Merchant)
            .or_else(|| behind_word(around))
            .or_else(|| labelled(around, Class::Party)),
        Direction::In => labelled(around, Class::Party)
            .or_else(|| labelled(around, Class::Merchant))
            .or_else(|| behind_word(around)),
    }
}

/// What stands behind a label and a colon, or in the cell beside it.
fn labelled(around: &Surroundings<'_>, class: Class) -> Option<Range<usize>> {
    around.cues.iter().filter(|cue| cue.class == class).find_map(|cue| {
        let rest = around.text.get(cue.end..)?;
        let separator = LABEL_END.find(rest).map(|found| found.end()).or_else(|| {
            let is_label =
                around.text.get(..cue.start)?.trim_end_matches(' ').ends_with(['\n', ';', ',', '.'])
                    || cue.start == 0;
            (is_label && rest.starts_with(' ')).then_some(1)
        })?;
        name(around, cue.end + separator, true)
    })
}

/// What stands behind "at", "to" or "from", as the direction asks.
fn behind_word(around: &Surroundings<'_>) -> Option<Range<usize>> {
    let order = match around.direction {
        Direction::Out => [Class::At, Class::To, Class::For, Class::From],
        Direction::In => [Class::From, Class::By, Class::At, Class::For],
    };
    order.into_iter().find_map(|class| {
        let leads = |cue: &&Cue| {
            let ends_so = || around.text.get(cue.start..cue.end).is_some_and(|words| ends_with(words, class));
            cue.class == class || (cue.class.is_event() && ends_so())
        };
        around.cues.iter().filter(leads).find_map(|cue| {
            let rest = around.text.get(cue.end..)?;
            let spaces = rest.len() - rest.trim_start_matches([' ', ':', '\n']).len();
            let is_apart = spaces > 0 || rest.starts_with(|first: char| !first.is_ascii());
            is_apart.then(|| name(around, cue.end + spaces, false)).flatten()
        })
    })
}

/// True for a phrase such as "was authorised at", which ends with the little word itself.
fn ends_with(phrase: &str, class: Class) -> bool {
    let last = phrase.rsplit(' ').next().unwrap_or_default();
    last.len() < phrase.len() && small_words(class).contains(last)
}

/// The words from `start` to the next thing that ends a name; none when they are no name.
fn name(around: &Surroundings<'_>, start: usize, is_labelled: bool) -> Option<Range<usize>> {
    let text = around.text;
    let is_taken = |at: usize| around.taken.iter().any(|range| range.start <= at && at < range.end);
    if is_taken(start) {
        return None;
    }
    let rest = text.get(start..)?;
    let mut end = start + NAME_END.find(rest).map_or(rest.len(), |found| found.start());
    end = around
        .taken
        .iter()
        .map(|range| range.start)
        .filter(|at| *at > start)
        .min()
        .map_or(end, |at| at.min(end));
    let stops = |cue: &&Cue| match cue.class {
        Class::Stop => !is_labelled && !joins_names(around, cue),
        Class::Account | Class::OtherAccount | Class::Balance | Class::Reference | Class::Amount => true,
        Class::Date => !joins_names(around, cue),
        class => class.is_event() && !is_labelled && cue.sure >= 3,
    };
    let after_space = |cue: &&Cue| {
        let before = text.get(..cue.start).and_then(|head| head.chars().next_back());
        cue.start > start && before.is_none_or(|letter| !letter.is_alphanumeric() || !letter.is_ascii())
    };
    if let Some(cue) =
        around.cues.iter().filter(|cue| cue.start >= start && cue.start < end).filter(stops).find(after_space)
    {
        end = cue.start;
    }
    if around.cues.iter().any(|cue| {
        cue.start == start
            && matches!(
                cue.class,
                Class::Account
                    | Class::Stop
                    | Class::Own
                    | Class::Order
                    | Class::Receipt
                    | Class::Balance
                    | Class::Date
            )
            && !is_labelled
    }) {
        return None;
    }
    let is_article = |cue: &&Cue| cue.start == start && cue.class == Class::Article;
    let start = around.cues.iter().find(is_article).map_or(start, |article| article.end);
    let end = without_small_words(around, start..end).end;
    trimmed(text, start..end.max(start)).filter(|range| !is_id(text.get(range.clone()).unwrap_or_default()))
}

/// A lower-case word between two capitalised ones, as in `Casa del Sol`, is part of the name.
fn joins_names(around: &Surroundings<'_>, cue: &Cue) -> bool {
    let words = around.text.get(cue.start..cue.end).unwrap_or_default();
    let after = around.text.get(cue.end..).unwrap_or_default();
    let next = cue.end + (after.len() - after.trim_start_matches(' ').len());
    let letter = |at: usize| around.folded.original(&(at..at + 1)).chars().next();
    JOINTS.contains(&words)
        && next > cue.end
        && letter(cue.start).is_some_and(char::is_lowercase)
        && letter(next).is_some_and(char::is_uppercase)
        && !around.taken.iter().any(|range| range.start == next)
}

/// Little words that names are made with.
const JOINTS: [&str; 16] =
    ["de", "del", "des", "du", "di", "da", "do", "della", "la", "le", "of", "and", "the", "von", "van", "y"];

/// A single word with more digits than letters is a number of something.
fn is_id(name: &str) -> bool {
    let letters = name.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    !name.contains(' ') && digits > letters
}

/// A piece of a text without the signs at its edges; `None` when it is no name.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let words = text.get(range.clone())?;
    let is_edge = |letter: char| letter.is_whitespace() || ",;:-|/(<>@\"'#=*.\u{1}".contains(letter);
    let start = range.start + (words.len() - words.trim_start_matches(is_edge).len());
    let words = words.trim_matches(is_edge);
    let has_letters = words.chars().filter(|letter| letter.is_alphabetic()).count() >= 2;
    let is_short = words.chars().count() <= 60;
    (has_letters && is_short).then(|| start..start + words.len())
}

/// In a short alert: the first piece behind the amount that nothing else explains.
pub(super) fn left_over(around: &Surroundings<'_>) -> Option<Range<usize>> {
    if around.text.len() > LONGEST_ALERT {
        return None;
    }
    let mut walls: Vec<Range<usize>> = around.taken.to_vec();
    let explained = |cue: &&Cue| {
        !matches!(cue.class, Class::Stop | Class::At | Class::To | Class::From | Class::By | Class::For)
    };
    walls.extend(around.cues.iter().filter(explained).map(|cue| cue.start..cue.end));
    walls.extend(NAME_END.find_iter(around.text).map(|found| found.range()));
    walls.sort_unstable_by_key(|range| range.start);
    let mut at = around.amount.start;
    let mut pieces = Vec::new();
    for wall in walls.iter().filter(|wall| wall.end > around.amount.start) {
        pieces.extend((wall.start > at).then_some(at..wall.start));
        at = at.max(wall.end);
    }
    pieces.push(at..around.text.len());
    let names =
        pieces.into_iter().filter_map(|piece| trimmed(around.text, without_small_words(around, piece)));
    let first = names.filter(|range| range.len() >= 4).min_by_key(|range| range.start);
    first.filter(|range| range.start < around.amount.end + 80)
}

const LONGEST_ALERT: usize = 400;

/// A piece without the little words that it starts and ends with.
fn without_small_words(around: &Surroundings<'_>, piece: Range<usize>) -> Range<usize> {
    let is_blank = |range: Range<usize>| around.text.get(range).is_some_and(|gap| gap.trim().is_empty());
    let is_small = |cue: &&Cue| {
        matches!(cue.class, Class::Stop | Class::At | Class::To | Class::From | Class::By | Class::For)
    };
    let (mut start, mut end) = (piece.start, piece.end);
    for cue in around.cues.iter().filter(is_small) {
        if cue.start >= start && cue.end <= end && is_blank(start..cue.start) {
            start = cue.end;
        }
    }
    for cue in around.cues.iter().rev().filter(is_small) {
        if cue.start >= start && cue.end <= end && is_blank(cue.end..end) {
            end = cue.start;
        }
    }
    let words = around.text.get(start..end.max(start)).unwrap_or_default().trim_end();
    let last = words.rsplit(' ').next().unwrap_or_default();
    if JOINTS.contains(&last) && last.len() < words.len() {
        end = start + words.len() - last.len();
    }
    start..end.max(start)
}

static LABEL_END: LazyLock<Regex> = LazyLock::new(|| compiled(r"^[^\S\n]*(?:[:：=]|\s-)[^\S\n]*\n?"));
static NAME_END: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[\n;|║]|\.\s|\.$|, |\s{3,}|!|\?|║|\s-\s| \(|</"));
