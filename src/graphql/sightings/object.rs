//! The object `Sighting`, with what was read of it.

use async_graphql::{Context, Enum, ID, Object};

use crate::error::{Error, Result};
use crate::extraction::draft::{self, Field};
use crate::extraction::sighting;
use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{CurrencyCode, Date, DateTime, Decimal};
use crate::graphql::transactions::object::{Direction, Transaction};
use crate::money::{Currency, Money};
use crate::transactions;

/// The object over a row.
pub struct Sighting(pub sighting::Sighting);

impl Ready for Sighting {
    const WAITING: &'static [&'static str] = &["draft", "email", "extraction", "transaction"];
}

/// What became of a sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "SightingState", remote = "sighting::State")]
pub enum SightingState {
    /// It is in the ledger.
    Filed,
    /// It waits for a person.
    InReview,
    /// A person said that it is no transaction.
    Rejected,
}

/// One event that was seen in one mail.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Sighting {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Sighting.id(self.0.id)
    }

    /// What became of it.
    async fn state(&self) -> Result<SightingState> {
        let state = sighting::State::parse(&self.0.state).map(SightingState::from);
        state.ok_or_else(|| Error::internal("a sighting is in an unknown state", self.0.state.as_str()))
    }

    /// Why it waits, as a code like `AMOUNT_AMBIGUOUS`, or why a person rejected it, in their words; null for one in the ledger.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What was read of it; null when an older version read it, in a form that is not known any more.
    async fn draft(&self, ctx: &Context<'_>) -> Related<SightingDraft> {
        ctx.loaders().drafts.related(Some(self.0.id), SightingDraft).await
    }

    /// The mail. Every sighting has one; null only when it could not be read.
    async fn email(&self, ctx: &Context<'_>) -> Related<Email> {
        ctx.loaders().emails.related(Some(self.0.email_id), Email).await
    }

    /// The reading that it was last seen in. Every sighting has one; null only when it could not be read.
    async fn extraction(&self, ctx: &Context<'_>) -> Related<Extraction> {
        ctx.loaders().extractions.related(Some(self.0.extraction_id), Extraction).await
    }

    /// The transaction; null for one that is not in the ledger, and for one whose transaction was deleted.
    async fn transaction(&self, ctx: &Context<'_>) -> Related<Transaction> {
        ctx.loaders().transactions.related(self.0.transaction_id, Transaction::from).await
    }

    /// When it was first seen.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The object over a draft.
pub struct SightingDraft(draft::Draft);

/// What was read of an event. What the mail does not say is null; nothing is guessed.
#[Object]
impl SightingDraft {
    /// How much, without a sign; with the decimals of the currency, where that was read.
    async fn amount(&self) -> Option<Decimal> {
        printed(self.0.amount.as_ref(), self.0.currency.as_ref())
    }

    /// In what.
    async fn currency(&self) -> Option<CurrencyCode> {
        value(self.0.currency.as_ref()).copied().map(Into::into)
    }

    /// What the merchant charged, where that was in another currency; without a sign.
    async fn original_amount(&self) -> Option<Decimal> {
        printed(self.0.original_amount.as_ref(), self.0.original_currency.as_ref())
    }

    /// In what the merchant charged.
    async fn original_currency(&self) -> Option<CurrencyCode> {
        value(self.0.original_currency.as_ref()).copied().map(Into::into)
    }

    /// Which way the money went.
    async fn direction(&self) -> Option<Direction> {
        let direction = value(self.0.direction.as_ref()).copied()?;
        Some(match direction {
            draft::Direction::In => transactions::Direction::In.into(),
            draft::Direction::Out => transactions::Direction::Out.into(),
        })
    }

    /// Who was paid, or who paid.
    async fn merchant(&self) -> Option<&str> {
        value(self.0.merchant.as_ref()).map(String::as_str)
    }

    /// The other side of a transfer.
    async fn counterparty(&self) -> Option<&str> {
        value(self.0.counterparty.as_ref()).map(String::as_str)
    }

    /// The day that is printed.
    async fn date(&self) -> Option<Date> {
        value(self.0.date.as_ref()).copied().map(Date)
    }

    /// The moment, where a time with its zone is printed.
    async fn occurred_at(&self) -> Option<DateTime> {
        value(self.0.occurred_at.as_ref()).map(|at| DateTime(at.to_utc()))
    }

    /// The last digits of the user's card or account.
    async fn account_mask(&self) -> Option<&str> {
        value(self.0.account_mask.as_ref()).map(String::as_str)
    }

    /// The bank's or the shop's number for it.
    async fn reference(&self) -> Option<&str> {
        value(self.0.reference.as_ref()).map(String::as_str)
    }
}

/// An amount with the decimals of its currency, as far as that is known.
fn printed(
    amount: Option<&Field<rust_decimal::Decimal>>,
    currency: Option<&Field<Currency>>,
) -> Option<Decimal> {
    let amount = *value(amount)?;
    let money = value(currency).map(|currency| Money { amount, currency: *currency });
    Some(Decimal(money.map_or(amount, |money| money.printed_amount())))
}

fn value<T>(field: Option<&Field<T>>) -> Option<&T> {
    field.map(|field| &field.value)
}
