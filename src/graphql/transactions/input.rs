//! Which transactions are wanted, and in which order.

use async_graphql::{Enum, ID, InputObject};

use crate::error::Result;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::{CurrencyCode, Date, Decimal};
use crate::graphql::transactions::object::{Direction, TransactionSource, TransactionState};
use crate::transactions;

/// Which transactions are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct TransactionFilter {
    /// Booked on this day or later.
    booked_from: Option<Date>,
    /// Booked on this day or earlier.
    booked_to: Option<Date>,
    /// The size of the amount, without its sign, is this or more.
    min_amount: Option<Decimal>,
    /// The size of the amount, without its sign, is this or less.
    max_amount: Option<Decimal>,
    /// In one of these currencies.
    currencies: Option<Vec<CurrencyCode>>,
    /// On one of these accounts.
    account_ids: Option<Vec<ID>>,
    /// In one of these categories.
    category_ids: Option<Vec<ID>>,
    /// True for the transactions with a category, false for those without.
    has_category: Option<bool>,
    /// Which way the money went.
    direction: Option<Direction>,
    /// From one of these sources.
    sources: Option<Vec<TransactionSource>>,
    /// In one of these states.
    states: Option<Vec<TransactionState>>,
    /// The merchant, the description or the notes hold this, ignoring case.
    text: Option<String>,
}

/// The order of a list of transactions. Rows of one day stand in the order in which they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum TransactionOrder {
    /// The newest day first.
    #[default]
    BookedOnDesc,
    /// The oldest day first.
    BookedOnAsc,
}

impl TransactionFilter {
    /// The filter as the ledger takes it; an error for an id of another type.
    pub fn parse(self) -> Result<transactions::Filter> {
        let sources = self.sources.unwrap_or_default().into_iter().map(Into::into);
        let states = self.states.unwrap_or_default().into_iter().map(Into::into);
        Ok(transactions::Filter {
            from: self.booked_from.map(|day| day.0),
            to: self.booked_to.map(|day| day.0),
            min_amount: self.min_amount.map(|amount| amount.0),
            max_amount: self.max_amount.map(|amount| amount.0),
            currencies: self.currencies.unwrap_or_default().into_iter().map(|code| code.0).collect(),
            account_ids: NodeType::Account.read_all(self.account_ids.as_ref(), "accountIds")?,
            category_ids: NodeType::Category.read_all(self.category_ids.as_ref(), "categoryIds")?,
            has_category: self.has_category,
            direction: self.direction.map(Into::into),
            sources: sources.collect(),
            states: states.collect(),
            text: self.text,
        })
    }
}
