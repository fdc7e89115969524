//! Categories: what money is earned or spent on.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::dsl::{array, array_position};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::schema::categories;
use crate::db::{at_place, containing, lower, unnest};
use crate::error::{Error, Result};
use crate::page::Page;
use crate::viewer::Visibility;

pub mod change;
pub mod children;
pub mod note;
pub mod tree;

pub use change::{CategoryChanges, NewCategory, create, update};

/// What kind of money a category holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Money earned.
    Income,
    /// Money spent; a refund is a positive amount here.
    Expense,
    /// Money moved between accounts of one's own.
    Transfer,
}

impl Kind {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Income => "INCOME",
            Self::Expense => "EXPENSE",
            Self::Transfer => "TRANSFER",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Income, Self::Expense, Self::Transfer].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A category as a row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = categories)]
pub struct Category {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// Unique among its siblings, ignoring case.
    pub name: String,
    /// The category above.
    pub parent_id: Option<Uuid>,
    /// INCOME, EXPENSE or TRANSFER.
    pub kind: String,
    /// sRGB as #rrggbb.
    pub colour: Option<String>,
    /// The name of an icon, for front ends.
    pub icon: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The categories that a new user starts with: kind, name, colour, icon.
pub const STARTER_SET: &[(Kind, &str, &str, &str)] = &[
    (Kind::Expense, "Groceries", "#4caf50", "basket"),
    (Kind::Expense, "Eating out", "#ff9800", "cup"),
    (Kind::Expense, "Transport", "#2196f3", "train"),
    (Kind::Expense, "Housing", "#795548", "house"),
    (Kind::Expense, "Utilities", "#607d8b", "plug"),
    (Kind::Expense, "Health", "#e91e63", "heart"),
    (Kind::Expense, "Shopping", "#9c27b0", "bag"),
    (Kind::Expense, "Entertainment", "#673ab7", "ticket"),
    (Kind::Expense, "Subscriptions", "#3f51b5", "repeat"),
    (Kind::Expense, "Travel", "#00bcd4", "suitcase"),
    (Kind::Expense, "Cash", "#8bc34a", "banknote"),
    (Kind::Expense, "Fees", "#f44336", "receipt"),
    (Kind::Expense, "Insurance", "#009688", "shield"),
    (Kind::Expense, "Education", "#ffc107", "book"),
    (Kind::Expense, "Gifts", "#ff5722", "gift"),
    (Kind::Expense, "Other", "#9e9e9e", "dots"),
    (Kind::Income, "Salary", "#1b5e20", "briefcase"),
    (Kind::Income, "Interest", "#33691e", "percent"),
    (Kind::Income, "Other income", "#558b2f", "plus"),
    (Kind::Transfer, "Transfers", "#455a64", "arrows"),
];

/// Gives `user_id` the starter set.
pub async fn create_starter_set(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
) -> QueryResult<()> {
    let rows: Vec<_> = STARTER_SET
        .iter()
        .map(|(kind, name, colour, icon)| {
            (
                categories::id.eq(clock.new_id()),
                categories::user_id.eq(user_id),
                categories::name.eq(*name),
                categories::kind.eq(kind.as_str()),
                categories::colour.eq(*colour),
                categories::icon.eq(*icon),
            )
        })
        .collect();
    diesel::insert_into(categories::table).values(rows).execute(conn).await.map(drop)
}

/// Conditions that all have to hold; an empty list or `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct CategoryFilter {
    /// Of one of these kinds.
    pub kinds: Vec<Kind>,
    /// Right below one of these.
    pub parent_ids: Vec<Uuid>,
    /// True for the ones at the top, false for the ones below another.
    pub is_at_top: Option<bool>,
    /// The name holds this, ignoring case.
    pub text: Option<String>,
}

/// One stretch of the visible categories, in the order in which they were made; `newest_first` turns it round.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &CategoryFilter,
    newest_first: bool,
    page: Page<Uuid>,
) -> QueryResult<Vec<Category>> {
    let mut query = matching(visibility, filter).select(Category::as_select()).limit(page.limit);
    let (above, below) = if newest_first { (page.before, page.after) } else { (page.after, page.before) };
    if let Some(above) = above {
        query = query.filter(categories::id.gt(above));
    }
    if let Some(below) = below {
        query = query.filter(categories::id.lt(below));
    }
    let sorted = if newest_first == page.is_from_end {
        query.order(categories::id.asc())
    } else {
        query.order(categories::id.desc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible categories pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &CategoryFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The category with that id, when it is visible.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<Category>> {
    let query = visible_to(visibility).filter(categories::id.eq(id));
    query.select(Category::as_select()).first(conn).await.optional()
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<Category>> {
    visible_to(visibility).filter(categories::id.eq_any(ids)).select(Category::as_select()).load(conn).await
}

/// The ids of the user's categories of those names at the top, ignoring case, each made when there is none. One statement where
/// all of them are there. The names are the program's own, in ASCII.
pub async fn find_or_create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    names: &BTreeMap<&'static str, Kind>,
) -> Result<HashMap<&'static str, Uuid>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut known = find_by_names(conn, user_id, names).await?;
    let missing: Vec<_> = names
        .iter()
        .filter(|(name, _)| !known.contains_key(*name))
        .map(|(name, kind)| {
            (
                categories::id.eq(clock.new_id()),
                categories::user_id.eq(user_id),
                categories::name.eq(*name),
                categories::kind.eq(kind.as_str()),
            )
        })
        .collect();
    if !missing.is_empty() {
        diesel::insert_into(categories::table).values(missing).on_conflict_do_nothing().execute(conn).await?;
        known = find_by_names(conn, user_id, names).await?;
    }
    if known.len() < names.len() {
        return Err(Error::internal("a category was not there after it was made", "categories_name_key"));
    }
    Ok(known)
}

async fn find_by_names(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    names: &BTreeMap<&'static str, Kind>,
) -> QueryResult<HashMap<&'static str, Uuid>> {
    let names: Vec<&'static str> = names.keys().copied().collect();
    // What is a small letter is PostgreSQL's to say, on both sides: a database in Turkish writes `Insurance` with an ı.
    let wanted = diesel::select(lower(unnest(&names)));
    // Nobody deletes them until the caller has put something into them.
    let rows: Vec<(Option<i32>, Uuid)> = categories::table
        .filter(categories::user_id.eq(user_id))
        .filter(categories::parent_id.is_null())
        .filter(lower(categories::name).eq_any(diesel::select(lower(unnest(&names)))))
        .select((array_position(array::<Text, _>(wanted), lower(categories::name)), categories::id))
        .for_key_share()
        .load(conn)
        .await?;
    Ok(rows.into_iter().filter_map(|(place, id)| Some((*at_place(&names, place)?, id))).collect())
}

fn visible_to<'a>(visibility: Visibility) -> categories::BoxedQuery<'a, Pg> {
    let query = categories::table.into_boxed();
    match visibility.user() {
        Some(user) => query.filter(categories::user_id.eq(user)),
        None => query,
    }
}

fn matching<'a>(visibility: Visibility, filter: &CategoryFilter) -> categories::BoxedQuery<'a, Pg> {
    let mut query = visible_to(visibility);
    if !filter.kinds.is_empty() {
        let names: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        query = query.filter(categories::kind.eq_any(names));
    }
    if !filter.parent_ids.is_empty() {
        query = query.filter(categories::parent_id.eq_any(filter.parent_ids.clone()));
    }
    match filter.is_at_top {
        Some(true) => query = query.filter(categories::parent_id.is_null()),
        Some(false) => query = query.filter(categories::parent_id.is_not_null()),
        None => {}
    }
    match containing(filter.text.as_deref()) {
        Some(pattern) => query.filter(categories::name.ilike(pattern)),
        None => query,
    }
}
