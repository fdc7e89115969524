//! Reads a mail by general rules: tables of words in many languages, forms of numbers and dates, and no rule for any one bank.

mod amounts;
mod currency;
mod dates;
mod fold;
mod kind;
mod lexicon;
mod marks;
mod merchant;
mod number;
mod original;
mod pattern;
mod region;
mod rows;
mod sides;

use std::ops::Range;

use amounts::{Candidate, Role};
use fold::Folded;
use kind::Judged;
use lexicon::{Class, Cue};
use merchant::Surroundings;
use rows::Row;

use super::draft::{Direction, Draft, Field, Kind, MailView, Reading, Span, Stage};
use crate::money::Currency;

/// The name of this pipeline in the extractions that it makes.
pub const EXTRACTOR: &str = "offline";
/// Counts up with every change that can change a reading.
pub const VERSION: i32 = 2;

/// Reads a mail.
pub fn extract(mail: &MailView<'_>) -> Reading {
    let folded = Folded::new(mail.subject, cut(mail.text));
    let page = Page::read(&folded, mail);
    let rows = rows::rows(&page);
    let (amount, original) = page.main_amount().map_or((None, None), |found| {
        let is_own = |currency| page.hints.owns(currency);
        let (taken, original) = original::settle(&folded.text, found, &page.amounts, is_own);
        (Some(taken), original)
    });
    let mut judged = kind::judge(&folded.text, &page.cues, amount, &page.amounts, &page.masks);
    let several = page.cues.iter().find(|cue| cue.class == Class::Several).filter(|_| rows.len() > 1);
    if let (Kind::Unrelated, Some(cue)) = (judged.kind, several) {
        judged = Judged { kind: Kind::Purchase, cue: Some(*cue), direction: Some(Direction::Out) };
    }
    if rows.len() > 1 && judged.kind.books() && page.cues.iter().any(|cue| cue.class == Class::Statement) {
        return Reading { kind: Kind::Statement, kind_reason: String::new(), drafts: Vec::new() };
    }
    let reason = judged.cue.map(|cue| folded.original(&(cue.start..cue.end)).to_owned()).unwrap_or_default();
    let drafts = match amount {
        _ if !judged.kind.books() => Vec::new(),
        Some(_) if rows.len() > 1 => rows.iter().map(|row| page.draft_of_row(row, &judged)).collect(),
        Some(amount) => vec![page.draft(amount, original, &judged)],
        None => Vec::new(),
    };
    Reading { kind: judged.kind, kind_reason: reason, drafts }
}

/// A text with its digits, accents and kinds of space evened out.
pub(super) fn fold(text: &str) -> String {
    fold::fold(text)
}

/// True when thousands are written with a dot in the country, or wherever the currency is used.
pub(super) fn writes_dot_thousands(country: Option<&str>, money: Currency) -> bool {
    country.and_then(currency::of_country).is_some_and(|(_, has_dot)| has_dot)
        || currency::always_has_dot_thousands(money)
}

/// The longest text that is read, in bytes: an alert is short, and what follows in a long mail is small print.
const LONGEST_TEXT: usize = 64 * 1024;

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(LONGEST_TEXT)).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// What banks and wallets have in their names: they write about what was bought elsewhere.
const BANKS: [&str; 16] = [
    "bank",
    "banco",
    "banque",
    "banca",
    "banka",
    "credit union",
    "sparkasse",
    "caja",
    "card",
    "wallet",
    "банк",
    "بنك",
    "銀行",
    "银行",
    "은행",
    "카드",
];

/// Countries that write the month before the day, with or without the year in front.
const MONTH_FIRST: [&str; 8] = ["us", "jp", "kr", "cn", "tw", "hu", "ir", "mn"];

/// Everything found in a mail.
struct Page<'a> {
    folded: &'a Folded,
    cues: Vec<Cue>,
    dates: Vec<dates::PrintedDate>,
    masks: Vec<marks::Mask>,
    amounts: Vec<Candidate>,
    taken: Vec<Range<usize>>,
    /// Dates and times of day.
    moments: Vec<Range<usize>>,
    hints: currency::Hints,
    sender_name: Option<&'a str>,
}

impl<'a> Page<'a> {
    fn read(folded: &'a Folded, mail: &MailView<'a>) -> Self {
        let text = folded.text.as_str();
        let cues = lexicon::cues(text);
        let mut hints = currency::Hints::of(mail);
        hints.writes_month_first = dates::says_month_first(text, mail.sent_on);
        let is_month_first =
            hints.writes_month_first || mail.country.is_some_and(|country| MONTH_FIRST.contains(&country));
        let dates = dates::dates(text, dates::Hints { sent_on: mail.sent_on, is_month_first });
        let mut moments: Vec<Range<usize>> = dates.iter().map(|date| date.range.clone()).collect();
        moments.extend(dates::times(text));
        let masks = marks::masks(text, &cues, &moments);
        let mut taken = moments.clone();
        taken.extend(masks.iter().map(|mask| mask.range.clone()));
        taken.extend(marks::reference(text, &cues));
        taken.extend(marks::noise(text).filter(|range| !is_money(text, range)));
        taken.sort_unstable_by_key(|range| range.start);
        let amounts = amounts::candidates(folded, &taken, &cues, &hints);
        Self { folded, cues, dates, masks, amounts, taken, moments, hints, sender_name: mail.sender_name }
    }

    /// The amount that the mail is about.
    fn main_amount(&self) -> Option<&Candidate> {
        let totals: Vec<&Candidate> =
            self.amounts.iter().filter(|one| one.role == Role::Total && one.token.is_some()).collect();
        if self.amounts.iter().filter(|one| one.token.is_some()).count() >= 4
            && let Some(largest) = totals.into_iter().max_by_key(|one| one.value)
        {
            return Some(largest);
        }
        let scored = self.amounts.iter().map(|one| (self.score(one), one)).filter(|(score, _)| *score > 0);
        scored.max_by_key(|(score, one)| (*score, std::cmp::Reverse(one.range.start))).map(|(_, one)| one)
    }

    fn score(&self, one: &Candidate) -> i32 {
        let own = match one.role {
            Role::Billed => 6,
            Role::Amount | Role::Total => 5,
            Role::Event(sure) => 2 + i32::from(sure),
            Role::Plain | Role::Original => 0,
            Role::Subtotal => -1,
            Role::Fee => -4,
            Role::Balance | Role::Limit | Role::Other => return 0,
        };
        let end = one.range.end.max(one.token_range.end);
        let is_followed =
            self.cues.iter().any(|cue| cue.class.is_event() && cue.start >= end && cue.start < end + 30);
        let has_reason = one.token.is_some() || one.has_cents || one.sign.is_some();
        let is_near = matches!(one.role, Role::Amount | Role::Billed | Role::Total | Role::Event(2..));
        let digits = one.range.len();
        let is_id = one.token.is_none()
            && !one.has_cents
            && one.sign.is_none()
            && (one.value.scale() == 0
                && digits >= 7
                && one.value >= rust_decimal::Decimal::from(1_000_000)
                && one.role != Role::Amount);
        if is_id
            || one.value.is_zero()
            || (!has_reason && !is_near)
            || (one.token.is_none() && one.role == Role::Plain && !one.has_cents && one.sign.is_none())
        {
            return 0;
        }
        let mut score = 1 + own;
        score += if one.token.is_some() { 4 } else { 0 };
        score += i32::from(one.has_cents);
        score += if one.sign.is_some() { 2 } else { 0 };
        score += if is_followed && one.role == Role::Plain { 3 } else { 0 };
        score - i32::from(self.folded.is_subject(one.range.start))
    }

    fn draft(&self, main: &Candidate, original: Option<&Candidate>, judged: &Judged) -> Draft {
        let direction = judged.direction.unwrap_or(Direction::Out);
        let currency = main.currency.or_else(|| if main.token.is_none() { self.hints.default } else { None });
        let name = self.name(main, direction, judged.kind);
        let is_transfer = judged.kind == Kind::Transfer;
        Draft {
            amount: Some(self.field(main.value, &main.range)),
            currency: currency.map(|currency| self.field(currency, &main.token_range)),
            original_amount: original.map(|one| self.field(one.value, &one.range)),
            original_currency: original.and_then(|one| Some(self.field(one.currency?, &one.token_range))),
            direction: Some(self.field(
                direction,
                &judged.cue.map_or(main.range.start..main.range.start, |cue| cue.start..cue.end),
            )),
            counterparty: if is_transfer { name.clone() } else { None },
            merchant: name,
            date: self.date(),
            occurred_at: None,
            account_mask: self.mask(direction),
            reference: marks::reference(&self.folded.text, &self.cues)
                .map(|range| self.field(self.folded.original(&range).to_owned(), &range)),
            balance: self.beside(Role::Balance).or_else(|| self.beside(Role::Limit)),
            fee: self.beside(Role::Fee),
        }
    }

    /// One event of a list: what its line says, and what the mail says of all of them.
    fn draft_of_row(&self, row: &Row<'_>, judged: &Judged) -> Draft {
        // The sign of one line says nothing of the others; the word for all of them does.
        let is_in = judged.cue.is_some_and(|cue| cue.class.is_in());
        let direction = row.direction.unwrap_or(if is_in { Direction::In } else { Direction::Out });
        let is_own = |range: &Range<usize>| row.line.start <= range.start && range.end <= row.line.end;
        let printed = |date: &&dates::PrintedDate| date.date.is_some() && is_own(&date.range);
        let dated = self.dates.iter().find(printed);
        let mask = self.masks.iter().find(|mask| is_own(&mask.range));
        Draft {
            amount: Some(self.field(row.amount.value, &row.amount.range)),
            currency: row.amount.currency.map(|currency| self.field(currency, &row.amount.token_range)),
            direction: Some(self.field(direction, &(row.amount.range.start..row.amount.range.start))),
            merchant: Some(self.words(&row.name)),
            date: dated
                .and_then(|found| found.date.map(|date| self.field(date, &found.range)))
                .or_else(|| self.date()),
            account_mask: mask
                .map(|mask| self.field(mask.digits.clone(), &mask.range))
                .or_else(|| self.mask(direction)),
            ..Draft::default()
        }
    }

    /// The sender of a receipt that names no other shop. It stands in no text, hence its span is empty.
    fn shop(&self, kind: Kind) -> Option<Field<String>> {
        let is_receipt = self.cues.iter().any(|cue| matches!(cue.class, Class::Receipt | Class::Order));
        let is_receipt = is_receipt || kind == Kind::Refund;
        let is_sale = matches!(kind, Kind::Purchase | Kind::Order | Kind::Refund);
        let is_bank = |name: &str| {
            let name = fold::fold(name);
            BANKS.iter().any(|word| name.contains(&fold::fold(word)))
        };
        let sender = self.sender_name.filter(|name| is_receipt && is_sale && !is_bank(name))?;
        Some(self.field(sender.to_owned(), &(0..0)))
    }

    fn words(&self, range: &Range<usize>) -> Field<String> {
        let words = self.folded.original(range).split_whitespace().collect::<Vec<_>>().join(" ");
        self.field(words, range)
    }

    /// Every place that cannot be part of a name, in order.
    fn explained(&self) -> Vec<Range<usize>> {
        let mut taken = self.taken.clone();
        taken.extend(self.amounts.iter().filter(|one| one.token.is_some() || one.has_cents).map(|one| {
            let end = one.range.end.max(one.token_range.end);
            let start = if one.token.is_some() {
                one.token_range.start.min(one.range.start)
            } else {
                one.range.start
            };
            start..end
        }));
        taken.sort_unstable_by_key(|range| range.start);
        taken
    }

    fn field<T>(&self, value: T, range: &Range<usize>) -> Field<T> {
        let span: Span = self.folded.span(range);
        Field { value, span, stage: Stage::Offline }
    }

    fn beside(&self, role: Role) -> Option<Field<rust_decimal::Decimal>> {
        let found = self.amounts.iter().find(|one| one.role == role)?;
        let is_negative = role == Role::Balance && found.sign == Some(Direction::Out);
        let value = if is_negative { -found.value } else { found.value };
        Some(self.field(value, &found.range))
    }

    fn date(&self) -> Option<Field<chrono::NaiveDate>> {
        let is_validity = |date: &&dates::PrintedDate| {
            let before = self.cues.iter().rev().find(|cue| {
                cue.end <= date.range.start
                    && date.range.start - cue.end < 25
                    && matches!(cue.class, Class::Validity | Class::Date | Class::Due)
            });
            before.is_some_and(|cue| cue.class != Class::Date)
        };
        let found = self.dates.iter().filter(|date| date.date.is_some()).find(|date| !is_validity(date))?;
        found.date.map(|date| self.field(date, &found.range))
    }

    /// The user's own mask: the one that the money did not come from or go to.
    fn mask(&self, direction: Direction) -> Option<Field<String>> {
        let other = match direction {
            Direction::In => Class::From,
            Direction::Out => Class::To,
        };
        let leads = |mask: &&marks::Mask| {
            let mut before = self
                .cues
                .iter()
                .rev()
                .filter(|cue| cue.end <= mask.range.start && mask.range.start - cue.end < 30);
            before
                .find(|cue| matches!(cue.class, Class::From | Class::To))
                .is_some_and(|cue| cue.class == other)
        };
        let own = self.masks.iter().find(|mask| !mask.is_other && !leads(mask));
        let found = own.or_else(|| self.masks.first())?;
        Some(self.field(found.digits.clone(), &found.range))
    }

    fn name(&self, main: &Candidate, direction: Direction, kind: Kind) -> Option<Field<String>> {
        let taken = self.explained();
        let around = Surroundings {
            folded: self.folded,
            text: &self.folded.text,
            cues: &self.cues,
            taken: &taken,
            amount: main.range.clone(),
            direction,
        };
        let labelled = merchant::labelled_shop(&around).map(|range| self.words(&range));
        let own = || if main.role == Role::Total { self.shop(kind) } else { None };
        let announced = || merchant::announced(&around).map(|range| self.words(&range));
        labelled
            .or_else(own)
            .or_else(announced)
            .or_else(|| self.shop(kind))
            .or_else(|| merchant::likely(&around).map(|range| self.words(&range)))
            .or_else(|| merchant::left_over(&around).map(|range| self.words(&range)))
    }
}

/// True for a run such as `tzs50000`, which is a currency and an amount and no id.
fn is_money(text: &str, range: &Range<usize>) -> bool {
    let run = text.get(range.clone()).unwrap_or_default();
    let letters = run.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_tail = letters.len() < run.len() && currency::token(letters).is_some();
    let prefix: String = run.chars().take_while(char::is_ascii_alphabetic).collect();
    is_tail || (!prefix.is_empty() && currency::token(&prefix).is_some() && !run.contains('@'))
}

#[cfg(test)]
#[path = "offline/tests.rs"]
mod tests;

#[cfg(test)]
#[path = "offline/list_tests.rs"]
mod list_tests;
