//! `up`: everything in one process. What no setting names it brings along: servers, keys, a first admin.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::cli::servers::{Servers, data_dir, database_url};
use crate::cli::signals::Signals;
use crate::cli::terminal::say;
use crate::cli::{Ending, data_folder, serve, user, worker};
use crate::config::{Config, Environment};
use crate::db::migrate;
use crate::error::{Error, Result};
use crate::mailer::Mailer;
use crate::sealed::Sealer;
use crate::telemetry;
use crate::users::access_token::AccessTokens;
use crate::users::user::has_admin;

const ADMIN: &str = "admin";
const ADMIN_ADDRESS: &str = "admin@localhost";

pub(super) async fn run(mut config: Config) -> Result<Ending> {
    let environment = config.environment.unwrap_or(Environment::Development);
    telemetry::start(environment, config.log_level);
    check(&config)?;
    let signals = Signals::watch()?;
    let work = async {
        // Taken first: a port that is not free is known before a server was started for nothing.
        let listener = serve::bind("LISTEN", config.listen).await?;
        let folder = data_dir(&config);
        say(format!("pennypost {} starts ({}).\n", env!("CARGO_PKG_VERSION"), name_of(environment)));
        line("Data folder", &folder.display().to_string());
        let servers = start_servers(&mut config).await?;
        let ended = Box::pin(run_on(config, environment, &folder, listener, signals.stop())).await;
        servers.stop().await;
        if ended.is_ok() {
            say("pennypost has stopped.");
        }
        ended
    };
    Box::pin(signals.watch_over(work)).await
}

/// Refuses settings that only their use would show to be wrong, before anything is made that they are for.
fn check(config: &Config) -> Result<()> {
    config.check_slots()?;
    if let Some(key) = &config.secret_key {
        AccessTokens::parse(key, config.access_token_lifetime)?;
    }
    if let Some(key) = &config.sealing_key {
        Sealer::parse(key)?;
    }
    if let Some(url) = &config.smtp_url {
        Mailer::smtp(url, &config.smtp_from)?;
    }
    Ok(())
}

async fn start_servers(config: &mut Config) -> Result<Servers> {
    let begun = Instant::now();
    let has_database = config.database_url.is_some();
    let given = [&config.redis_base_url, &config.redis_email_url, &config.redis_events_url];
    let redis_given = given.iter().filter(|url| url.is_some()).count();
    let servers = Servers::start(config).await?;
    let took = format!("its own, up after {:.1?}", begun.elapsed());
    line("PostgreSQL", if has_database { "the one of DATABASE_URL" } else { &took });
    line(
        "Redis",
        match redis_given {
            0 => "its own",
            3 => "the one of REDIS_BASE_URL, REDIS_EMAIL_URL and REDIS_EVENTS_URL",
            _ => "its own, beside the ones that the settings name",
        },
    );
    Ok(servers)
}

async fn run_on(
    mut config: Config,
    environment: Environment,
    folder: &Path,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<()> {
    let mailer = data_folder::complete(&mut config, folder)?;
    say_where_mails_are(&config, folder);
    line("Database", &say_what_ran(&migrate::run(&database_url(&config)?).await?));
    let app = Arc::new(serve::build(config, environment, mailer)?);
    let site = serve::site(Arc::clone(&app)).await?;
    create_first_admin(&app).await?;
    say_what_is_next(&listener, &app.config)?;
    let working = async {
        let ended = worker::work(Arc::clone(&app), stop.clone()).await;
        // Workers that end early take the API along, or nobody would notice.
        stop.cancel();
        ended
    };
    let (answered, worked) = tokio::join!(serve::answer(&app, listener, site, stop.clone()), working);
    app.pool.close();
    answered.and(worked)
}

fn say_where_mails_are(config: &Config, folder: &Path) {
    if let Some(import) = &config.import_dir {
        line("Imports", &format!("mail files in {}/<username>", import.display()));
    }
    match &config.smtp_url {
        Some(_) => line("Mail", "leaves through the server of SMTP_URL"),
        None => {
            line("Mail", &format!("is written to {}/outbox, because SMTP_URL is not set", folder.display()));
        }
    }
}

/// Only when there is none, so that the password of an earlier start stays good.
async fn create_first_admin(app: &App) -> Result<()> {
    if has_admin(&mut *app.pool.connection().await?).await? {
        return Ok(());
    }
    match user::create_admin(app, ADMIN, ADMIN_ADDRESS).await {
        Err(Error::Rejected { message, .. }) => {
            say(format!(
                "\n  There is no admin, and {ADMIN} cannot be made: {message} Make one of another name:\n    \
                 pennypost user create-admin NAME --email ADDRESS\n"
            ));
            Ok(())
        }
        made => made,
    }
}

fn say_what_ran(ran: &[String]) -> String {
    match ran {
        [] => "at this version already".to_owned(),
        [one] => format!("ran the migration {one}"),
        [first, .., last] => format!("ran {} migrations, {first} to {last}", ran.len()),
    }
}

fn say_what_is_next(listener: &TcpListener, config: &Config) -> Result<()> {
    let address = listener
        .local_addr()
        .map_err(|error| Error::internal("the address that the API listens on cannot be read", error))?;
    say(format!("\n  GraphQL is at http://{address}/graphql"));
    if config.has_page() {
        say(format!("  A page to try it on is at http://{address}/graphiql"));
    }
    say("");
    say("  Next, sign in as the admin or register, and give it mails to read, in another terminal:\n");
    say(format!("    {}{} import mails.mbox --user admin\n", own_folder(config), own_name()));
    say("  Ctrl-C stops everything.\n");
    Ok(())
}

/// How this program is called from another terminal: a clone that was just built is on nobody's PATH.
fn own_name() -> String {
    std::env::current_exe().map_or_else(|_| "pennypost".to_owned(), |path| path.display().to_string())
}

/// What goes in front of a command so that it finds this data folder; nothing where it looks there anyway.
fn own_folder(config: &Config) -> String {
    match &config.data_dir {
        Some(folder) if *folder != data_dir(&Config { data_dir: None, ..config.clone() }) => {
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            format!("DATA_DIR={} ", quoted(&folder.display().to_string()))
        }
        _ => String::new(),
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@%".contains(letter);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn line(what: &str, value: &str) {
    say(format!("  {what:<12} {value}"));
}

fn name_of(environment: Environment) -> &'static str {
    match environment {
        Environment::Development => "development",
        Environment::Production => "production",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Config {
        Config::from_lookup(move |asked| (asked == name).then(|| value.to_owned())).unwrap()
    }

    #[test]
    fn keys_and_a_mail_server_that_cannot_be_used_are_refused_with_the_other_settings() {
        for (name, value) in [("SECRET_KEY", "short"), ("SEALING_KEY", "short"), ("SMTP_URL", "nonsense")] {
            let refusal = check(&with(name, value)).unwrap_err().to_string();
            assert!(refusal.contains(name), "{refusal}");
        }
        for name in ["SECRET_KEY", "SEALING_KEY"] {
            assert!(check(&with(name, "0123456789abcdef0123456789abcdef")).is_ok());
        }
    }

    #[test]
    fn the_command_that_is_printed_finds_the_data_folder() {
        assert_eq!(own_folder(&Config::from_lookup(|_| None).unwrap()), "");
        assert_eq!(own_folder(&with("DATA_DIR", "/srv/penny")), "DATA_DIR=/srv/penny ");
        assert_eq!(own_folder(&with("DATA_DIR", "/srv/Ana's mails")), r"DATA_DIR='/srv/Ana'\''s mails' ");
    }
}
