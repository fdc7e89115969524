//! What a mail is about: the words that rule a booking out first, then the surest and nearest word that money moved.

use std::sync::LazyLock;

use regex::Regex;

use super::amounts::{Candidate, Role};
use super::lexicon::{Class, Cue};
use super::marks::Mask;
use super::pattern::compiled;
use crate::extraction::draft::{Direction, Kind};

/// The kind, the cue that decided it, and which way the money went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub kind: Kind,
    pub cue: Option<Cue>,
    pub direction: Option<Direction>,
}

/// Judges a mail by its cues and the amount that seems to be the event's.
pub(super) fn judge(
    text: &str,
    cues: &[Cue],
    main: Option<&Candidate>,
    amounts: &[Candidate],
    masks: &[Mask],
) -> Judged {
    let has_mask = !masks.is_empty();
    if let Some(cue) = one_time_password(text, cues, amounts, masks) {
        return Judged { kind: Kind::OneTimePassword, cue: Some(cue), direction: None };
    }
    let event = main.and_then(|main| best_event(cues, main));
    if let Some(ruled) = ruled_out(text, cues, event, main) {
        return ruled;
    }
    let Some(main) = main else { return without_amount(cues) };
    let direction = direction(event, main, cues);
    match event {
        Some(event) => Judged { kind: kind_of(event, cues), cue: Some(event), direction: Some(direction) },
        None => without_event(cues, main, has_mask, direction),
    }
}

fn first(cues: &[Cue], class: Class) -> Option<Cue> {
    cues.iter().find(|cue| cue.class == class).copied()
}

fn judged(kind: Kind, cue: Option<Cue>) -> Judged {
    Judged { kind, cue, direction: None }
}

/// A word for a password, with a code of digits beside it.
fn one_time_password(text: &str, cues: &[Cue], amounts: &[Candidate], masks: &[Mask]) -> Option<Cue> {
    let has_caution = first(cues, Class::Caution).is_some();
    cues.iter().filter(|cue| cue.class == Class::Otp).copied().find(|cue| {
        let after = text.get(cue.end..).unwrap_or_default();
        let before = text.get(..cue.start).unwrap_or_default();
        let start = before.char_indices().rev().nth(45).map_or(0, |(at, _)| at);
        let before = before.get(start..).unwrap_or_default();
        CODE_AFTER.is_match(after)
            || CODE_BEFORE.is_match(before)
            || (has_caution && CODE_NEAR.is_match(after))
            || (cue.sure >= 3 && code_beside(text, cue, amounts, masks))
    })
}

/// A code near a word that means a one-time password and nothing else: any short number that is no amount and no card.
fn code_beside(text: &str, cue: &Cue, amounts: &[Candidate], masks: &[Mask]) -> bool {
    let known = amounts.iter().filter(|one| one.token.is_some()).map(|one| &one.range);
    let known: Vec<_> = known.chain(masks.iter().map(|mask| &mask.range)).collect();
    let is_free =
        |start: usize, end: usize| known.iter().all(|range| range.end <= start || end <= range.start);
    CODE.captures_iter(text).filter_map(|captures| captures.get(1)).any(|code| {
        let between = text.get(cue.end..code.start()).or_else(|| text.get(code.end()..cue.start));
        let is_near = between.is_some_and(|gap| gap.chars().count() <= CODE_REACH && !gap.contains("\n\n\n"));
        is_near && is_free(code.start(), code.end())
    })
}

/// How far from the word a code may stand, in letters.
const CODE_REACH: usize = 90;

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:^|[^\d.,*x/#:+ -]|[^\d] |[:] ?)(\d{4,8}|\d{3}[ -]\d{3})(?:[^\d.,/*:% -]|[.,]\D|[.,]?$| (?:[^\d]|$))",
    )
});

static CODE_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?: is| for [a-z ]{1,30}is|\s?для [^\d:]{1,30}|\s?dlya [^\d:]{1,30})?[\s:.=№#()\[\]>'-]{0,6}(?:\d{3,8}\b(?:[^.,\d]|[.,]\D|[.,]?$)|[a-z]?\d{2,4}-\d{3,4}\b)",
    )
});
static CODE_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:^|[^\d.,*x/])\d{4,8}[\s.]*(?:is|-|es|est|ist|e|это|are|jest|je|le|la|the|your|su|tu|votre|ihr|ihre|dein|[a-z]{2,12}|\s){1,7}$",
    )
});
static CODE_NEAR: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"^[^.\n]{0,30}?\b\d{4,8}\b(?:[^.,\d]|[.,]?$)"));

/// Words that rule a booking out, unless a surer word for an event stands nearer to the amount.
fn ruled_out(text: &str, cues: &[Cue], event: Option<Cue>, main: Option<&Candidate>) -> Option<Judged> {
    let is_sure = event.is_some_and(|event| event.sure >= 3);
    if let Some(cue) = declined(text, cues, event, main) {
        return Some(judged(Kind::Declined, Some(cue)));
    }
    if let Some(cue) = first(cues, Class::Request)
        && event.is_none_or(|event| event.sure < 3 || cue.start < event.end)
    {
        return Some(judged(Kind::PaymentRequest, Some(cue)));
    }
    if let Some(cue) = main.and_then(|main| announced(text, cues, main, Class::Due)) {
        return Some(judged(Kind::BillDue, Some(cue)));
    }
    if let Some(cue) = main.and_then(|main| announced(text, cues, main, Class::Statement)) {
        return Some(judged(Kind::Statement, Some(cue)));
    }
    let subject_end = text.find('\n').unwrap_or_default();
    let is_warning = |cue: &&Cue| cue.class == Class::Security && cue.sure >= 3 && cue.end <= subject_end;
    if let Some(cue) = cues.iter().find(is_warning) {
        return Some(judged(Kind::Security, Some(*cue)));
    }
    if let Some(cue) = first(cues, Class::Due) {
        let is_announced =
            main.is_some_and(|main| main.role == Role::Amount || matches!(main.role, Role::Event(3)));
        if !is_sure || (!is_announced && cue.start < event.map_or(usize::MAX, |event| event.start)) {
            return Some(judged(Kind::BillDue, Some(cue)));
        }
    }
    if let Some(cue) = first(cues, Class::Statement)
        && !is_sure
    {
        return Some(judged(Kind::Statement, Some(cue)));
    }
    let marketing = cues.iter().filter(|cue| cue.class == Class::Marketing).count();
    // An offer that opens a mail is what the mail is about; the one at the foot of an alert is not.
    let opens = |cue: &&Cue| {
        cue.class == Class::Marketing && cue.sure >= 3 && event.is_none_or(|event| cue.end <= event.start)
    };
    if marketing >= 2 && cues.iter().any(|cue| opens(&cue)) && !is_a_past_event(event, main) {
        return Some(judged(Kind::Marketing, cues.iter().find(opens).copied()));
    }
    if marketing >= 2 && !is_sure || marketing >= 4 && main.is_none_or(|main| !main.has_cents) {
        return Some(judged(Kind::Marketing, first(cues, Class::Marketing)));
    }
    None
}

/// Sure words of a class, such as those of what is still to come, in the subject or in the sentence of the amount.
fn announced(text: &str, cues: &[Cue], main: &Candidate, class: Class) -> Option<Cue> {
    let subject_end = text.find('\n').unwrap_or_default();
    let is_beside = |cue: &&Cue| {
        let gap =
            if cue.end <= main.range.start { cue.end..main.range.start } else { main.range.end..cue.start };
        text.get(gap).is_some_and(|gap| !SENTENCE_END.is_match(gap))
    };
    let sure = |cue: &&Cue| cue.class == class && cue.sure >= 3;
    cues.iter().filter(sure).find(|cue| cue.end <= subject_end || is_beside(cue)).copied()
}

static SENTENCE_END: LazyLock<Regex> = LazyLock::new(|| compiled(r"[.!?;]\s|\n\s*\n|。|\n[^\n]*\n"));

/// True for an amount with cents that a sure word announces: no offer is worded like that.
fn is_a_past_event(event: Option<Cue>, main: Option<&Candidate>) -> bool {
    let is_announced = main.is_some_and(|main| main.has_cents && matches!(main.role, Role::Event(3)));
    is_announced && event.is_some_and(|event| event.sure >= 3)
}

/// A word that the payment was refused: as the mail's statement, and not in the small print of one that went through.
fn declined(text: &str, cues: &[Cue], event: Option<Cue>, main: Option<&Candidate>) -> Option<Cue> {
    let subject_end = text.find('\n').unwrap_or(text.len());
    let is_supposed = |cue: &Cue| {
        let start = text.get(..cue.start).and_then(|head| head.rfind(['.', '\n', '!', ';']));
        let clause = start.map_or(0, |at| at + 1);
        cues.iter().any(|other| other.class == Class::If && other.start >= clause && other.end <= cue.start)
    };
    let is_far = |cue: &Cue| {
        let end = main.map_or(0, |main| main.range.end.max(event.map_or(0, |event| event.end)));
        event.is_some_and(|event| event.sure >= 2) && cue.start > end + NEAR
    };
    let said = cues.iter().filter(|cue| cue.class == Class::Declined && !is_supposed(cue));
    said.into_iter().find(|cue| main.is_none() || cue.end <= subject_end || !is_far(cue)).copied()
}

/// How far behind the amount a word may still speak of it, in bytes.
const NEAR: usize = 200;

/// The word for an event that is surest and stands nearest to the amount.
fn best_event(cues: &[Cue], main: &Candidate) -> Option<Cue> {
    let weight = |cue: &Cue| {
        let gap = if cue.end <= main.range.start {
            main.range.start - cue.end
        } else {
            cue.start.saturating_sub(main.range.end)
        };
        let strength = if cue.sure == 1 { 40 } else { 60 * usize::from(cue.sure) };
        (1000 + strength).saturating_sub(gap.min(300) / 2)
    };
    // The small print of a receipt speaks of refunds; only what stands at its head or beside the total counts.
    let is_small_print = |cue: &Cue| {
        main.role == Role::Total
            && cue.class.is_in()
            && (cue.start > main.range.end || (cue.start > 60 && main.range.start - cue.start > 60))
    };
    let events = cues.iter().filter(|cue| cue.class.is_event() && !is_small_print(cue));
    let best = events.clone().max_by_key(|cue| (weight(cue), std::cmp::Reverse(cue.start))).copied();
    // A refund of a purchase names the purchase too: what undoes counts, when it stands before or just ahead of it.
    let undone = events.filter(|cue| match cue.class {
        Class::Reversal | Class::ReversedCredit => best.is_none_or(|best| cue.start <= best.end),
        Class::Refund => best.is_some_and(|best| {
            (cue.end <= best.start && best.start - cue.end < 30)
                || (best.class == Class::Credit && cue.start.abs_diff(main.range.start) < 120)
        }),
        _ => false,
    });
    undone.min_by_key(|cue| cue.start).copied().or(best)
}

fn direction(event: Option<Cue>, main: &Candidate, cues: &[Cue]) -> Direction {
    let undoes = |class| matches!(class, Class::Reversal | Class::Refund);
    match event {
        Some(event) if undoes(event.class) => {
            let undone = cues.iter().any(|cue| cue.class == Class::ReversedCredit);
            if undone { Direction::Out } else { Direction::In }
        }
        _ => main.sign.unwrap_or(match event {
            Some(event) if event.class.is_in() => Direction::In,
            _ => Direction::Out,
        }),
    }
}

fn kind_of(event: Cue, cues: &[Cue]) -> Kind {
    match event.class {
        Class::Cash => Kind::Cash,
        Class::Debit => Kind::Posted,
        Class::Out | Class::Transfer => Kind::Transfer,
        Class::Authorised => Kind::Authorisation,
        Class::Refund => Kind::Refund,
        Class::Reversal | Class::ReversedCredit => Kind::Reversal,
        Class::Credit if first(cues, Class::Transfer).is_some() => Kind::Transfer,
        Class::Credit | Class::Income => Kind::Income,
        _ => Kind::Purchase,
    }
}

fn without_amount(cues: &[Cue]) -> Judged {
    for (class, kind) in QUIET {
        if let Some(cue) = first(cues, class) {
            return judged(kind, Some(cue));
        }
    }
    judged(Kind::Unrelated, None)
}

/// What a mail without an event may still be, the most telling first.
const QUIET: [(Class, Kind); 10] = [
    (Class::Otp, Kind::OneTimePassword),
    (Class::Security, Kind::Security),
    (Class::Shipping, Kind::Shipping),
    (Class::Due, Kind::BillDue),
    (Class::Statement, Kind::Statement),
    (Class::Subscription, Kind::Subscription),
    (Class::Marketing, Kind::Marketing),
    (Class::Order, Kind::Order),
    (Class::Balance, Kind::Balance),
    (Class::Limit, Kind::Security),
];

/// An amount, and no word that money moved: a sign, a total or a card beside a merchant may still say so.
fn without_event(cues: &[Cue], main: &Candidate, has_mask: bool, direction: Direction) -> Judged {
    let has = |class| first(cues, class).is_some();
    let is_receipt =
        main.role == Role::Total && (has(Class::Receipt) || has(Class::Order) || has(Class::Reference));
    if main.role == Role::Fee {
        // A fee was taken where it is said from what, or what is left; else it is only announced.
        let kind = if has_mask || has(Class::Balance) { Kind::Fee } else { Kind::Unrelated };
        return judged(kind, first(cues, Class::Fee));
    }
    // What opens as an explanation reports nothing.
    let is_guide = |cue: &&Cue| cue.class == Class::Guide && cue.end <= main.range.start && cue.start < 60;
    if let Some(cue) = cues.iter().find(is_guide) {
        return judged(Kind::Unrelated, Some(*cue));
    }
    if is_receipt || (main.role == Role::Total && !has(Class::Marketing)) {
        let kind = if has(Class::Receipt) { Kind::Purchase } else { Kind::Order };
        return Judged { kind, cue: first(cues, Class::Receipt), direction: Some(direction) };
    }
    let is_labelled = main.role == Role::Amount
        && (has_mask || has(Class::Merchant) || has(Class::Balance) || has(Class::Party) || has(Class::Date));
    let is_bare =
        main.token.is_some() && (has_mask || has(Class::Balance) || has(Class::Order) || has(Class::Receipt));
    let is_signed = main.sign.is_some() && (main.token.is_some() || main.has_cents);
    if is_labelled || is_signed || (is_bare && !has(Class::Security) && !has(Class::Marketing)) {
        return Judged { kind: Kind::Purchase, cue: None, direction: Some(direction) };
    }
    without_amount(cues)
}
