//! Which sightings are wanted, and what a person says about one.

use async_graphql::{ID, InputObject};

use crate::error::Result;
use crate::extraction::accept::Said;
use crate::extraction::review;
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::{Date, Decimal, MoneyInput};
use crate::graphql::sightings::object::SightingState;

/// Which sightings are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct SightingFilter {
    /// In one of these states.
    states: Option<Vec<SightingState>>,
    /// Seen in one of these mails.
    email_ids: Option<Vec<ID>>,
}

/// The sighting to book, and what is different about it than the mail was read to say. What is left out or null is booked as it was
/// read; what is given no later reading of the mail overwrites.
#[derive(InputObject)]
pub struct AcceptSightingInput {
    /// The sighting: one that waits, or that was rejected before.
    pub id: ID,
    /// The account; the one that the mail names unless given.
    account_id: Option<ID>,
    /// The day.
    booked_on: Option<Date>,
    /// How much, from the account's view: money that went out is negative. In the currency of `accountId` where that is given, else
    /// in the one that was read. Not zero, with no more decimals than the currency has.
    amount: Option<Decimal>,
    /// What the merchant charged in another currency; with the sign of the amount.
    original_amount: Option<MoneyInput>,
    /// Who was paid, or who paid; at most 200 characters.
    merchant: Option<String>,
    /// What it was for; at most 500 characters.
    description: Option<String>,
    /// What the user has to say about it; at most 5000 characters.
    notes: Option<String>,
    /// What it was earned or spent on.
    category_id: Option<ID>,
    /// A second call with the same key and input within a day makes nothing, and answers as the first one did.
    pub idempotency_key: Option<String>,
}

/// The sighting that is no transaction.
#[derive(InputObject)]
pub struct RejectSightingInput {
    /// The sighting.
    pub id: ID,
    /// Why, at most 500 characters; one that was given before stays unless there is a new one.
    pub reason: Option<String>,
}

impl SightingFilter {
    /// The filter as the list takes it; an error for an id of another type.
    pub fn parse(self) -> Result<review::SightingFilter> {
        Ok(review::SightingFilter {
            states: self.states.into_iter().flatten().map(Into::into).collect(),
            email_ids: NodeType::Email.read_all(self.email_ids.as_ref(), "emailIds")?,
        })
    }
}

impl AcceptSightingInput {
    /// What the person says, as the rules take it.
    pub fn parse(self) -> Result<Said> {
        let account_id = self.account_id.map(|id| NodeType::Account.read(&id, "accountId"));
        let category_id = self.category_id.map(|id| NodeType::Category.read(&id, "categoryId"));
        Ok(Said {
            account_id: account_id.transpose()?,
            booked_on: self.booked_on.map(|day| day.0),
            amount: self.amount.map(|amount| amount.0),
            original: self.original_amount.map(|money| money.parse()).transpose()?,
            merchant: self.merchant,
            description: self.description,
            notes: self.notes,
            category_id: category_id.transpose()?,
        })
    }
}
