//! Finds the words that say something about money, in every language of `data/lexicon.tsv` at once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::fold::fold;

/// What a phrase says. The numbered classes of the table carry how sure they make a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Spend,
    Payment,
    Cash,
    Debit,
    Out,
    Transfer,
    Authorised,
    Credit,
    Income,
    Refund,
    Reversal,
    ReversedCredit,
    Fee,
    Otp,
    Caution,
    Declined,
    If,
    Due,
    Request,
    Security,
    Marketing,
    Statement,
    Order,
    Receipt,
    Shipping,
    Subscription,
    Points,
    Several,
    Rate,
    Billed,
    Original,
    Amount,
    Total,
    Subtotal,
    Balance,
    Limit,
    Merchant,
    Party,
    Payee,
    Payer,
    Before,
    Memo,
    BalanceBehind,
    Guide,
    Date,
    Validity,
    Account,
    OtherAccount,
    AccountBehind,
    Reference,
    Stop,
    Own,
    Article,
    At,
    To,
    From,
    By,
    For,
}

impl Class {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "spend" => Self::Spend,
            "payment" => Self::Payment,
            "cash" => Self::Cash,
            "debit" => Self::Debit,
            "out" => Self::Out,
            "transfer" => Self::Transfer,
            "authorised" => Self::Authorised,
            "credit" => Self::Credit,
            "income" => Self::Income,
            "refund" => Self::Refund,
            "reversal" => Self::Reversal,
            "reversed_credit" => Self::ReversedCredit,
            "fee" => Self::Fee,
            "otp" => Self::Otp,
            "caution" => Self::Caution,
            "declined" => Self::Declined,
            "if" => Self::If,
            "due" => Self::Due,
            "request" => Self::Request,
            "security" => Self::Security,
            "marketing" => Self::Marketing,
            "statement" => Self::Statement,
            "order" => Self::Order,
            "receipt" => Self::Receipt,
            "shipping" => Self::Shipping,
            "subscription" => Self::Subscription,
            _ => return Self::parse_label(name),
        })
    }

    fn parse_label(name: &str) -> Option<Self> {
        Some(match name {
            "points" => Self::Points,
            "several" => Self::Several,
            "rate" => Self::Rate,
            "billed" => Self::Billed,
            "original" => Self::Original,
            "amount" => Self::Amount,
            "total" => Self::Total,
            "subtotal" => Self::Subtotal,
            "balance" => Self::Balance,
            "limit" => Self::Limit,
            "merchant" => Self::Merchant,
            "party" => Self::Party,
            "payee" => Self::Payee,
            "payer" => Self::Payer,
            "before" => Self::Before,
            "memo" => Self::Memo,
            "balance_behind" => Self::BalanceBehind,
            "guide" => Self::Guide,
            "date" => Self::Date,
            "validity" => Self::Validity,
            "account" => Self::Account,
            "other_account" => Self::OtherAccount,
            "account_behind" => Self::AccountBehind,
            "reference" => Self::Reference,
            "stop" => Self::Stop,
            "own" => Self::Own,
            "article" => Self::Article,
            "at" => Self::At,
            "to" => Self::To,
            "from" => Self::From,
            "by" => Self::By,
            "for" => Self::For,
            _ => return None,
        })
    }

    /// True for words that money moved.
    pub(super) fn is_event(self) -> bool {
        self.is_out() || self.is_in()
    }

    pub(super) fn is_out(self) -> bool {
        matches!(
            self,
            Self::Spend
                | Self::Payment
                | Self::Cash
                | Self::Debit
                | Self::Out
                | Self::Transfer
                | Self::Authorised
                | Self::ReversedCredit
        )
    }

    pub(super) fn is_in(self) -> bool {
        matches!(self, Self::Credit | Self::Income | Self::Refund | Self::Reversal)
    }

    /// True for words that also occur in names.
    pub(super) fn is_ordinary(self) -> bool {
        self.is_grammar() || self.is_event() || matches!(self, Self::Date | Self::Merchant | Self::Party)
    }

    /// True for little words that mean nothing in another language.
    fn is_grammar(self) -> bool {
        matches!(
            self,
            Self::Stop | Self::Own | Self::Article | Self::At | Self::To | Self::From | Self::By | Self::For
        )
    }
}

/// A phrase found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub class: Class,
    /// From 1, a word that may also mean nothing, to 3.
    pub sure: u8,
    pub start: usize,
    pub end: usize,
}

/// Every cue of a folded text, in order. Of overlapping phrases the first and longest counts.
pub(super) fn cues(text: &str) -> Vec<Cue> {
    let lexicon = &*LEXICON;
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for hit in lexicon.finder.find_overlapping_iter(text) {
        if let Some(phrase) = lexicon.phrases.get(hit.pattern().as_usize())
            && phrase.stands_alone(text, hit.start(), hit.end())
        {
            found.push((hit.start(), hit.end(), hit.pattern().as_usize()));
        }
    }
    found.sort_unstable_by_key(|(start, end, _)| (*start, usize::MAX - *end));
    let mut covered = 0;
    found.retain(|(start, end, _)| {
        let is_free = *start >= covered;
        if is_free {
            covered = *end;
        }
        is_free
    });
    lexicon.in_the_languages_of(&found)
}

/// The words of one class of little words, such as "at" in every language.
pub(super) fn small_words(class: Class) -> &'static HashSet<String> {
    static NONE: LazyLock<HashSet<String>> = LazyLock::new(HashSet::new);
    LEXICON.small_words.get(&class).unwrap_or(&NONE)
}

struct Meaning {
    class: Class,
    sure: u8,
    language: usize,
}

struct Phrase {
    meanings: Vec<Meaning>,
    is_open_left: bool,
    is_open_right: bool,
}

impl Phrase {
    fn stands_alone(&self, text: &str, start: usize, end: usize) -> bool {
        let (is_apart_left, is_apart_right) = apart(text, start, end);
        (self.is_open_left || is_apart_left) && (self.is_open_right || is_apart_right)
    }
}

/// True when no letter of the same word stands beside the place.
pub(super) fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    apart(text, start, end) == (true, true)
}

/// Whether a place is parted from the letters before and behind it.
fn apart(text: &str, start: usize, end: usize) -> (bool, bool) {
    let before = text.get(..start).and_then(|head| head.chars().next_back());
    let after = text.get(end..).and_then(|tail| tail.chars().next());
    let first = text.get(start..end).and_then(|own| own.chars().next());
    let last = text.get(start..end).and_then(|own| own.chars().next_back());
    (!joins(before, first), !joins(last, after))
}

/// True when two characters that stand side by side belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => {
            left.is_alphabetic() && right.is_alphabetic() && !writes_no_spaces(right)
        }
        _ => false,
    }
}

/// Scripts that put no space between words.
pub(super) fn writes_no_spaces(letter: char) -> bool {
    matches!(u32::from(letter), 0xe00..=0xeff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af)
}

struct Lexicon {
    finder: AhoCorasick,
    phrases: Vec<Phrase>,
    languages: Vec<String>,
    small_words: HashMap<Class, HashSet<String>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(include_str!("data/lexicon.tsv")));

impl Lexicon {
    fn parse(table: &str) -> Self {
        let mut languages: Vec<String> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut patterns: Vec<String> = Vec::new();
        let mut phrases: Vec<Phrase> = Vec::new();
        let mut small_words: HashMap<Class, HashSet<String>> = HashMap::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(name), Some(language), Some(words)) = (columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let sure = name.chars().next_back().and_then(|digit| digit.to_digit(10));
            let Some(class) = Class::parse(name.trim_end_matches(|letter: char| letter.is_ascii_digit()))
            else {
                continue;
            };
            let at = languages.iter().position(|known| known == language).unwrap_or_else(|| {
                languages.push(language.to_owned());
                languages.len() - 1
            });
            for word in words.split('|') {
                let pattern = fold(word.trim_matches('*').trim());
                if pattern.is_empty() {
                    continue;
                }
                if class.is_grammar() {
                    small_words.entry(class).or_default().insert(pattern.clone());
                }
                let place = *places.entry(pattern.clone()).or_insert_with(|| {
                    patterns.push(pattern);
                    phrases.push(Phrase { meanings: Vec::new(), is_open_left: false, is_open_right: false });
                    phrases.len() - 1
                });
                if let Some(phrase) = phrases.get_mut(place) {
                    phrase.is_open_left |= word.starts_with('*');
                    phrase.is_open_right |= word.ends_with('*');
                    let sure = sure.and_then(|sure| u8::try_from(sure).ok()).unwrap_or(2);
                    phrase.meanings.push(Meaning { class, sure, language: at });
                }
            }
        }
        let finder =
            AhoCorasick::new(&patterns).unwrap_or_else(|error| panic!("the lexicon is too large: {error}"));
        Self { finder, phrases, languages, small_words }
    }

    /// The cues of the phrases found, each with its meaning in the language that most of the text is in.
    fn in_the_languages_of(&self, found: &[(usize, usize, usize)]) -> Vec<Cue> {
        let mut weights = vec![0_usize; self.languages.len()];
        for (start, end, phrase) in found {
            for meaning in
                self.phrases.get(*phrase).map(|phrase| phrase.meanings.as_slice()).unwrap_or_default()
            {
                if let Some(weight) = weights.get_mut(meaning.language) {
                    let is_small = meaning.class.is_grammar() || end - start < 3;
                    *weight += if is_small { 1 } else { end - start };
                }
            }
        }
        let weight = |meaning: &Meaning| weights.get(meaning.language).copied().unwrap_or_default();
        let most = weights.iter().copied().max().unwrap_or_default();
        let mut cues = Vec::with_capacity(found.len());
        for (start, end, phrase) in found {
            let Some(phrase) = self.phrases.get(*phrase) else { continue };
            let best = phrase.meanings.iter().map(weight).max().unwrap_or_default();
            for meaning in phrase.meanings.iter().filter(|meaning| weight(meaning) == best) {
                let is_foreign = best * 3 < most && (meaning.class.is_grammar() || end - start < 4);
                if !is_foreign {
                    cues.push(Cue { class: meaning.class, sure: meaning.sure, start: *start, end: *end });
                }
            }
        }
        cues
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(text: &str) -> Vec<Class> {
        cues(&fold(text)).into_iter().map(|cue| cue.class).collect()
    }

    #[test]
    fn every_line_of_the_table_is_understood() {
        for line in include_str!("data/lexicon.tsv").lines().filter(|line| !line.starts_with('#')) {
            let name = line.split('\t').next().unwrap();
            let name = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
            assert!(Class::parse(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_longest_phrase_counts() {
        assert!(classes("It will be debited").contains(&Class::Due));
        assert!(!classes("It will be debited").contains(&Class::Debit));
    }

    #[test]
    fn a_phrase_inside_a_word_is_not_found() {
        assert!(!classes("unspentable").contains(&Class::Spend));
    }
}
