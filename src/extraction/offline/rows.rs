//! Several events in one mail: lines that each have a shop and an amount of their own. A total is never one of them.

use std::ops::Range;

use rust_decimal::Decimal;

use super::Page;
use super::amounts::{Candidate, Role};
use super::lexicon::{Class, Cue};
use super::merchant::{self, Surroundings};
use crate::extraction::draft::Direction;
use crate::money::Currency;

/// One event of a list.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// How much.
    pub amount: &'a Candidate,
    /// Where the name of the shop stands.
    pub name: Range<usize>,
    /// The line.
    pub line: Range<usize>,
    /// What the line itself says.
    pub direction: Option<Direction>,
    has_own_event: bool,
}

/// The events of a mail that lists several, in the order of the text; empty for a mail about one event.
pub(super) fn rows<'a>(page: &'a Page<'_>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = lines(page).filter_map(|line| row(page, line)).collect();
    let timed = |row: &Row<'_>| page.moments.iter().any(|moment| inside(moment, &row.line));
    if rows.iter().filter(|row| timed(row)).count() >= 2 {
        rows.retain(timed);
    } else {
        let has_many = page.cues.iter().any(|cue| cue.class == Class::Several);
        rows.retain(|row| has_many || row.has_own_event);
        if !has_many {
            without_repetitions(&mut rows);
        }
    }
    let lists_goods = page.cues.iter().any(|cue| matches!(cue.class, Class::Order | Class::Receipt));
    if lists_goods && !rows.iter().all(|row| row.has_own_event) {
        return Vec::new();
    }
    without_total(&mut rows);
    if rows.len() < 2 { Vec::new() } else { rows }
}

fn inside(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The lines of the text, without the subject.
fn lines<'a>(page: &'a Page<'_>) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut at = 0;
    let all = page.folded.text.split_inclusive('\n').map(move |line| {
        let range = at..at + line.trim_end_matches('\n').len();
        at += line.len();
        range
    });
    all.filter(|line| !page.folded.is_subject(line.start))
}

fn row<'a>(page: &'a Page<'_>, line: Range<usize>) -> Option<Row<'a>> {
    let own: Vec<&Candidate> = page
        .amounts
        .iter()
        .filter(|one| inside(&one.range, &line) && one.token.is_some() && one.role != Role::Balance)
        .collect();
    let [amount] = own.as_slice() else { return None };
    let cues: Vec<Cue> =
        page.cues.iter().filter(|cue| inside(&(cue.start..cue.end), &line)).copied().collect();
    let is_summary = |cue: &Cue| {
        matches!(
            cue.class,
            Class::Total | Class::Subtotal | Class::Balance | Class::Limit | Class::Fee | Class::Due
        )
    };
    let is_money = matches!(amount.role, Role::Plain | Role::Amount | Role::Event(_));
    if !is_money || amount.value.is_zero() || cues.iter().any(is_summary) {
        return None;
    }
    let direction = amount.sign.or_else(|| direction(&cues));
    let name = name(page, &line, amount, &cues, direction)?;
    let has_own_event = cues.iter().any(|cue| cue.class.is_event() && cue.sure >= 2);
    Some(Row { amount, name, line, direction, has_own_event })
}

fn direction(cues: &[Cue]) -> Option<Direction> {
    let event = cues.iter().find(|cue| cue.class.is_event())?;
    Some(if event.class.is_in() { Direction::In } else { Direction::Out })
}

/// The shop of a line: as in a mail of one line, else the first words that nothing else explains.
fn name(
    page: &Page<'_>,
    line: &Range<usize>,
    amount: &Candidate,
    cues: &[Cue],
    direction: Option<Direction>,
) -> Option<Range<usize>> {
    let text = page.folded.text.get(..line.end)?;
    let taken = page.explained();
    let around = Surroundings {
        folded: page.folded,
        text,
        cues,
        taken: &taken,
        amount: amount.range.clone(),
        direction: direction.unwrap_or(Direction::Out),
    };
    merchant::announced(&around).or_else(|| merchant::likely(&around)).or_else(|| {
        let mut at = line.start;
        let mut pieces = Vec::new();
        for wall in taken.iter().filter(|wall| wall.end > line.start && wall.start < line.end) {
            pieces.extend((wall.start > at).then_some(at..wall.start));
            at = at.max(wall.end);
        }
        pieces.extend((at < line.end).then_some(at..line.end));
        pieces.into_iter().find_map(|piece| merchant::trimmed(text, piece))
    })
}

/// Two lines with one amount are one event told twice, unless each says when.
fn without_repetitions(rows: &mut Vec<Row<'_>>) {
    let mut seen: Vec<(Decimal, Option<Currency>)> = Vec::new();
    rows.retain(|row| {
        let what = (row.amount.value, row.amount.currency);
        let is_new = !seen.contains(&what);
        seen.push(what);
        is_new
    });
}

/// The last line may be the sum of those before it.
fn without_total(rows: &mut Vec<Row<'_>>) {
    let Some((last, others)) = rows.split_last() else { return };
    let sum: Decimal = others.iter().map(|row| row.amount.value).sum();
    if others.len() >= 2 && sum == last.amount.value {
        rows.pop();
    }
}
