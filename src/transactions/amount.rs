//! The rules of a transaction's money: not zero, with the decimals of its currency, in the account's currency, and beside it, with the same
//! sign, what the merchant charged in another one.

use rust_decimal::Decimal;

use crate::error::{Code, Error, Result};
use crate::money::{Currency, Money};
use crate::transactions::row::Transaction;

/// Whether a person may book the two.
pub fn check(money: Money, original: Option<Money>) -> Result<()> {
    money.check("amount")?;
    if let Some(original) = original {
        original.check("originalAmount")?;
    }
    check_pair(money, original)
}

/// Whether the one goes with the other.
fn check_pair(money: Money, original: Option<Money>) -> Result<()> {
    check_one("amount", money)?;
    let Some(original) = original else { return Ok(()) };
    check_one("originalAmount", original)?;
    if original.currency == money.currency {
        let message = "The original amount is in another currency than the amount, or there is none.";
        return Err(Error::rejected("originalAmount", Code::Invalid, message));
    }
    if original.amount.is_sign_negative() != money.amount.is_sign_negative() {
        let message = "The original amount has the sign of the amount.";
        return Err(Error::rejected("originalAmount", Code::Invalid, message));
    }
    Ok(())
}

/// The two after a change. A new amount is in the currency that the old one is in; on an account in another currency, it has to be
/// given anew, and is in that.
#[expect(clippy::option_option, reason = "what is left alone is something else than what is cleared")]
pub(super) fn changed(
    old: &Transaction,
    account_currency: Option<Currency>,
    amount: Option<Decimal>,
    original: Option<Option<Money>>,
) -> Result<(Money, Option<Money>)> {
    let unlisted = |code: &str| Error::internal("a transaction holds a currency that is not listed", code);
    let currency = Currency::parse(&old.currency).ok_or_else(|| unlisted(&old.currency))?;
    let currency = match account_currency.filter(|new| *new != currency) {
        Some(_) if amount.is_none() => {
            let message = "This account is in another currency: give the amount in it, too.";
            return Err(Error::rejected("amount", Code::Invalid, message));
        }
        Some(new) => new,
        None => currency,
    };
    let money = Money { amount: amount.unwrap_or(old.amount), currency };
    let kept = match (old.original_amount, old.original_currency.as_deref()) {
        (Some(amount), Some(code)) => {
            Some(Money { amount, currency: Currency::parse(code).ok_or_else(|| unlisted(code))? })
        }
        _ => None,
    };
    let is_money_new = amount.is_some() || original.is_some();
    // What stays as it was read in a mail may be finer.
    if amount.is_some() {
        money.check("amount")?;
    }
    if let Some(Some(original)) = original {
        original.check("originalAmount")?;
    }
    let original = original.unwrap_or(kept);
    if is_money_new {
        check_pair(money, original)?;
    }
    Ok((money, original))
}

fn check_one(field: &str, money: Money) -> Result<()> {
    if money.amount.is_zero() {
        return Err(Error::rejected(field, Code::Invalid, "An amount is not zero."));
    }
    Ok(())
}
