//! The gate: a draft books only when the mail itself bears it out. It is code, and no reader's opinion moves it.

use chrono::{Days, NaiveDate};
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
    let printed = at(mail, amount.span).map(digits).unwrap_or_default();
    let expected = digits(&amount.value.normalize().to_string());
    if printed.trim_matches('0') != expected.trim_matches('0') || printed.is_empty() {
        return Some(Reason::AmountNotInMail);
    }
    if at(mail, amount.span).is_some_and(|text| is_ambiguous(text, currency.value, mail)) {
        return Some(Reason::AmountAmbiguous);
    }
    let is_inferred = currency.span.is_empty();
    let follows = mail.account_currencies == [currency.value]
        || (mail.account_currencies.is_empty() && mail.home_currency == Some(currency.value));
    (is_inferred && !follows).then_some(Reason::CurrencyUnclear)
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
    let (sent_on, date) = (sent_on?, date?.value);
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

fn digits(text: &str) -> String {
    let folded = super::offline::fold(text);
    folded.nfkc().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
