//! What a person makes of their categories: new ones, and changes that leave the tree a tree.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{Action, Author};
use crate::categories::note::note;
use crate::categories::tree::Tree;
use crate::categories::{Category, Kind, find};
use crate::clock::Clock;
use crate::db::on_constraint;
use crate::db::schema::categories;
use crate::error::{Code, Error, Result};
use crate::idempotency::{self, Once, Turn};
use crate::text;
use crate::viewer::Visibility;

const NAME_MAX: usize = 100;
const ICON_MAX: usize = 50;

/// A category to be.
#[derive(Clone, Debug)]
pub struct NewCategory {
    /// 1 to 100 characters.
    pub name: String,
    /// What kind of money it is to hold; the kind of the one above, where there is one.
    pub kind: Kind,
    /// The category above.
    pub parent_id: Option<Uuid>,
    /// `#rrggbb`.
    pub colour: Option<String>,
    /// 1 to 50 characters.
    pub icon: Option<String>,
}

/// What is to be different about a category; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct CategoryChanges {
    /// Its name.
    pub name: Option<String>,
    /// Its kind.
    pub kind: Option<Kind>,
    /// The category above; none for the top.
    pub parent_id: Option<Option<Uuid>>,
    /// Its colour.
    pub colour: Option<Option<String>>,
    /// Its icon.
    pub icon: Option<Option<String>>,
}

/// Makes a category of `user_id`. Rejected when its siblings have the name, or the one above is of another kind.
pub async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewCategory,
    once: Option<&Once>,
    author: &Author,
) -> Result<Category> {
    let name = text::line("name", &new.name, NAME_MAX)?;
    let colour = parse_colour(new.colour)?;
    let icon = text::optional_line("icon", new.icon.as_deref(), ICON_MAX)?;
    let id = clock.new_id();
    conn.transaction(async |conn| {
        if let Turn::Again(id) = idempotency::begin(conn, clock, user_id, once, id).await? {
            let found = find(conn, Visibility::Of(user_id), id).await?;
            return found.ok_or_else(|| idempotency::gone("category"));
        }
        Tree::lock(conn, user_id).await?.check(None, new.parent_id, new.kind)?;
        let made = diesel::insert_into(categories::table)
            .values((
                categories::id.eq(id),
                categories::user_id.eq(user_id),
                categories::name.eq(name),
                categories::kind.eq(new.kind.as_str()),
                categories::parent_id.eq(new.parent_id),
                categories::colour.eq(colour),
                categories::icon.eq(icon),
            ))
            .returning(Category::as_returning())
            .get_result(conn)
            .await
            .map_err(on_constraint("categories_name_key", || taken("name")))?;
        note(conn, author, Action::CategoryCreated, None, Some(&made)).await?;
        Ok(made)
    })
    .await
}

/// Changes a category of `user_id`. Rejected when that would make a circle, or mix kinds.
pub async fn update(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    changes: CategoryChanges,
    author: &Author,
) -> Result<Category> {
    let columns = Columns {
        name: changes.name.map(|name| text::line("name", &name, NAME_MAX)).transpose()?,
        kind: changes.kind.map(Kind::as_str),
        parent_id: changes.parent_id,
        colour: changes.colour.map(parse_colour).transpose()?,
        icon: changes.icon.map(|icon| text::optional_line("icon", icon.as_deref(), ICON_MAX)).transpose()?,
    };
    conn.transaction(async |conn| {
        let tree = Tree::lock(conn, user_id).await?;
        let old = find(conn, Visibility::Of(user_id), id).await?;
        let old = old.ok_or_else(|| Error::unknown("id", "category"))?;
        let kind = changes.kind.or_else(|| Kind::parse(&old.kind)).unwrap_or(Kind::Expense);
        tree.check(Some(id), changes.parent_id.unwrap_or(old.parent_id), kind)?;
        if columns == Columns::default() {
            return Ok(old);
        }
        let own = categories::table.filter(categories::user_id.eq(user_id)).filter(categories::id.eq(id));
        let field = if columns.name.is_some() { "name" } else { "parentId" };
        let new = diesel::update(own)
            .set(&columns)
            .returning(Category::as_returning())
            .get_result(conn)
            .await
            .map_err(on_constraint("categories_name_key", || taken(field)))?;
        note(conn, author, Action::CategoryUpdated, Some(&old), Some(&new)).await?;
        Ok(new)
    })
    .await
}

/// The category of `user_id`, with nothing new in it until the transaction ends.
pub async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<Option<Category>> {
    let own = categories::table.filter(categories::user_id.eq(user_id)).filter(categories::id.eq(id));
    own.select(Category::as_select()).for_update().first(conn).await.optional()
}

/// Puts the categories right below `from` below another one, or at the top.
pub async fn adopt(conn: &mut AsyncPgConnection, user_id: Uuid, from: Uuid, to: Option<Uuid>) -> Result<()> {
    let below =
        categories::table.filter(categories::user_id.eq(user_id)).filter(categories::parent_id.eq(from));
    diesel::update(below)
        .set(categories::parent_id.eq(to))
        .execute(conn)
        .await
        .map(drop)
        .map_err(on_constraint("categories_name_key", || taken("childrenTo")))
}

/// Deletes a category that nothing refers to any more.
pub async fn delete(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<()> {
    let own = categories::table.filter(categories::user_id.eq(user_id)).filter(categories::id.eq(id));
    diesel::delete(own).execute(conn).await.map(drop)
}

/// `None` leaves a column alone.
#[derive(Debug, Default, PartialEq, Eq, AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell a column left alone from one set to NULL")]
#[diesel(table_name = categories)]
struct Columns {
    name: Option<String>,
    kind: Option<&'static str>,
    parent_id: Option<Option<Uuid>>,
    colour: Option<Option<String>>,
    icon: Option<Option<String>>,
}

fn parse_colour(given: Option<String>) -> Result<Option<String>> {
    let Some(colour) = given.map(|colour| colour.to_ascii_lowercase()) else { return Ok(None) };
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Some(colour));
    }
    Err(Error::rejected("colour", Code::Invalid, "A colour is `#` and six hexadecimal digits, like #4caf50."))
}

fn taken(field: &str) -> Error {
    Error::rejected(field, Code::Taken, "A category beside it has that name already.")
}
