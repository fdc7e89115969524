//! What a reading of a mail gives: its kind, and drafts whose every field says where it stands in the mail.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Currency;

/// What is known about a mail when it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct MailView<'a> {
    /// The text, as stored: spans count its UTF-16 units.
    pub text: &'a str,
    /// The subject.
    pub subject: Option<&'a str>,
    /// The sender's address, in lower case; the inner one of a forwarded mail.
    pub sender_address: Option<&'a str>,
    /// The sender's name.
    pub sender_name: Option<&'a str>,
    /// The day on which it was sent, in the user's zone; the inner one of a forwarded mail.
    pub sent_on: Option<NaiveDate>,
    /// The user's base currency.
    pub home_currency: Option<Currency>,
    /// The currencies of the accounts that this sender's mails were about.
    pub account_currencies: &'a [Currency],
    /// The sender's country (ISO 3166, two letters, lower case), from the domain or the account.
    pub country: Option<&'a str>,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Something was bought.
    Purchase,
    /// A card payment was authorised and may still change.
    Authorisation,
    /// An amount was booked on an account.
    Posted,
    /// A payment was refused.
    Declined,
    /// A payment was undone.
    Reversal,
    /// A merchant paid back.
    Refund,
    /// Money moved between accounts or people.
    Transfer,
    /// Cash was drawn or paid in.
    Cash,
    /// Salary, interest and other money in.
    Income,
    /// The bank took a fee.
    Fee,
    /// A summary of an account.
    Statement,
    /// An amount that will be taken or is to be paid.
    BillDue,
    /// Somebody asks for money, or the user is asked to confirm.
    PaymentRequest,
    /// An account's balance and nothing else.
    Balance,
    /// An order was placed.
    Order,
    /// A parcel is on its way.
    Shipping,
    /// A subscription changed.
    Subscription,
    /// A code to confirm something with.
    OneTimePassword,
    /// Advertising.
    Marketing,
    /// A login, a changed password, a blocked card.
    Security,
    /// Nothing of the kind.
    Unrelated,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::Purchase,
        Self::Authorisation,
        Self::Posted,
        Self::Declined,
        Self::Reversal,
        Self::Refund,
        Self::Transfer,
        Self::Cash,
        Self::Income,
        Self::Fee,
        Self::Statement,
        Self::BillDue,
        Self::PaymentRequest,
        Self::Balance,
        Self::Order,
        Self::Shipping,
        Self::Subscription,
        Self::OneTimePassword,
        Self::Marketing,
        Self::Security,
        Self::Unrelated,
    ];

    /// The name that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "PURCHASE",
            Self::Authorisation => "AUTHORISATION",
            Self::Posted => "POSTED",
            Self::Declined => "DECLINED",
            Self::Reversal => "REVERSAL",
            Self::Refund => "REFUND",
            Self::Transfer => "TRANSFER",
            Self::Cash => "CASH",
            Self::Income => "INCOME",
            Self::Fee => "FEE",
            Self::Statement => "STATEMENT",
            Self::BillDue => "BILL_DUE",
            Self::PaymentRequest => "PAYMENT_REQUEST",
            Self::Balance => "BALANCE",
            Self::Order => "ORDER",
            Self::Shipping => "SHIPPING",
            Self::Subscription => "SUBSCRIPTION",
            Self::OneTimePassword => "ONE_TIME_PASSWORD",
            Self::Marketing => "MARKETING",
            Self::Security => "SECURITY",
            Self::Unrelated => "UNRELATED",
        }
    }

    /// The kind of a name that `as_str` gave.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// True when a mail of this kind says that money moved.
    pub fn books(self) -> bool {
        match self {
            Self::Purchase
            | Self::Authorisation
            | Self::Posted
            | Self::Reversal
            | Self::Refund
            | Self::Transfer
            | Self::Cash
            | Self::Income
            | Self::Fee
            | Self::Order => true,
            Self::Declined
            | Self::Statement
            | Self::BillDue
            | Self::PaymentRequest
            | Self::Balance
            | Self::Shipping
            | Self::Subscription
            | Self::OneTimePassword
            | Self::Marketing
            | Self::Security
            | Self::Unrelated => false,
        }
    }
}

/// Which way the money went, from the account's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// Into the account.
    In,
    /// Out of the account.
    Out,
}

/// Which step of the pipeline read a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Machine-readable data in the mail.
    Structured,
    /// A template learned for the sender.
    Template,
    /// General rules.
    Offline,
    /// A language model.
    Llm,
}

/// Which part of a mail a span lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// The text.
    Text,
    /// The subject.
    Subject,
}

/// A place in a mail: `[start, end)` in UTF-16 units, before any normalisation. Empty for a value that stands nowhere
/// and was inferred, such as a currency that follows from the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first unit.
    pub start: u32,
    /// The unit after the last.
    pub end: u32,
    /// What the units are counted in.
    pub source: Source,
}

impl Span {
    /// True for a value that stands nowhere in the mail.
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field<T> {
    /// The value.
    pub value: T,
    /// Its place in the mail.
    pub span: Span,
    /// Who read it.
    pub stage: Stage,
}

/// One event, as far as it could be read. An absent field was not found; nothing is guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// How much, without a sign.
    pub amount: Option<Field<Decimal>>,
    /// In what.
    pub currency: Option<Field<Currency>>,
    /// What the merchant charged, where that was another currency; without a sign.
    pub original_amount: Option<Field<Decimal>>,
    /// In what; present with `original_amount` and only with it.
    pub original_currency: Option<Field<Currency>>,
    /// Which way.
    pub direction: Option<Field<Direction>>,
    /// Where it was spent, or who paid.
    pub merchant: Option<Field<String>>,
    /// The day that is printed.
    pub date: Option<Field<NaiveDate>>,
    /// The moment, where a time with its zone is printed.
    pub occurred_at: Option<Field<DateTime<FixedOffset>>>,
    /// The last digits of the user's card or account.
    pub account_mask: Option<Field<String>>,
    /// The bank's or the shop's number for it.
    pub reference: Option<Field<String>>,
    /// The balance or the limit that was left.
    pub balance: Option<Field<Decimal>>,
    /// The fee, where it is told apart.
    pub fee: Option<Field<Decimal>>,
    /// The other side of a transfer.
    pub counterparty: Option<Field<String>>,
}

/// A mail, as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is about.
    pub kind: Kind,
    /// Why that kind, in the words of the mail that said so; empty when nothing did.
    pub kind_reason: String,
    /// The events in it, in the order of the text. Empty for a kind that does not book.
    pub drafts: Vec<Draft>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::parse("purchase"), None);
    }

    #[test]
    fn a_draft_survives_its_json() {
        let span = Span { start: 3, end: 8, source: Source::Subject };
        let draft = Draft {
            amount: Some(Field { value: Decimal::new(1250, 2), span, stage: Stage::Offline }),
            direction: Some(Field { value: Direction::Out, span, stage: Stage::Llm }),
            ..Draft::default()
        };
        let json = serde_json::to_string(&draft).unwrap();
        assert!(json.contains("\"12.50\""));
        assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), draft);
    }
}
