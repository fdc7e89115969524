//! Compares what the pipeline read with a person's answer, and sums it up: shares are in thousandths.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use pennypost::extraction::draft::{Direction, Draft};
use rust_decimal::Decimal;
use unicode_normalization::UnicodeNormalization;

use crate::source::{Case, Event};

/// A mail, as the pipeline read it.
pub struct Answer {
    /// The kind that it found.
    pub kind: &'static str,
    /// What it would book.
    pub booked: Vec<(Draft, Option<&'static str>)>,
    /// What it read, booked or not.
    pub drafts: Vec<Draft>,
    /// Subject and text.
    pub text: String,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    pub right: usize,
    pub of: usize,
}

impl Share {
    fn count(&mut self, is_right: bool) {
        self.right += usize::from(is_right);
        self.of += 1;
    }

    /// In thousandths.
    pub fn rate(self) -> usize {
        (self.right * 1000).checked_div(self.of).unwrap_or_default()
    }
}

/// The figures of one part of the corpus.
#[derive(Debug, Default)]
pub struct Score {
    core: Share,
    /// Every field that is printed is right too.
    pub full: Share,
    /// Mails without an event that were booked.
    pub false_positives: Share,
    pub invented: usize,
    pub categories: Share,
    fields: BTreeMap<&'static str, Share>,
    languages: BTreeMap<String, Share>,
    misses: Vec<String>,
}

/// A language with fewer mails is no stratum of its own.
const SMALLEST_STRATUM: usize = 3;

impl Score {
    /// The mean share of right mails over the languages: none outweighs another.
    pub fn macro_core(&self) -> usize {
        let strata = self.languages.values().filter(|share| share.of >= SMALLEST_STRATUM);
        let rates: Vec<usize> = strata.map(|share| share.rate()).collect();
        rates.iter().sum::<usize>().checked_div(rates.len()).unwrap_or_default()
    }

    /// Every mail that is not read in full, one a line.
    pub fn misses(&self) -> String {
        self.misses.join("\n")
    }

    pub fn count(&mut self, case: &Case, answer: &Answer) {
        let mut wanted: Vec<_> = case
            .events
            .iter()
            .map(|event| (event.amount.normalize(), event.currency.clone(), event.direction.clone()))
            .collect();
        let mut got: Vec<_> = answer.booked.iter().map(|(draft, _)| core_of(draft)).collect();
        wanted.sort();
        got.sort();
        let is_right = wanted == got;
        self.core.count(is_right);
        self.languages.entry(case.language().to_owned()).or_default().count(is_right);
        if case.events.is_empty() {
            self.false_positives.count(!answer.booked.is_empty());
        }
        self.invented += answer.drafts.iter().filter(|draft| is_invented(draft, &answer.text)).count();
        if !is_right {
            self.misses.push(format!("{}: wanted {wanted:?}, got {} {got:?}", case.id, answer.kind));
        }
        let has_fields = is_right && self.count_fields(case, answer);
        self.full.count(has_fields);
    }

    fn count_fields(&mut self, case: &Case, answer: &Answer) -> bool {
        let mut is_full = true;
        for (event, (draft, category)) in case.events.iter().zip(&answer.booked) {
            if let Some(wanted) = &event.category {
                let is_right = *category == Some(wanted.as_str());
                self.categories.count(is_right);
                if !is_right {
                    self.misses.push(format!("{}: category {wanted}, got {category:?}", case.id));
                }
            }
            for (name, is_right, shown) in fields(event, draft) {
                self.fields.entry(name).or_default().count(is_right);
                is_full &= is_right;
                if !is_right {
                    self.misses.push(format!("{}: {name} {shown}", case.id));
                }
            }
        }
        is_full
    }
}

impl fmt::Display for Score {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { core, full, false_positives, categories, .. } = self;
        writeln!(
            to,
            "macro-core {}‰, core {core:?}, full {full:?}, false positives {false_positives:?}",
            self.macro_core()
        )?;
        writeln!(to, "invented {}, categories {categories:?}", self.invented)?;
        for (name, share) in &self.fields {
            write!(to, "{name} {}/{}  ", share.right, share.of)?;
        }
        writeln!(to)?;
        for (language, share) in &self.languages {
            write!(to, "{language} {}/{}  ", share.right, share.of)?;
        }
        writeln!(to)
    }
}

fn core_of(draft: &Draft) -> (Decimal, String, String) {
    let direction = match draft.direction.as_ref().unwrap().value {
        Direction::In => "IN",
        Direction::Out => "OUT",
    };
    let amount = draft.amount.as_ref().unwrap().value.normalize();
    (amount, draft.currency.as_ref().unwrap().value.code().to_owned(), direction.to_owned())
}

/// The fields that a person reads in an event, whether each is right, and how it was read.
fn fields(event: &Event, draft: &Draft) -> Vec<(&'static str, bool, String)> {
    let mut all = Vec::new();
    let mut push = |name, wanted: Option<String>, got: Option<String>, same: fn(&str, &str) -> bool| {
        let Some(wanted) = wanted else { return };
        let is_right = got.as_ref().is_some_and(|got| same(&wanted, got));
        all.push((name, is_right, format!("{wanted:?}, got {got:?}")));
    };
    let number = |value: Decimal| value.normalize().to_string();
    push(
        "merchant",
        event.merchant.clone(),
        draft.merchant.as_ref().map(|field| field.value.clone()),
        same_name,
    );
    push(
        "date",
        event.date.map(|date| date.to_string()),
        draft.date.as_ref().map(|field| field.value.to_string()),
        |a, b| a == b,
    );
    push(
        "account",
        event.account.clone(),
        draft.account_mask.as_ref().map(|field| field.value.clone()),
        same_digits,
    );
    push(
        "reference",
        event.reference.clone(),
        draft.reference.as_ref().map(|field| field.value.clone()),
        |a, b| squashed(a) == squashed(b),
    );
    push(
        "balance",
        event.balance.map(number),
        draft.balance.as_ref().map(|field| number(field.value)),
        |a, b| a == b,
    );
    all
}

fn same_digits(wanted: &str, got: &str) -> bool {
    let shorter = wanted.len().min(got.len());
    shorter >= 3.min(wanted.len()) && wanted.get(wanted.len() - shorter..) == got.get(got.len() - shorter..)
}

/// Letters and digits alone, in one case.
fn squashed(text: &str) -> String {
    text.nfkc().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Equal, or one is most of the other, or three quarters of their words are the same.
fn same_name(wanted: &str, got: &str) -> bool {
    let (a, b) = (squashed(wanted), squashed(got));
    let (short, long) = if a.chars().count() < b.chars().count() { (&a, &b) } else { (&b, &a) };
    if !short.is_empty()
        && long.contains(short.as_str())
        && short.chars().count() * 10 >= long.chars().count() * 6
    {
        return true;
    }
    let words = |text: &str| {
        text.split_whitespace().map(squashed).filter(|word| !word.is_empty()).collect::<HashSet<_>>()
    };
    let (a, b) = (words(wanted), words(got));
    a.intersection(&b).count() * 4 >= a.union(&b).count() * 3 && !a.is_empty()
}

/// True for an amount whose digits stand nowhere in the mail.
fn is_invented(draft: &Draft, text: &str) -> bool {
    let Some(amount) = &draft.amount else { return false };
    let digits = |text: &str| text.chars().filter_map(digit).collect::<String>();
    let amount = digits(&amount.value.normalize().to_string());
    let amount = amount.trim_matches('0');
    !text.split(['\n', '\t']).any(|line| digits(line).contains(amount))
}

/// The value of a digit of any script that the corpus uses.
fn digit(letter: char) -> Option<char> {
    let zeros = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xff10];
    let value =
        zeros.iter().filter_map(|zero| u32::from(letter).checked_sub(*zero)).find(|value| *value < 10)?;
    char::from_digit(value, 10)
}
