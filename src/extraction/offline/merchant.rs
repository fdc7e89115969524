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
    let by_word = || behind_word(around, true).or_else(|| before_word(around, true));
    match around.direction {
        Direction::Out => {
            labelled(around, Class::Merchant).or_else(|| labelled(around, Class::Payee)).or_else(by_word)
        }
        Direction::In => labelled(around, Class::Payer)
            .or_else(|| labelled(around, Class::Party))
            .or_else(by_word)
            .or_else(|| labelled(around, Class::Merchant)),
    }
}

/// What may be a name, where none is announced.
pub(super) fn likely(around: &Surroundings<'_>) -> Option<Range<usize>> {
    let by_word = || behind_word(around, false).or_else(|| before_word(around, false));
    labelled(around, Class::Memo).or_else(by_word).or_else(|| labelled(around, Class::Party))
}

/// The name that a label announces as the shop's, and no lesser word.
pub(super) fn labelled_shop(around: &Surroundings<'_>) -> Option<Range<usize>> {
    labelled(around, Class::Merchant)
}

/// What stands behind a label and a colon, or in the cell beside it.
fn labelled(around: &Surroundings<'_>, class: Class) -> Option<Range<usize>> {
    let is_memo = |cue: &Cue| {
        let own = |other: &Cue| other.class == Class::Memo && other.start == cue.start;
        class != Class::Memo && around.cues.iter().any(own)
    };
    around.cues.iter().filter(|cue| cue.class == class && !is_memo(cue)).find_map(|cue| {
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
///
/// `is_name` asks for what is written like a name: not with a small letter.
fn behind_word(around: &Surroundings<'_>, is_name: bool) -> Option<Range<usize>> {
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
            let found = is_apart.then(|| name(around, cue.end + spaces, false)).flatten();
            found.filter(|range| !is_name || !is_small(around, range.start))
        })
    })
}

/// True for a place with a small letter, in a mail whose letters come in two sizes.
fn is_small(around: &Surroundings<'_>, at: usize) -> bool {
    let letter = around.text.get(at..).and_then(|rest| rest.chars().next());
    let written = letter.map(|letter| around.folded.original(&(at..at + letter.len_utf8())));
    written.is_some_and(|letter| letter.starts_with(char::is_lowercase))
}

/// What stands before a word that names follow in other languages: `Lamp Shop sent you`, and most words of the East.
fn before_word(around: &Surroundings<'_>, is_name: bool) -> Option<Range<usize>> {
    around.cues.iter().filter(|cue| cue.class == Class::Before).find_map(|cue| {
        let head = around.text.get(..cue.start)?;
        let line = NAME_END.find_iter(head).last().map_or(0, |found| found.end());
        let taken = around.taken.iter().filter(|range| range.end <= cue.start).map(|range| range.end);
        let cues = around.cues.iter().filter(|other| other.end <= cue.start && !is_little(other.class));
        let start = taken.chain(cues.map(|other| other.end)).max().unwrap_or_default().max(line);
        let found = trimmed(around.text, without_small_words(around, start..cue.start))?;
        let found = capitalised_end(around, found);
        (!is_name || !is_small(around, found.start)).then_some(found)
    })
}

/// The words at the end of a piece from the last small one on.
fn capitalised_end(around: &Surroundings<'_>, piece: Range<usize>) -> Range<usize> {
    let words = around.text.get(piece.clone()).unwrap_or_default();
    let starts =
        words.match_indices(' ').map(|(at, _)| piece.start + at + 1).chain(std::iter::once(piece.start));
    let mut starts: Vec<usize> = starts.collect();
    starts.sort_unstable();
    let is_name = |at: &&usize| {
        !is_small(around, **at) && !around.text.get(**at..).is_some_and(|rest| rest.starts_with('\''))
    };
    let length = starts.iter().rev().take_while(is_name).count();
    starts.get(starts.len() - length).map_or(piece.clone(), |start| *start..piece.end)
}

fn is_little(class: Class) -> bool {
    matches!(
        class,
        Class::Stop
            | Class::At
            | Class::To
            | Class::From
            | Class::By
            | Class::For
            | Class::Own
            | Class::Article
    )
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
    let is_capitals = !around.folded.is_all_capitals();
    let is_in_name = |cue: &Cue| is_capitals && around.folded.is_in_capitals(&(start..cue.end));
    let stops = |cue: &&Cue| match cue.class {
        _ if is_in_name(cue) && cue.class.is_ordinary() => false,
        Class::Stop | Class::Before => !is_labelled && !joins_names(around, cue),
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
    if text.get(end..).is_some_and(|rest| rest.starts_with(" - ")) && is_explained(around, start..end) {
        // `Description: POS PURCHASE - Lamp Shop`
        return name(around, end + 3, is_labelled);
    }
    trimmed(text, start..end.max(start)).filter(|range| !is_id(text.get(range.clone()).unwrap_or_default()))
}

/// True for a piece that is nothing but words that say what happened.
fn is_explained(around: &Surroundings<'_>, piece: Range<usize>) -> bool {
    let words = around.text.get(piece.clone()).unwrap_or_default();
    let own = around.cues.iter().filter(|cue| cue.start >= piece.start && cue.end <= piece.end);
    let known: usize = own.map(|cue| cue.end - cue.start).sum();
    !words.trim().is_empty() && known + 2 >= words.trim().len()
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
    let is_small = |cue: &&Cue| is_little(cue.class);
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
