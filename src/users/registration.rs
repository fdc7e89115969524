//! Sign-up: the input read into values that cannot be wrong, the user with a starter set of categories, a welcome mail.

use chrono_tz::Tz;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::categories;
use crate::clock::Clock;
use crate::db::on_constraint;
use crate::db::schema::{roles, users};
use crate::error::{Code, Error, Result};
use crate::jobs::{Enqueued, JobPayload, NewJob, Outgoing, enqueue};
use crate::money::Currency;
use crate::users::User;
use crate::users::password::Password;
use crate::users::profile::{parse_currency, parse_display_name, parse_time_zone};
use crate::viewer::Role;

/// The shortest username, in characters.
const USERNAME_MIN: usize = 3;
/// The longest username, in characters.
const USERNAME_MAX: usize = 50;
/// The longest address that a mail server takes (RFC 5321, 4.5.3.1.3).
const EMAIL_MAX: usize = 254;

/// A new user, checked.
pub struct Registration {
    username: String,
    email: String,
    display_name: String,
    base_currency: Currency,
    time_zone: Tz,
    role: Role,
}

/// What a new user may say about themselves.
#[derive(Clone, Debug, Default)]
pub struct RegistrationInput {
    /// 3 to 50 letters, digits, `_`, `.` or `-`.
    pub username: String,
    /// An address.
    pub email: String,
    /// The name shown to people; the username unless given.
    pub display_name: Option<String>,
    /// ISO 4217 code; EUR unless given.
    pub base_currency: Option<String>,
    /// IANA name; UTC unless given.
    pub time_zone: Option<String>,
}

impl Registration {
    /// Checks `input` for a user with that role.
    pub fn parse(input: RegistrationInput, role: Role) -> Result<Self> {
        let username = parse_username(input.username)?;
        let given = input.display_name.filter(|name| !name.trim().is_empty());
        let display_name = parse_display_name(given.as_deref().unwrap_or(&username))?;
        let base_currency = parse_currency(input.base_currency.as_deref().unwrap_or("EUR"))?;
        let time_zone = parse_time_zone(input.time_zone.as_deref().unwrap_or("UTC"))?;
        Ok(Self { username, email: parse_email(&input.email)?, display_name, base_currency, time_zone, role })
    }

    /// Checks the password that comes with it.
    pub fn accept(&self, password: String) -> Result<Password> {
        Password::parse(password, "password")?.apart_from(&self.username, "password")
    }
}

/// Makes the user with that password hash, their starter categories, and the job that welcomes them, in one
/// transaction. Publish the job after it. `Taken` when the username or the address is.
pub async fn register(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    new: Registration,
    password_hash: String,
) -> Result<(User, Enqueued)> {
    conn.transaction(async |conn| {
        create_role(conn, new.role).await?;
        let user = insert(conn, clock, &new, password_hash).await?;
        categories::create_starter_set(conn, clock, user.id).await?;
        let welcome = JobPayload::SendEmail(Outgoing::Welcome { user_id: user.id });
        let job = enqueue(conn, clock.new_id(), NewJob::new(Some(user.id), welcome)).await?;
        Ok((user, job))
    })
    .await
}

/// Roles are rows so that a user refers to one that exists; a database that lost one gets it back.
async fn create_role(conn: &mut AsyncPgConnection, role: Role) -> QueryResult<()> {
    let values = (roles::name.eq(role.as_str()), roles::description.eq(role.description()));
    diesel::insert_into(roles::table).values(values).on_conflict_do_nothing().execute(conn).await.map(drop)
}

async fn insert(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    new: &Registration,
    password_hash: String,
) -> Result<User> {
    let inserted = diesel::insert_into(users::table)
        .values((
            users::id.eq(clock.new_id()),
            users::username.eq(&new.username),
            users::email.eq(&new.email),
            users::display_name.eq(&new.display_name),
            users::password_hash.eq(password_hash),
            users::role.eq(new.role.as_str()),
            users::base_currency.eq(new.base_currency.code()),
            users::time_zone.eq(new.time_zone.name()),
        ))
        .returning(User::as_returning())
        .get_result(conn)
        .await;
    let taken = |field, what| move || Error::rejected(field, Code::Taken, format!("This {what} is taken."));
    inserted.map_err(|error| match &error {
        diesel::result::Error::DatabaseError(_, found)
            if found.constraint_name() == Some("users_email_key") =>
        {
            on_constraint("users_email_key", taken("email", "address"))(error)
        }
        _ => on_constraint("users_username_key", taken("username", "username"))(error),
    })
}

fn parse_username(text: String) -> Result<String> {
    let length = text.chars().count();
    let reject = |code, message: String| Err(Error::rejected("username", code, message));
    if length < USERNAME_MIN {
        return reject(Code::TooShort, format!("A username has at least {USERNAME_MIN} characters."));
    }
    if length > USERNAME_MAX {
        return reject(Code::TooLong, format!("A username has at most {USERNAME_MAX} characters."));
    }
    if !text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-')) {
        return reject(Code::Invalid, "A username is made of letters, digits, `_`, `.` and `-`.".to_owned());
    }
    if text.starts_with('.') {
        // A folder of that name holds the user's mail files; `..` and hidden folders are none.
        return reject(Code::Invalid, "A username does not start with a dot.".to_owned());
    }
    Ok(text)
}

fn parse_email(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > EMAIL_MAX {
        let message = format!("An address has at most {EMAIL_MAX} characters.");
        return Err(Error::rejected("email", Code::TooLong, message));
    }
    let is_address = text.parse::<lettre::Address>().is_ok();
    if is_address {
        Ok(text.to_owned())
    } else {
        Err(Error::rejected("email", Code::Invalid, "This is no address."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(username: &str, email: &str) -> Result<Registration> {
        let input = RegistrationInput {
            username: username.to_owned(),
            email: email.to_owned(),
            ..RegistrationInput::default()
        };
        Registration::parse(input, Role::User)
    }

    #[test]
    fn names_that_could_leave_a_folder_are_refused() {
        for name in ["..", "../ana", "a/b", ".hidden", "ana@home", "an", "ana\0"] {
            assert!(parse(name, "ana@mail.example").is_err(), "{name}");
        }
        assert_eq!(parse("ana.k-1_x", "ana@mail.example").unwrap().display_name, "ana.k-1_x");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for email in ["ana", "@mail.example", "ana@", "a b@mail.example", ""] {
            assert!(parse("ana", email).is_err(), "{email}");
        }
    }
}
