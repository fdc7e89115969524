//! Money accounts: bank accounts, cards and wallets, learned from the masks by which mails name them.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::accounts;
use crate::page::Page;
use crate::viewer::Visibility;

pub mod learn;

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

/// One stretch of the visible accounts, in the order in which they were made.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    page: Page<Uuid>,
) -> QueryResult<Vec<Account>> {
    let mut query = visible_to(visibility).select(Account::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(accounts::id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(accounts::id.lt(before));
    }
    let sorted =
        if page.is_from_end { query.order(accounts::id.desc()) } else { query.order(accounts::id.asc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many accounts are visible.
pub async fn count(conn: &mut AsyncPgConnection, visibility: Visibility) -> QueryResult<i64> {
    visible_to(visibility).count().get_result(conn).await
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
