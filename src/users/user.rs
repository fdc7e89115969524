//! One user as a row, and how users are found.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::lower;
use crate::db::schema::users;
use crate::viewer::{Role, Visibility};

/// A person who signs in.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    /// UUID version 7; the `sub` of the user's tokens.
    pub id: Uuid,
    /// The name shown to people.
    pub display_name: String,
    /// The login name, without an `@`.
    pub username: String,
    /// The address for the server's own mails.
    pub email: String,
    /// The name of the role.
    pub role: String,
    /// False for a user who may not sign in.
    pub is_active: bool,
    /// ISO 4217 code of the user's totals.
    pub base_currency: String,
    /// IANA name of the zone whose days transactions are booked on.
    pub time_zone: String,
    /// When the user last signed in with a password.
    pub last_login_at: Option<DateTime<Utc>>,
    /// When the user registered.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// The role; one that this version does not know gives no more than a user's rights.
    pub fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::User)
    }

    /// The zone whose days transactions are booked on; UTC for a name that this version does not know.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::UTC)
    }
}

/// The user with that id.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<User>> {
    users::table.find(id).select(User::as_select()).first(conn).await.optional()
}

/// The user whose login name is `username`, ignoring case.
pub async fn find_by_username(conn: &mut AsyncPgConnection, username: &str) -> QueryResult<Option<User>> {
    users::table
        .filter(lower(users::username).eq(lower(username)))
        .select(User::as_select())
        .first(conn)
        .await
        .optional()
}

/// The user with that address, ignoring case.
pub async fn find_by_email(conn: &mut AsyncPgConnection, email: &str) -> QueryResult<Option<User>> {
    by_email(email.trim()).select(User::as_select()).first(conn).await.optional()
}

/// The row of the user with that address, ignoring case.
pub(super) fn by_email(email: &str) -> users::BoxedQuery<'_, Pg> {
    users::table.filter(lower(users::email).eq(lower(email))).into_boxed()
}

/// The users with those ids that are visible.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<User>> {
    let mut query = users::table.filter(users::id.eq_any(ids)).select(User::as_select()).into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(users::id.eq(user));
    }
    query.load(conn).await
}

/// True when there is an admin who can sign in.
pub async fn has_admin(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let admins = users::table.filter(users::role.eq(Role::Admin.as_str())).filter(users::is_active);
    diesel::select(diesel::dsl::exists(admins)).get_result(conn).await
}
