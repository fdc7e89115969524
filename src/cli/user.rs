//! `user`: makes admins, gives new passwords, and lists who is there.

use clap::Subcommand;
use diesel_async::AsyncPgConnection;

use crate::app::App;
use crate::audit::Author;
use crate::cli::Ending;
use crate::cli::servers::{Servers, database_url};
use crate::cli::signals::Signals;
use crate::cli::terminal::{say, say_in_a_box};
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::db::migrate;
use crate::db::pool::connect;
use crate::error::{Error, Result};
use crate::jobs::Publisher;
use crate::telemetry;
use crate::users::password::{Hasher, Password};
use crate::users::registration::{Registration, RegistrationInput, register};
use crate::users::{User, operator, user};
use crate::viewer::Role;

/// No letter that looks like another one.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 56 letters to this power are more than 2 to the 116th.
const PASSWORD_LENGTH: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an admin, and show the password once.
    CreateAdmin {
        /// The login name: 3 to 50 letters, digits, `_`, `.` or `-`.
        username: String,
        /// The address for the server's own mails.
        #[arg(long)]
        email: String,
    },
    /// Give a user a new password, and show it once. Their devices are signed out within seconds.
    SetPassword {
        /// The login name.
        username: String,
    },
    /// List everyone, with a mark on who may not sign in.
    List,
}

pub(super) async fn run(mut config: Config, command: Command) -> Result<Ending> {
    telemetry::start(config.environment.unwrap_or(Environment::Development), config.log_level);
    let signals = Signals::watch()?;
    let work = async {
        let servers = Servers::reach(&mut config).await?;
        let ended = carry_out(&config, command).await;
        servers.stop().await;
        ended
    };
    Box::pin(signals.watch_over(work)).await
}

/// Makes an admin with a new password and shows it, this once.
pub(super) async fn create_admin(app: &App, username: &str, email: &str) -> Result<()> {
    let mut conn = app.pool.connection().await?;
    make_admin(&mut conn, &app.hasher, &app.clock, &app.publisher, (username, email)).await
}

async fn carry_out(config: &Config, command: Command) -> Result<()> {
    let url = database_url(config)?;
    migrate::check(&url).await?;
    let mut conn = connect(&url).await?;
    let hasher = Hasher::new(1);
    match command {
        Command::CreateAdmin { username, email } => {
            let names = (username.as_str(), email.as_str());
            make_admin(&mut conn, &hasher, &Clock::System, &Publisher::off(), names).await
        }
        Command::SetPassword { username } => set_password(&mut conn, &hasher, &username).await,
        Command::List => list(&mut conn).await,
    }
}

async fn make_admin(
    conn: &mut AsyncPgConnection,
    hasher: &Hasher,
    clock: &Clock,
    publisher: &Publisher,
    (username, email): (&str, &str),
) -> Result<()> {
    let input = RegistrationInput {
        username: username.to_owned(),
        email: email.to_owned(),
        ..RegistrationInput::default()
    };
    let registration = Registration::parse(input, Role::Admin)?;
    let password = random_password();
    let hash = hasher.hash(Password::parse(password.clone(), "password")?).await?;
    let (user, welcome) = register(conn, clock, registration, hash, &Author::command_line(clock)).await?;
    publisher.publish(&welcome.job);
    show("An admin with a new password", &user, &password);
    Ok(())
}

async fn set_password(conn: &mut AsyncPgConnection, hasher: &Hasher, username: &str) -> Result<()> {
    let user = user::find_by_username(conn, username).await?.ok_or(Error::NotFound("user"))?;
    let password = random_password();
    let hash = hasher.hash(Password::parse(password.clone(), "password")?).await?;
    operator::set_password_hash(conn, user.id, &hash, &Author::command_line(&Clock::System)).await?;
    show("A new password", &user, &password);
    Ok(())
}

async fn list(conn: &mut AsyncPgConnection) -> Result<()> {
    for user in operator::list(conn).await? {
        let active = if user.is_active { "" } else { " (may not sign in)" };
        let since = user.created_at.format("%Y-%m-%d");
        say(format!("{:<24} {:<6} {since}  {}{active}", user.username, user.role, user.email));
    }
    Ok(())
}

fn show(what: &str, user: &User, password: &str) {
    say_in_a_box(&[
        format!("{what}. It is shown this once:"),
        String::new(),
        format!("username  {}", user.username),
        format!("password  {password}"),
    ]);
}

fn random_password() -> String {
    let letter = || ALPHABET.get(rand::random_range(0..ALPHABET.len())).copied().map(char::from);
    std::iter::repeat_with(letter).take(PASSWORD_LENGTH).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_enough_and_never_the_same() {
        let (one, other) = (random_password(), random_password());
        assert_eq!(one.len(), PASSWORD_LENGTH);
        assert_ne!(one, other);
    }
}
