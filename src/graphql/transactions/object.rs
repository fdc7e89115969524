//! The object `Transaction`.

use async_graphql::{Context, Enum, ID, Lookahead, Object, SelectionField};

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
use crate::graphql::named::{self, Reference};
use crate::graphql::scalars::{Date, DateTime, Money};
use crate::transactions::{self, Wanted};

/// The object over a row, or over as much of it as is asked for.
pub struct Transaction(transactions::Listed);

/// The fields for which a row in brief is enough.
const BRIEF: [&str; 8] =
    ["__typename", "id", "bookedOn", "amount", "direction", "merchant", "account", "category"];

impl Transaction {
    /// How much of each transaction is asked for where `rows` are selected.
    pub fn wanted(rows: &[Lookahead<'_>]) -> Wanted {
        let selected: Vec<_> = rows.iter().flat_map(Lookahead::selection_fields).collect();
        let mut fields = selected.iter().flat_map(SelectionField::selection_set);
        let whole = fields.any(|field| !BRIEF.contains(&field.name()));
        Wanted {
            whole,
            account_name: named::suffices(rows, "account"),
            category_name: named::suffices(rows, "category"),
        }
    }

    fn whole(&self) -> Result<&transactions::Transaction> {
        let missing = || {
            let id = self.0.brief.id.to_string();
            Error::internal("a transaction was read in brief, and more was asked for", id)
        };
        self.0.whole.as_deref().ok_or_else(missing)
    }
}

impl From<transactions::Listed> for Transaction {
    fn from(listed: transactions::Listed) -> Self {
        Self(listed)
    }
}

impl From<transactions::Transaction> for Transaction {
    fn from(row: transactions::Transaction) -> Self {
        Self(transactions::Listed::whole(row, transactions::Names::default()))
    }
}

impl Ready for Transaction {
    const WAITING: &'static [&'static str] = &["account", "category", "email", "extraction", "job"];

    fn holds(&self, field: &str) -> bool {
        match field {
            "account" => self.0.names.account.is_some(),
            "category" => self.0.names.category.is_some() || self.0.brief.category_id.is_none(),
            _ => false,
        }
    }
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
        NodeType::Transaction.id(self.0.brief.id)
    }

    /// The day in the owner's time zone, fixed when it was filed.
    async fn booked_on(&self) -> Date {
        Date(self.0.brief.booked_on)
    }

    /// The moment; null where only the day is known.
    async fn occurred_at(&self) -> Result<Option<DateTime>> {
        Ok(self.whole()?.occurred_at.map(DateTime))
    }

    /// How much, from the account's view: money that went out is negative.
    async fn amount(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.brief.amount, &self.0.brief.currency).map(AtOnce)
    }

    /// What the merchant charged, when it was billed in another currency; null otherwise.
    async fn original_amount(&self) -> Option<async_graphql::Result<Money>> {
        let original = || {
            let row = self.whole()?;
            let original = row.original_amount.zip(row.original_currency.as_deref());
            original.map(|(amount, currency)| Money::of(amount, currency)).transpose()
        };
        original().map_err(Into::into).transpose()
    }

    /// Which way the money went.
    async fn direction(&self) -> Direction {
        if self.0.brief.amount.is_sign_negative() { Direction::Out } else { Direction::In }
    }

    /// Who was paid, or who paid; null when that is not known.
    async fn merchant(&self) -> Option<&str> {
        self.0.brief.merchant.as_deref()
    }

    /// What it was for; null when that is not known.
    async fn description(&self) -> Result<Option<&str>> {
        Ok(self.whole()?.description.as_deref())
    }

    /// What a person wrote about it; null when nobody did.
    async fn notes(&self) -> Result<Option<&str>> {
        Ok(self.whole()?.notes.as_deref())
    }

    /// The account that the money went out of or into. Every transaction has one; null only when it could not be read.
    async fn account(&self, ctx: &Context<'_>) -> Related<Reference<Account>> {
        let (rows, id) = (&ctx.loaders().accounts, Some(self.0.brief.account_id));
        Reference::find(rows, NodeType::Account, id, self.0.names.account.as_ref(), Account).await
    }

    /// What it was earned or spent on; null when nobody has said.
    async fn category(&self, ctx: &Context<'_>) -> Related<Reference<Category>> {
        let (rows, id) = (&ctx.loaders().categories, self.0.brief.category_id);
        Reference::find(rows, NodeType::Category, id, self.0.names.category.as_ref(), Category).await
    }

    /// The mail that it was first seen in; null for one that no mail made.
    async fn email(&self, ctx: &Context<'_>) -> Related<AtOnce<Email>> {
        let link = ctx.loaders().links.load(self.0.brief.id).await.transpose()?;
        match link {
            Ok(link) => ctx.loaders().emails.related(Some(link.email_id), |row| AtOnce(Email(row))).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The reading of that mail that it was last read by; null for one that no mail made.
    async fn extraction(&self, ctx: &Context<'_>) -> Related<AtOnce<Extraction>> {
        let link = ctx.loaders().links.load(self.0.brief.id).await.transpose()?;
        match link {
            Ok(link) => {
                ctx.loaders()
                    .extractions
                    .related(Some(link.extraction_id), |row| AtOnce(Extraction(row)))
                    .await
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The job that read that mail; null for one that no job made, and when the job is gone: jobs are not kept for ever.
    async fn job(&self, ctx: &Context<'_>) -> Related<AtOnce<Job>> {
        let link = ctx.loaders().links.load(self.0.brief.id).await.transpose()?;
        match link {
            Ok(link) => ctx.loaders().jobs.related(link.job_id, |row| AtOnce(Job(row))).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// Where it came from.
    async fn source(&self) -> Result<TransactionSource> {
        let name = self.whole()?.source.as_str();
        let source = transactions::Source::parse(name).map(TransactionSource::from);
        source.ok_or_else(|| Error::internal("a transaction has an unknown source", name))
    }

    /// How final it is.
    async fn state(&self) -> Result<TransactionState> {
        let name = self.whole()?.state.as_str();
        let state = transactions::State::parse(name).map(TransactionState::from);
        state.ok_or_else(|| Error::internal("a transaction is in an unknown state", name))
    }

    /// What a person has set: no later reading of its mails overwrites that.
    async fn edited_fields(&self) -> Result<Vec<TransactionField>> {
        let names = self.whole()?.edited_fields.iter().flatten();
        Ok(names.filter_map(|name| transactions::EditedField::parse(name)).map(Into::into).collect())
    }

    /// When it was filed.
    async fn created_at(&self) -> Result<DateTime> {
        Ok(DateTime(self.whole()?.created_at))
    }

    /// When it last changed.
    async fn updated_at(&self) -> Result<DateTime> {
        Ok(DateTime(self.whole()?.updated_at))
    }
}
