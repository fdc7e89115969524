//! The users as a list, found by parts of their names and addresses.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::users;
use crate::page::Page;
use crate::users::User;
use crate::viewer::{Role, Visibility};

/// How many users there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// All.
    pub all: i64,
    /// Those who may sign in.
    pub active: i64,
    /// The admins among those.
    pub admins: i64,
}

/// One stretch of the visible users whose names or address hold `search`, in the order in which they registered.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    search: Option<&str>,
    page: Page<Uuid>,
) -> QueryResult<Vec<User>> {
    let mut query = matching(visibility, search).select(User::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(users::id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(users::id.lt(before));
    }
    let sorted = if page.is_from_end { query.order(users::id.desc()) } else { query.order(users::id.asc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible users match.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    search: Option<&str>,
) -> QueryResult<i64> {
    matching(visibility, search).count().get_result(conn).await
}

/// How many there are in all, in one statement.
pub async fn counts(conn: &mut AsyncPgConnection) -> QueryResult<UserCounts> {
    let groups = users::table.group_by((users::role, users::is_active));
    let rows: Vec<(String, bool, i64)> =
        groups.select((users::role, users::is_active, diesel::dsl::count_star())).load(conn).await?;
    Ok(rows.into_iter().fold(UserCounts::default(), |sum, (role, is_active, number)| {
        let active = if is_active { number } else { 0 };
        let admins = if role == Role::Admin.as_str() { active } else { 0 };
        UserCounts { all: sum.all + number, active: sum.active + active, admins: sum.admins + admins }
    }))
}

fn matching<'a>(visibility: Visibility, search: Option<&str>) -> users::BoxedQuery<'a, Pg> {
    let mut query = users::table.into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(users::id.eq(user));
    }
    let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) else { return query };
    let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("%{escaped}%");
    let names = users::username.ilike(pattern.clone()).or(users::display_name.ilike(pattern.clone()));
    query.filter(names.or(users::email.ilike(pattern)))
}
