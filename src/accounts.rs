//! Money accounts: bank accounts, cards and wallets, learned from the masks by which mails name them.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::containing;
use crate::db::schema::{account_masks, accounts};
use crate::page::Page;
use crate::viewer::Visibility;

pub mod change;
pub mod learn;
pub mod note;

pub use change::{AccountChanges, NewAccount, create, update};

/// What kind of place for money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An account at a bank.
    Bank,
    /// A card.
    Card,
    /// A wallet, such as a payment service.
    Wallet,
    /// Banknotes and coins.
    Cash,
    /// Anything else, `Unassigned` accounts among them.
    Other,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Bank, Self::Card, Self::Wallet, Self::Cash, Self::Other];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "BANK",
            Self::Card => "CARD",
            Self::Wallet => "WALLET",
            Self::Cash => "CASH",
            Self::Other => "OTHER",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An account as a row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct Account {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// Unique among the user's accounts, ignoring case.
    pub name: String,
    /// The domain of who writes about it.
    pub issuer: Option<String>,
    /// BANK, CARD, WALLET, CASH or OTHER.
    pub kind: String,
    /// ISO 4217 code of the account's own currency.
    pub currency: String,
    /// What it held before its first transaction.
    pub opening_balance: Decimal,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A shortened number by which mails name an account.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = account_masks)]
pub struct AccountMask {
    /// The account.
    pub account_id: Uuid,
    /// The domain that uses it.
    pub issuer: String,
    /// What it shortens: the name of a [`Kind`].
    pub kind: String,
    /// The digits and letters that mails show.
    pub mask: String,
}

/// Conditions that all have to hold; an empty list or `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Of one of these kinds.
    pub kinds: Vec<Kind>,
    /// In one of these currencies.
    pub currencies: Vec<String>,
    /// The name or the issuer holds this, ignoring case.
    pub text: Option<String>,
}

/// One stretch of the visible accounts, in the order in which they were made; `newest_first` turns it round.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &AccountFilter,
    newest_first: bool,
    page: Page<Uuid>,
) -> QueryResult<Vec<Account>> {
    let mut query = matching(visibility, filter).select(Account::as_select()).limit(page.limit);
    let (above, below) = if newest_first { (page.before, page.after) } else { (page.after, page.before) };
    if let Some(above) = above {
        query = query.filter(accounts::id.gt(above));
    }
    if let Some(below) = below {
        query = query.filter(accounts::id.lt(below));
    }
    let sorted = if newest_first == page.is_from_end {
        query.order(accounts::id.asc())
    } else {
        query.order(accounts::id.desc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible accounts pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &AccountFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The account with that id, when it is visible.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Account>> {
    let query = visible_to(visibility).filter(accounts::id.eq(id));
    query.select(Account::as_select()).first(conn).await.optional()
}

/// The masks of each of the visible accounts among `ids`, in the order in which they were learned.
pub async fn masks_of(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<AccountMask>> {
    let mut query = account_masks::table.filter(account_masks::account_id.eq_any(ids)).into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(account_masks::user_id.eq(user));
    }
    query.order(account_masks::id).select(AccountMask::as_select()).load(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Account>> {
    visible_to(visibility).filter(accounts::id.eq_any(ids)).select(Account::as_select()).load(conn).await
}

fn visible_to<'a>(visibility: Visibility) -> accounts::BoxedQuery<'a, Pg> {
    let query = accounts::table.into_boxed();
    match visibility.user() {
        Some(user) => query.filter(accounts::user_id.eq(user)),
        None => query,
    }
}

fn matching<'a>(visibility: Visibility, filter: &AccountFilter) -> accounts::BoxedQuery<'a, Pg> {
    let mut query = visible_to(visibility);
    if !filter.kinds.is_empty() {
        let names: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        query = query.filter(accounts::kind.eq_any(names));
    }
    if !filter.currencies.is_empty() {
        query = query.filter(accounts::currency.eq_any(filter.currencies.clone()));
    }
    match containing(filter.text.as_deref()) {
        Some(pattern) => {
            query.filter(accounts::name.ilike(pattern.clone()).or(accounts::issuer.ilike(pattern)))
        }
        None => query,
    }
}
