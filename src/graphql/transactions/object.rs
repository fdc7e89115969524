//! The object `Transaction`.

use async_graphql::{Context, Enum, ID, Object};

use crate::error::{Error, Result};
use crate::graphql::accounts::object::Account;
use crate::graphql::at_once::{AtOnce, Ready};
use crate::graphql::categories::object::Category;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::object::Job;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{Date, DateTime, Money};
use crate::transactions;

/// The object over a row.
pub struct Transaction(pub transactions::Transaction);

impl Ready for Transaction {
    const WAITING: &'static [&'static str] = &["account", "category", "email", "extraction", "job"];
}

/// Which way money went, from the account's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Direction", remote = "transactions::Direction")]
pub enum Direction {
    /// Into the account.
    In,
    /// Out of the account.
    Out,
}

/// Where a transaction came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "TransactionSource", remote = "transactions::Source")]
pub enum TransactionSource {
    /// A mail.
    Mail,
    /// A person.
    Manual,
    /// A file of transactions.
    Import,
    /// A program with a token.
    Api,
}

/// How final a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "TransactionState", remote = "transactions::State")]
pub enum TransactionState {
    /// Authorised; the amount may still change.
    Pending,
    /// Booked.
    Posted,
    /// Reversed.
    Void,
}

/// A field of a transaction that a person can set, or a group that is set together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "TransactionField", remote = "transactions::EditedField")]
pub enum TransactionField {
    /// The day and the moment.
    BookedOn,
    /// The amount, its currency, and what the merchant charged in another one.
    Amount,
    /// Who was paid, or who paid.
    Merchant,
    /// What it was for.
    Description,
    /// The notes.
    Notes,
    /// The account.
    Account,
    /// The category.
    Category,
    /// How final it is.
    State,
}

/// Money that moved, as the ledger holds it.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Transaction {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Transaction.id(self.0.id)
    }

    /// The day in the owner's time zone, fixed when it was filed.
    async fn booked_on(&self) -> Date {
        Date(self.0.booked_on)
    }

    /// The moment; null where only the day is known.
    async fn occurred_at(&self) -> Option<DateTime> {
        self.0.occurred_at.map(DateTime)
    }

    /// How much, from the account's view: money that went out is negative.
    async fn amount(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.amount, &self.0.currency).map(AtOnce)
    }

    /// What the merchant charged, when it was billed in another currency; null otherwise.
    async fn original_amount(&self) -> Option<async_graphql::Result<Money>> {
        let (amount, currency) = self.0.original_amount.zip(self.0.original_currency.as_deref())?;
        Some(Money::of(amount, currency).map_err(Into::into))
    }

    /// Which way the money went.
    async fn direction(&self) -> Direction {
        if self.0.amount.is_sign_negative() { Direction::Out } else { Direction::In }
    }

    /// Who was paid, or who paid; null when that is not known.
    async fn merchant(&self) -> Option<&str> {
        self.0.merchant.as_deref()
    }

    /// What it was for; null when that is not known.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// What a person wrote about it; null when nobody did.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// The account that the money went out of or into. Every transaction has one; null only when it could not be read.
    async fn account(&self, ctx: &Context<'_>) -> Related<AtOnce<Account>> {
        ctx.loaders().accounts.related(Some(self.0.account_id), |row| AtOnce(Account(row))).await
    }

    /// What it was earned or spent on; null when nobody has said.
    async fn category(&self, ctx: &Context<'_>) -> Related<AtOnce<Category>> {
        ctx.loaders().categories.related(self.0.category_id, |row| AtOnce(Category(row))).await
    }

    /// The mail that it was first seen in; null for one that no mail made.
    async fn email(&self, ctx: &Context<'_>) -> Related<Email> {
        let link = ctx.loaders().links.load(self.0.id).await.transpose()?;
        match link {
            Ok(link) => ctx.loaders().emails.related(Some(link.email_id), Email).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The reading of that mail that it was last read by; null for one that no mail made.
    async fn extraction(&self, ctx: &Context<'_>) -> Related<Extraction> {
        let link = ctx.loaders().links.load(self.0.id).await.transpose()?;
        match link {
            Ok(link) => ctx.loaders().extractions.related(Some(link.extraction_id), Extraction).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The job that read that mail; null for one that no job made, and when the job is gone: jobs are not kept for ever.
    async fn job(&self, ctx: &Context<'_>) -> Related<Job> {
        let link = ctx.loaders().links.load(self.0.id).await.transpose()?;
        match link {
            Ok(link) => ctx.loaders().jobs.related(link.job_id, Job).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// Where it came from.
    async fn source(&self) -> Result<TransactionSource> {
        let source = transactions::Source::parse(&self.0.source).map(TransactionSource::from);
        source.ok_or_else(|| Error::internal("a transaction has an unknown source", self.0.source.as_str()))
    }

    /// How final it is.
    async fn state(&self) -> Result<TransactionState> {
        let state = transactions::State::parse(&self.0.state).map(TransactionState::from);
        state.ok_or_else(|| Error::internal("a transaction is in an unknown state", self.0.state.as_str()))
    }

    /// What a person has set: no later reading of its mails overwrites that.
    async fn edited_fields(&self) -> Vec<TransactionField> {
        let names = self.0.edited_fields.iter().flatten();
        names.filter_map(|name| transactions::EditedField::parse(name)).map(Into::into).collect()
    }

    /// When it was filed.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
