//! Which money accounts are wanted, and what is to become of one.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use crate::accounts::{self, AccountChanges, NewAccount};
use crate::error::Result;
use crate::graphql::accounts::object::AccountKind;
use crate::graphql::change::changed;
use crate::graphql::scalars::{CurrencyCode, Decimal};

/// Which money accounts are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct AccountFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<AccountKind>>,
    /// In one of these currencies.
    currencies: Option<Vec<CurrencyCode>>,
    /// The name or the issuer holds this, ignoring case.
    text: Option<String>,
}

/// The order of a list of money accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum AccountOrder {
    /// The oldest first.
    #[default]
    CreatedAtAsc,
    /// The newest first.
    CreatedAtDesc,
}

/// The money account to make.
#[derive(InputObject)]
pub struct CreateAccountInput {
    /// Its name, 1 to 100 characters; unique among the user's accounts, ignoring case.
    name: String,
    /// What kind of place for money it is.
    kind: AccountKind,
    /// Its own currency.
    currency: CurrencyCode,
    /// The domain or the name of who writes about it, such as a bank's, at most 255 characters; kept in lower case.
    issuer: Option<String>,
    /// What it held before its first transaction, in its own currency, with no more decimals than that has; 0 unless given.
    opening_balance: Option<Decimal>,
    /// A second call with the same key and input within a day makes nothing, and answers as the first one did.
    pub idempotency_key: Option<String>,
}

/// What is to be different about a money account. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateAccountInput {
    /// The account.
    pub id: ID,
    /// Its name, 1 to 100 characters; unique among the user's accounts, ignoring case.
    name: MaybeUndefined<String>,
    /// What kind of place for money it is.
    kind: MaybeUndefined<AccountKind>,
    /// Its own currency. That of an account with transactions stays: the answer is `IN_USE`.
    currency: MaybeUndefined<CurrencyCode>,
    /// The domain or the name of who writes about it, at most 255 characters, kept in lower case; null for none.
    issuer: MaybeUndefined<String>,
    /// What it held before its first transaction, in its own currency, with no more decimals than that has.
    opening_balance: MaybeUndefined<Decimal>,
}

/// The money account to delete, and which other one takes its place.
#[derive(InputObject)]
pub struct DeleteAccountInput {
    /// The account.
    pub id: ID,
    /// The account, in the same currency, that takes over its transactions and the masks by which mails name it. Needed when it
    /// has transactions, deleted ones among them: otherwise the answer is `IN_USE`.
    pub transactions_to: Option<ID>,
}

impl AccountFilter {
    /// The filter as the list takes it.
    pub fn parse(self) -> accounts::AccountFilter {
        accounts::AccountFilter {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            currencies: self.currencies.into_iter().flatten().map(|code| code.0).collect(),
            text: self.text,
        }
    }
}

impl CreateAccountInput {
    /// The account as the rules take it.
    pub fn parse(self) -> Result<NewAccount> {
        Ok(NewAccount {
            name: self.name,
            issuer: self.issuer,
            kind: self.kind.into(),
            currency: self.currency.currency()?,
            opening_balance: self.opening_balance.map(|balance| balance.0).unwrap_or_default(),
        })
    }
}

impl UpdateAccountInput {
    /// The changes as the rules take them.
    pub fn parse(self) -> Result<AccountChanges> {
        let currency = changed("currency", self.currency)?;
        Ok(AccountChanges {
            name: changed("name", self.name)?,
            issuer: self.issuer.into(),
            kind: changed("kind", self.kind)?.map(Into::into),
            currency: currency.map(|code| code.currency()).transpose()?,
            opening_balance: changed("openingBalance", self.opening_balance)?.map(|balance| balance.0),
        })
    }
}
