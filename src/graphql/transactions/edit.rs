//! The transaction that a person makes, and what is to be different about one.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::error::Result;
use crate::graphql::change::changed;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::{Date, DateTime, Decimal, MoneyInput};
use crate::graphql::transactions::object::TransactionState;
use crate::transactions::{NewTransaction, Source, State, TransactionChanges};

/// The transaction to make.
#[derive(InputObject)]
pub struct CreateTransactionInput {
    /// The account that the money went out of or into.
    account_id: ID,
    /// The day.
    booked_on: Date,
    /// The moment.
    occurred_at: Option<DateTime>,
    /// How much, in the account's currency and from its view: money that went out is negative. Not zero, with no
    /// more decimals than the currency has.
    amount: Decimal,
    /// What the merchant charged, when it was billed in another currency; with the sign of the amount.
    original_amount: Option<MoneyInput>,
    /// Who was paid, or who paid; at most 200 characters.
    merchant: Option<String>,
    /// What it was for; at most 500 characters.
    description: Option<String>,
    /// What the user has to say about it; at most 5000 characters.
    notes: Option<String>,
    /// What it was earned or spent on.
    category_id: Option<ID>,
    /// How final it is.
    #[graphql(default_with = "TransactionState::Posted")]
    state: TransactionState,
    /// A second call with the same key and input within a day makes nothing, and answers as the first one did.
    pub idempotency_key: Option<String>,
}

/// What is to be different about a transaction. What is left out stays as it is; what is given here no later reading of its mails
/// overwrites.
#[derive(InputObject)]
pub struct UpdateTransactionInput {
    /// The transaction.
    pub id: ID,
    /// The account. One in another currency needs the amount, too.
    account_id: MaybeUndefined<ID>,
    /// The day.
    booked_on: MaybeUndefined<Date>,
    /// The moment; null for none.
    occurred_at: MaybeUndefined<DateTime>,
    /// How much, in the currency that it has, or in that of the new account; money that went out is negative. Not zero,
    /// with no more decimals than the currency has.
    amount: MaybeUndefined<Decimal>,
    /// What the merchant charged in another currency, with the sign of the amount; null for nothing.
    original_amount: MaybeUndefined<MoneyInput>,
    /// Who was paid, or who paid, at most 200 characters; null for nobody.
    merchant: MaybeUndefined<String>,
    /// What it was for, at most 500 characters; null for nothing.
    description: MaybeUndefined<String>,
    /// What the user has to say about it, at most 5000 characters; null for nothing.
    notes: MaybeUndefined<String>,
    /// What it was earned or spent on; null for nothing.
    category_id: MaybeUndefined<ID>,
    /// How final it is.
    state: MaybeUndefined<TransactionState>,
}

/// The transaction to delete.
#[derive(InputObject)]
pub struct DeleteTransactionInput {
    /// The transaction.
    pub id: ID,
}

impl CreateTransactionInput {
    /// The transaction as the rules take it, from that source.
    pub fn parse(self, source: Source) -> Result<NewTransaction> {
        let category_id = self.category_id.map(|id| NodeType::Category.read(&id, "categoryId"));
        Ok(NewTransaction {
            account_id: NodeType::Account.read(&self.account_id, "accountId")?,
            booked_on: self.booked_on.0,
            occurred_at: self.occurred_at.map(|at| at.0),
            amount: self.amount.0,
            original: self.original_amount.map(|money| money.parse()).transpose()?,
            merchant: self.merchant,
            description: self.description,
            notes: self.notes,
            category_id: category_id.transpose()?,
            state: State::from(self.state),
            source,
        })
    }
}

impl UpdateTransactionInput {
    /// The changes as the rules take them.
    pub fn parse(self) -> Result<TransactionChanges> {
        let account_id = changed("accountId", self.account_id)?;
        let category_id: Option<Option<ID>> = self.category_id.into();
        let category = |id: Option<ID>| id.map(|id| NodeType::Category.read(&id, "categoryId")).transpose();
        let original: Option<Option<MoneyInput>> = self.original_amount.into();
        let money = |given: Option<MoneyInput>| given.map(|money| money.parse()).transpose();
        let occurred_at: Option<Option<DateTime>> = self.occurred_at.into();
        Ok(TransactionChanges {
            account_id: account_id.map(|id| NodeType::Account.read(&id, "accountId")).transpose()?,
            booked_on: changed("bookedOn", self.booked_on)?.map(|day| day.0),
            occurred_at: occurred_at.map(|given| given.map(|at| at.0)),
            amount: changed("amount", self.amount)?.map(|amount| amount.0),
            original: original.map(money).transpose()?,
            merchant: self.merchant.into(),
            description: self.description.into(),
            notes: self.notes.into(),
            category_id: category_id.map(category).transpose()?,
            state: changed("state", self.state)?.map(Into::into),
        })
    }
}
