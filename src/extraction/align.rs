//! Which draft of a new reading is which event that the mail was known for: a re-extraction corrects, it never adds.

use std::collections::BTreeMap;

use super::draft::{Draft, Span};

/// Gives each draft the key of the known event that it is, or a new key. `known` holds, for each event in the order in
/// which they were made, its key and the draft that it was last read as.
///
/// Tried in turn, each event once: the same reference; the same amount and currency; overlapping places; the same position.
pub fn align(known: &[(String, Option<Draft>)], drafts: &[Draft]) -> Vec<String> {
    let mut keys: Vec<Option<&str>> = vec![None; drafts.len()];
    let mut free: BTreeMap<usize, (&str, Option<&Draft>)> = known
        .iter()
        .enumerate()
        .map(|(place, (key, draft))| (place, (key.as_str(), draft.as_ref())))
        .collect();
    for is_same in [has_same_reference, has_same_money, overlaps] {
        for (key, draft) in keys.iter_mut().zip(drafts).filter(|(key, _)| key.is_none()) {
            let found = free.iter().find(|(_, (_, old))| old.is_some_and(|old| is_same(old, draft)));
            if let Some(place) = found.map(|(place, _)| *place) {
                *key = free.remove(&place).map(|(known, _)| known);
            }
        }
    }
    for key in keys.iter_mut().filter(|key| key.is_none()) {
        *key = free.pop_first().map(|(_, (known, _))| known);
    }
    let mut next = known.iter().filter_map(|(key, _)| key.parse::<u32>().ok()).max().unwrap_or_default();
    keys.into_iter()
        .map(|key| {
            key.map_or_else(
                || {
                    next += 1;
                    next.to_string()
                },
                str::to_owned,
            )
        })
        .collect()
}

fn has_same_reference(old: &Draft, new: &Draft) -> bool {
    matches!((&old.reference, &new.reference), (Some(old), Some(new)) if old.value == new.value)
}

fn has_same_money(old: &Draft, new: &Draft) -> bool {
    let money = |draft: &Draft| Some((draft.amount.as_ref()?.value, draft.currency.as_ref()?.value));
    matches!((money(old), money(new)), (Some(old), Some(new)) if old == new)
}

fn overlaps(old: &Draft, new: &Draft) -> bool {
    let place = |draft: &Draft| draft.amount.as_ref().map(|amount| amount.span);
    let meet = |a: Span, b: Span| a.source == b.source && a.start < b.end && b.start < a.end;
    matches!((place(old), place(new)), (Some(old), Some(new)) if meet(old, new))
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::extraction::draft::{Field, Source, Stage};
    use crate::money::Currency;

    fn field<T>(value: T, start: u32) -> Field<T> {
        let span = Span { start, end: start + 4, source: Source::Text };
        Field { value, span, stage: Stage::Offline }
    }

    fn draft(cents: i64, start: u32, reference: Option<&str>) -> Draft {
        Draft {
            amount: Some(field(Decimal::new(cents, 2), start)),
            currency: Some(field(Currency::parse("EUR").unwrap(), start)),
            reference: reference.map(|text| field(text.to_owned(), start)),
            ..Draft::default()
        }
    }

    fn known(drafts: &[Draft]) -> Vec<(String, Option<Draft>)> {
        drafts.iter().enumerate().map(|(at, draft)| ((at + 1).to_string(), Some(draft.clone()))).collect()
    }

    #[test]
    fn a_first_reading_numbers_its_events() {
        assert_eq!(align(&[], &[draft(100, 0, None), draft(200, 9, None)]), ["1", "2"]);
    }

    #[test]
    fn a_reference_outweighs_the_order() {
        let old = known(&[draft(100, 0, Some("A")), draft(200, 9, Some("B"))]);
        assert_eq!(align(&old, &[draft(205, 9, Some("B")), draft(100, 0, Some("A"))]), ["2", "1"]);
    }

    #[test]
    fn a_corrected_amount_keeps_its_event() {
        let old = known(&[draft(100, 0, None), draft(200, 9, None)]);
        assert_eq!(align(&old, &[draft(100, 0, None), draft(20000, 10, None)]), ["1", "2"]);
    }

    #[test]
    fn only_what_is_left_over_is_a_new_event() {
        let old = known(&[draft(100, 0, None)]);
        let new = [draft(300, 40, None), draft(100, 0, None), draft(400, 60, None)];
        assert_eq!(align(&old, &new), ["2", "1", "3"]);
    }

    #[test]
    fn two_equal_payments_stay_two() {
        let old = known(&[draft(340, 0, None), draft(340, 20, None)]);
        assert_eq!(align(&old, &[draft(340, 0, None), draft(340, 20, None)]), ["1", "2"]);
    }
}
