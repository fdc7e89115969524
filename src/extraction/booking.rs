//! A draft that the gate let through, as what the ledger asks of it: all that needs no database, made beside the reading.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::categorise::category_name;
use super::draft::{Direction, Draft, Field, Kind, MailView, Reading};
use super::evidence::{Reason, Verdict, judge};
use crate::mailbox::authenticity::Authenticity;
use crate::money::Money;
use crate::{accounts, transactions};

/// The longest merchant that is kept, in characters.
const MERCHANT_LENGTH: usize = 200;
/// The longest mask that is kept, in characters.
const MASK_LENGTH: usize = 34;

/// What becomes a transaction, but for its account and its category, which are rows.
#[derive(Clone, Debug)]
pub struct Booking {
    /// Signed from the account's view.
    pub money: Money,
    /// Signed like the money; `None` when it cannot be stored.
    pub original: Option<Money>,
    /// The day.
    pub booked_on: NaiveDate,
    /// The moment, where the mail gives one.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Who was paid, or who paid.
    pub merchant: Option<String>,
    /// How final it is.
    pub state: transactions::State,
    /// The category's name.
    pub category: Option<&'static str>,
    /// The mask of the account, where the mail gives one that can be kept.
    pub mask: Option<String>,
    /// What the mask shortens.
    pub mask_kind: accounts::Kind,
}

/// For each draft of a reading, in order: what it books, or why a person has to look at it first.
pub fn of_reading(
    mail: &MailView<'_>,
    authenticity: Authenticity,
    reading: &Reading,
) -> Vec<Result<Booking, Reason>> {
    let kind = reading.kind;
    let booking = |draft| match judge(mail, authenticity, kind, draft) {
        Verdict::Review { reason } => Err(reason),
        Verdict::Book => of_draft(mail, kind, draft),
    };
    reading.drafts.iter().map(booking).collect()
}

/// What a draft books, without the gate: all that it needs is there, or the reason says what is missing.
pub(super) fn of_draft(mail: &MailView<'_>, kind: Kind, draft: &Draft) -> Result<Booking, Reason> {
    let amount: Decimal = value(&draft.amount).copied().ok_or(Reason::NoAmount)?;
    let currency = value(&draft.currency).copied().ok_or(Reason::CurrencyUnclear)?;
    let direction = value(&draft.direction).copied().ok_or(Reason::NoDirection)?;
    let signed = |amount: Decimal| match direction {
        Direction::In => amount,
        Direction::Out => -amount,
    };
    let original = value(&draft.original_amount).zip(value(&draft.original_currency));
    let original = original
        .map(|(amount, currency)| Money { amount: signed(*amount), currency: *currency })
        .filter(|original| original.fits() && !original.amount.is_zero());
    let printed = value(&draft.date).copied();
    // What comes out of the mail and the columns cannot hold must not stop the mails behind it.
    let mask = value(&draft.account_mask).filter(|mask| !mask.is_empty() && mask.len() <= MASK_LENGTH);
    Ok(Booking {
        money: Money { amount: signed(amount), currency },
        original,
        booked_on: printed.or(mail.sent_on).ok_or(Reason::DateUnclear)?,
        occurred_at: value(&draft.occurred_at).map(|at| at.with_timezone(&Utc)),
        merchant: merchant(draft),
        state: match kind {
            Kind::Authorisation => transactions::State::Pending,
            _ => transactions::State::Posted,
        },
        category: category_name(kind, draft, mail),
        mask: mask.cloned(),
        mask_kind: match kind {
            Kind::Purchase | Kind::Authorisation | Kind::Refund | Kind::Reversal | Kind::Order => {
                accounts::Kind::Card
            }
            _ => accounts::Kind::Bank,
        },
    })
}

fn merchant(draft: &Draft) -> Option<String> {
    let named = value(&draft.merchant).or_else(|| value(&draft.counterparty))?;
    let cut: String = named.trim().chars().take(MERCHANT_LENGTH).collect();
    (!cut.is_empty()).then_some(cut)
}

#[expect(clippy::ref_option, reason = "a draft's fields are options, and only looked at")]
fn value<T>(field: &Option<Field<T>>) -> Option<&T> {
    field.as_ref().map(|field| &field.value)
}
