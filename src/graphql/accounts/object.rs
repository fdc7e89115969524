//! The object `Account`.

use async_graphql::{Enum, ID, Object};

use crate::accounts;
use crate::error::{Error, Result};
use crate::graphql::global_id::NodeType;
use crate::graphql::scalars::{CurrencyCode, DateTime, Money};

/// The object over a row.
pub struct Account(pub accounts::Account);

/// What kind of place for money an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AccountKind", remote = "accounts::Kind")]
pub enum AccountKind {
    /// An account at a bank.
    Bank,
    /// A card.
    Card,
    /// A wallet, such as a payment service.
    Wallet,
    /// Banknotes and coins.
    Cash,
    /// Anything else, among it what was spent from no account that a mail names.
    Other,
}

/// A place for money: a bank account, a card, a wallet.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Account {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Account.id(self.0.id)
    }

    /// The name, unique among the user's accounts, ignoring case.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The domain of who writes about it, such as a bank's; null when that is not known.
    async fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// What kind of place it is.
    async fn kind(&self) -> Result<AccountKind> {
        let kind = accounts::Kind::parse(&self.0.kind).map(AccountKind::from);
        kind.ok_or_else(|| Error::internal("an account is of an unknown kind", self.0.kind.as_str()))
    }

    /// The account's own currency.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency.clone())
    }

    /// What it held before its first transaction.
    async fn opening_balance(&self) -> Result<Money> {
        Money::of(self.0.opening_balance, &self.0.currency)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
