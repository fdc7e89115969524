//! The gate: a draft books only when the mail itself bears it out. It is code, and no reader's opinion moves it.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::draft::{Draft, Field, Kind, MailView, Source, Span};
use crate::mailbox::authenticity::Authenticity;
use crate::money::{Currency, Money};

/// What the gate decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The draft may become a transaction.
    Book,
    /// A person has to look at it first.
    Review {
        /// Why.
        reason: Reason,
    },
}

/// Why a draft does not book by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The mail is of a kind that does not book.
    KindDoesNotBook,
    /// The mail claims a sender that it does not have.
    SenderNotAuthentic,
    /// No amount was found.
    NoAmount,
    /// The amount is zero or negative.
    AmountNotPositive,
    /// The amount has more decimals or digits than can be stored.
    AmountTooPrecise,
    /// The amount's digits do not stand at its place in the mail.
    AmountNotInMail,
    /// The digits can be read as more than one amount.
    AmountAmbiguous,
    /// The currency is neither stated nor does it follow from the account.
    CurrencyUnclear,
    /// Nothing says whether money came or went.
    NoDirection,
    /// The date lies after the mail.
    DateInFuture,
    /// The date lies more than 400 days before the mail.
    DateTooOld,
    /// The mail's own date cannot be right, so that nothing says when it happened.
    DateUnclear,
}

impl Reason {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KindDoesNotBook => "KIND_DOES_NOT_BOOK",
            Self::SenderNotAuthentic => "SENDER_NOT_AUTHENTIC",
            Self::NoAmount => "NO_AMOUNT",
            Self::AmountNotPositive => "AMOUNT_NOT_POSITIVE",
            Self::AmountTooPrecise => "AMOUNT_TOO_PRECISE",
            Self::AmountNotInMail => "AMOUNT_NOT_IN_MAIL",
            Self::AmountAmbiguous => "AMOUNT_AMBIGUOUS",
            Self::CurrencyUnclear => "CURRENCY_UNCLEAR",
            Self::NoDirection => "NO_DIRECTION",
            Self::DateInFuture => "DATE_IN_FUTURE",
            Self::DateTooOld => "DATE_TOO_OLD",
            Self::DateUnclear => "DATE_UNCLEAR",
        }
    }
}

/// Judges one draft of a mail of that kind.
pub fn judge(mail: &MailView<'_>, authenticity: Authenticity, kind: Kind, draft: &Draft) -> Verdict {
    let objection = kind_objection(kind, authenticity)
        .or_else(|| amount_objection(mail, draft))
        .or_else(|| draft.direction.is_none().then_some(Reason::NoDirection))
        .or_else(|| date_objection(mail.sent_on, draft.date.as_ref()));
    objection.map_or(Verdict::Book, |reason| Verdict::Review { reason })
}

fn kind_objection(kind: Kind, authenticity: Authenticity) -> Option<Reason> {
    if !kind.books() {
        return Some(Reason::KindDoesNotBook);
    }
    (authenticity == Authenticity::Failed).then_some(Reason::SenderNotAuthentic)
}

fn amount_objection(mail: &MailView<'_>, draft: &Draft) -> Option<Reason> {
    let Some(amount) = &draft.amount else { return Some(Reason::NoAmount) };
    let Some(currency) = &draft.currency else { return Some(Reason::CurrencyUnclear) };
    if !amount.value.is_sign_positive() || amount.value.is_zero() {
        return Some(Reason::AmountNotPositive);
    }
    if !(Money { amount: amount.value, currency: currency.value }).fits() {
        return Some(Reason::AmountTooPrecise);
    }
    let Some(printed) = at(mail, amount.span).filter(|printed| denotes(printed, amount.value)) else {
        return Some(Reason::AmountNotInMail);
    };
    let is_finer =
        amount.value.normalize().scale() > currency.value.exponent() && amount.value >= Decimal::ONE;
    if is_finer || is_ambiguous(printed, currency.value, mail) {
        return Some(Reason::AmountAmbiguous);
    }
    let is_inferred = currency.span.is_empty();
    (is_inferred && mail.account_currencies != [currency.value]).then_some(Reason::CurrencyUnclear)
}

/// True when the printed digits can mean that value: all of their separators group, or the last one is the decimal point. A
/// value with the right digits and the point elsewhere is another amount.
fn denotes(printed: &str, value: Decimal) -> bool {
    let folded: String = super::offline::fold(printed).nfkc().collect();
    let text = folded.trim_matches(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ',');
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let reading = |whole: &str, decimals: &str| format!("{}.{decimals}0", digits(whole)).parse().ok();
    let last = text.char_indices().rfind(|(_, letter)| !letter.is_ascii_digit());
    let Some((at, separator)) = last else { return reading(text, "") == Some(value) };
    let (head, tail) = (&text[..at], &text[at + separator.len_utf8()..]);
    let groups = tail.len() == 3 || tail.is_empty();
    let points = matches!(separator, '.' | ',');
    (groups && reading(text, "") == Some(value)) || (points && reading(head, tail) == Some(value))
}

/// `1.234` is a thousand and more or one and a bit; only a currency without two decimals, or other amounts, tell.
fn is_ambiguous(text: &str, currency: Currency, mail: &MailView<'_>) -> bool {
    let mut separators = text.chars().filter(|letter| !letter.is_numeric());
    let (only, more) = (separators.next(), separators.next());
    let behind = text.rsplit('.').next().unwrap_or_default().chars().count();
    let groups_with_dots = super::offline::writes_dot_thousands(mail.country, currency);
    only == Some('.')
        && more.is_none()
        && behind == 3
        && currency.exponent() == 2
        && !groups_with_dots
        && !text.starts_with("0.")
}

fn date_objection(sent_on: Option<NaiveDate>, date: Option<&Field<NaiveDate>>) -> Option<Reason> {
    let Some(sent_on) = sent_on else { return Some(Reason::DateUnclear) };
    let date = date?.value;
    if date > sent_on.checked_add_days(Days::new(2))? {
        return Some(Reason::DateInFuture);
    }
    (date < sent_on.checked_sub_days(Days::new(400))?).then_some(Reason::DateTooOld)
}

/// The words of the mail at a span.
fn at<'a>(mail: &MailView<'a>, span: Span) -> Option<&'a str> {
    let text = match span.source {
        Source::Text => mail.text,
        Source::Subject => mail.subject?,
    };
    let byte = |units: u32| {
        let units = usize::try_from(units).ok()?;
        let mut seen = 0;
        let inside = text.char_indices().find_map(|(at, letter)| {
            let here = seen;
            seen += letter.len_utf16();
            (here >= units).then_some(at)
        });
        inside.or((seen >= units).then_some(text.len()))
    };
    text.get(byte(span.start)?..byte(span.end)?)
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
