//! Which of two amounts in two currencies was taken from the account, and which one the merchant charged.

use super::amounts::{Candidate, Role};
use crate::money::Currency;

/// The amount that was taken for what the mail is about, and what the merchant charged where that is told apart. `is_own`
/// says of a currency that the user's account, or the sender's country, is in it.
pub(super) fn settle<'a>(
    text: &str,
    main: &'a Candidate,
    amounts: &'a [Candidate],
    is_own: impl Fn(Currency) -> bool,
) -> (&'a Candidate, Option<&'a Candidate>) {
    let Some(currency) = main.currency.filter(|_| main.token.is_some()) else { return (main, None) };
    let is_other = |one: &&Candidate| {
        one.token.is_some()
            && !one.value.is_zero()
            && one.currency.is_some_and(|other| other != currency)
            && matches!(one.role, Role::Billed | Role::Original | Role::Amount | Role::Total | Role::Event(_))
    };
    let others = || amounts.iter().filter(is_other);
    if main.role == Role::Billed {
        return (main, others().find(|one| one.role == Role::Original).or_else(|| others().next()));
    }
    if let Some(billed) = others().find(|one| one.role == Role::Billed) {
        return (billed, Some(main));
    }
    if let Some(original) = others().find(|one| one.role == Role::Original) {
        return (main, Some(original));
    }
    let Some(paired) = paired(text, main, amounts) else { return (main, None) };
    let owns = |one: &Candidate| one.currency.is_some_and(&is_own);
    match (owns(main), owns(paired)) {
        (true, false) => (main, Some(paired)),
        (false, true) => (paired, Some(main)),
        _ => (main, None),
    }
}

/// The same money in another currency, in brackets or behind a sign that says so: `CZK 890.00 (EUR 36.15)`.
fn paired<'a>(text: &str, main: &Candidate, amounts: &'a [Candidate]) -> Option<&'a Candidate> {
    let end = |one: &Candidate| one.range.end.max(one.token_range.end);
    let start = |one: &Candidate| one.range.start.min(one.token_range.start);
    amounts.iter().find(|one| {
        let gap = text.get(end(main)..start(one)).map(str::trim).unwrap_or_default();
        one.token.is_some()
            && one.currency.is_some()
            && one.currency != main.currency
            && matches!(gap, "(" | "=" | "/" | "~" | "≈" | "[" | "(~" | "(≈" | "(=")
    })
}
