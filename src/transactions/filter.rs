//! Which transactions are wanted.

use chrono::NaiveDate;
use diesel::alias;
use diesel::dsl::{
    Eq, Filter as Filtered, IntoBoxed, IsNull, LeftJoinOn, LeftJoinQuerySource, Nullable as NullableOf,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::{accounts, categories, transactions};
use crate::db::{containing, narrowed};
use crate::transactions::row::{Source, State};
use crate::viewer::Visibility;

/// Which way the money went, from the account's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Into the account.
    In,
    /// Out of the account.
    Out,
}

/// Conditions that all have to hold; an empty list or `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Booked on this day or later.
    pub from: Option<NaiveDate>,
    /// Booked on this day or earlier.
    pub to: Option<NaiveDate>,
    /// The size of the amount, without its sign, is this or more.
    pub min_amount: Option<Decimal>,
    /// The size of the amount, without its sign, is this or less.
    pub max_amount: Option<Decimal>,
    /// In one of these currencies.
    pub currencies: Vec<String>,
    /// On one of these accounts.
    pub account_ids: Vec<Uuid>,
    /// In one of these categories.
    pub category_ids: Vec<Uuid>,
    /// True for the ones with a category, false for those without.
    pub has_category: Option<bool>,
    /// Which way the money went.
    pub direction: Option<Direction>,
    /// From one of these sources.
    pub sources: Vec<Source>,
    /// In one of these states.
    pub states: Vec<State>,
    /// The merchant, description or notes hold this, ignoring case.
    pub text: Option<String>,
}

// Under names of their own: accounts and categories are joined already.
alias! {
    const OWNED_ACCOUNTS: Alias<OwnedAccounts> = accounts as owned_accounts;
    const OWNED_CATEGORIES: Alias<OwnedCategories> = categories as owned_categories;
}

/// Rows, each beside its account and its category, which are its owner's: its keys hold the owner. PostgreSQL leaves a join out whose
/// columns nobody selects.
pub(super) type Rows<'a> = IntoBoxed<'a, Filtered<WithCategory, IsNull<transactions::deleted_at>>, Pg>;
/// What the columns of [`Rows`] are selected from.
pub(super) type Joined = LeftJoinQuerySource<
    LeftJoinQuerySource<transactions::table, accounts::table, OnAccount>,
    categories::table,
    OnCategory,
>;
type OnAccount = Eq<accounts::id, transactions::account_id>;
type OnCategory = Eq<NullableOf<categories::id>, transactions::category_id>;
type WithAccount = LeftJoinOn<transactions::table, accounts::table, OnAccount>;
type WithCategory = LeftJoinOn<WithAccount, categories::table, OnCategory>;

/// The visible, living rows that pass the filter.
pub(super) fn matching<'a>(visibility: Visibility, filter: &Filter) -> Rows<'a> {
    let mut query = transactions::table
        .left_join(accounts::table.on(accounts::id.eq(transactions::account_id)))
        .left_join(categories::table.on(categories::id.nullable().eq(transactions::category_id)))
        .filter(transactions::deleted_at.is_null())
        .into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(transactions::user_id.eq(user));
    }
    if let Some(from) = filter.from {
        query = query.filter(transactions::booked_on.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(transactions::booked_on.le(to));
    }
    if let Some(size) = filter.min_amount {
        query = query.filter(transactions::amount.ge(size).or(transactions::amount.le(-size)));
    }
    if let Some(size) = filter.max_amount {
        query = query.filter(transactions::amount.between(-size, size));
    }
    match filter.direction {
        Some(Direction::In) => query = query.filter(transactions::amount.gt(Decimal::ZERO)),
        Some(Direction::Out) => query = query.filter(transactions::amount.lt(Decimal::ZERO)),
        None => {}
    }
    by_sets(by_owner(by_text(query, filter.text.as_deref()), visibility, filter), filter)
}

fn by_text<'a>(query: Rows<'a>, text: Option<&str>) -> Rows<'a> {
    let Some(pattern) = containing(text) else { return query };
    query.filter(
        transactions::merchant
            .ilike(pattern.clone())
            .or(transactions::description.ilike(pattern.clone()))
            .or(transactions::notes.ilike(pattern)),
    )
}

/// Whose the one account or category is that everybody's rows are narrowed to: the indexes on them begin with the owner.
fn by_owner<'a>(query: Rows<'a>, visibility: Visibility, filter: &Filter) -> Rows<'a> {
    if visibility != Visibility::Everyone {
        return query;
    }
    match (&filter.account_ids[..], &filter.category_ids[..]) {
        ([account], _) => {
            let owner = OWNED_ACCOUNTS.filter(OWNED_ACCOUNTS.field(accounts::id).eq(*account));
            let owner = owner.select(OWNED_ACCOUNTS.field(accounts::user_id));
            query.filter(transactions::user_id.nullable().eq(owner.single_value()))
        }
        ([], [category]) => {
            let owner = OWNED_CATEGORIES.filter(OWNED_CATEGORIES.field(categories::id).eq(*category));
            let owner = owner.select(OWNED_CATEGORIES.field(categories::user_id));
            query.filter(transactions::user_id.nullable().eq(owner.single_value()))
        }
        _ => query,
    }
}

fn by_sets<'a>(mut query: Rows<'a>, filter: &Filter) -> Rows<'a> {
    query = narrowed!(query, transactions::currency, filter.currencies);
    query = narrowed!(query, transactions::account_id, filter.account_ids);
    query = narrowed!(query, transactions::category_id, filter.category_ids);
    match filter.has_category {
        Some(true) => query = query.filter(transactions::category_id.is_not_null()),
        Some(false) => query = query.filter(transactions::category_id.is_null()),
        None => {}
    }
    let sources: Vec<&str> = filter.sources.iter().map(|source| source.as_str()).collect();
    query = narrowed!(query, transactions::source, sources);
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    narrowed!(query, transactions::state, states)
}
