//! What a user may change about themselves.

use chrono_tz::Tz;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::db::schema::users;
use crate::error::{Code, Error, Result};
use crate::money::Currency;
use crate::text;
use crate::users::User;

const DISPLAY_NAME_MAX: usize = 100;

/// What is to change; the rest stays.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserChanges {
    display_name: Option<String>,
    base_currency: Option<String>,
    time_zone: Option<String>,
}

impl UserChanges {
    /// Checks what the user asks for; what is absent stays.
    pub fn parse(
        display_name: Option<&str>,
        base_currency: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<Self> {
        let display_name = display_name.map(parse_display_name).transpose()?;
        let base_currency = base_currency.map(parse_currency).transpose()?;
        let time_zone = time_zone.map(parse_time_zone).transpose()?;
        Ok(Self {
            display_name,
            base_currency: base_currency.map(|currency| currency.code().to_owned()),
            time_zone: time_zone.map(|zone| zone.name().to_owned()),
        })
    }

    fn is_empty(&self) -> bool {
        self.display_name.is_none() && self.base_currency.is_none() && self.time_zone.is_none()
    }
}

/// Changes the user, and returns them as they are now. `Unauthenticated` when they are gone.
pub async fn update(
    conn: &mut AsyncPgConnection,
    author: &Author,
    id: Uuid,
    changes: UserChanges,
) -> Result<User> {
    let row = users::table.find(id);
    if changes.is_empty() {
        let found = row.select(User::as_select()).first(conn).await.optional()?;
        return found.ok_or(Error::Unauthenticated);
    }
    conn.transaction(async |conn| {
        let found = row.select(User::as_select()).for_update().first(conn).await.optional()?;
        let before: User = found.ok_or(Error::Unauthenticated)?;
        let after: User =
            diesel::update(row).set(changes).returning(User::as_returning()).get_result(conn).await?;
        let fields = difference(&before, &after);
        if !fields.is_empty() {
            audit::record_of_user(conn, author, Action::UserUpdated, id, fields).await?;
        }
        Ok(after)
    })
    .await
}

fn difference(before: &User, after: &User) -> Changes {
    Changes::none()
        .with("displayName", Some(&before.display_name), Some(&after.display_name))
        .with("baseCurrency", Some(&before.base_currency), Some(&after.base_currency))
        .with("timeZone", Some(&before.time_zone), Some(&after.time_zone))
}

/// A name shown to people, without white space around it.
pub(super) fn parse_display_name(name: &str) -> Result<String> {
    text::line("displayName", name, DISPLAY_NAME_MAX)
}

/// A currency of totals.
pub(super) fn parse_currency(code: &str) -> Result<Currency> {
    Currency::parse(code)
        .ok_or_else(|| Error::rejected("baseCurrency", Code::Invalid, "This is no ISO 4217 currency code."))
}

/// A zone by its name.
pub(super) fn parse_time_zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| {
        let message = "This is no time zone of the IANA database, like Europe/Berlin.";
        Error::rejected("timeZone", Code::Invalid, message)
    })
}
