//! The object `Account`.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use crate::accounts;
use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{CurrencyCode, DateTime, Money};
use crate::graphql::transactions;
use crate::graphql::transactions::object::Transaction;
use crate::transactions::of_parents::Parent;

/// The object over a row.
pub struct Account(pub accounts::Account);

impl Ready for Account {
    const WAITING: &'static [&'static str] = &["balance", "masks", "transactions"];
}

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

    /// The domain of who writes about it, such as a bank's, or what the user calls them, in lower case; null when that is not known.
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

    /// What it holds: the opening balance and everything that was booked in its currency and is not void, pending amounts among
    /// it. What was booked on it in another currency is left out: it is not converted. Null only when it could not be added up.
    async fn balance(&self, ctx: &Context<'_>) -> Related<Money> {
        let sum = ctx.loaders().counts.sums_of_accounts.load(self.0.id).await;
        let balance = sum.and_then(|sum| {
            let amount = self.0.opening_balance + sum.unwrap_or_default();
            Money::of(amount, &self.0.currency).map_err(Arc::new)
        });
        Some(balance)
    }

    /// The shortened numbers by which mails name it; null only when they could not be loaded.
    async fn masks(&self, ctx: &Context<'_>) -> Related<Vec<AccountMask>> {
        let found = ctx.loaders().masks.load(self.0.id).await;
        Some(found.map(|masks| masks.unwrap_or_default().into_iter().map(AccountMask).collect()))
    }

    /// The transactions on it, the newest first; null only when they could not be loaded.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<Transaction>> {
        let window = Window { first, after, last, before };
        Some(transactions::query::list_of_parent(ctx, Parent::Account, self.0.id, &window).await)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A shortened number by which mails name an account.
pub struct AccountMask(accounts::AccountMask);

/// A shortened number by which mails name an account, such as the last digits of a card.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl AccountMask {
    /// The domain that uses it.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What it shortens: the number of an account, of a card and so on.
    async fn kind(&self) -> Result<AccountKind> {
        let kind = accounts::Kind::parse(&self.0.kind).map(AccountKind::from);
        kind.ok_or_else(|| Error::internal("a mask is of an unknown kind", self.0.kind.as_str()))
    }

    /// The digits and letters that mails show.
    async fn mask(&self) -> &str {
        &self.0.mask
    }
}
