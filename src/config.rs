//! Every setting: read once, from the environment or `.env`, into values that cannot be wrong.
//!
//! `SETTINGS` is the one list of them; `--help` and `.env.example` are printed from it.

mod dot_env;
mod limits;
mod settings;
mod source;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use crate::error::{Error, Result};
pub use limits::{Introspection, LimitSettings};
pub use settings::{SETTINGS, Setting};

use source::Source;

/// The oldest major version of PostgreSQL that has what our tables are made of.
pub const OLDEST_POSTGRES: u32 = 15;

/// Whether mistakes should be easy to see or hard to exploit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Introspection for everyone, logs for people.
    Development,
    /// Introspection for who has signed in, logs in JSON.
    Production,
}

/// A value that no log and no debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// The settings of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Development or production; `None` leaves it to the command.
    pub environment: Option<Environment>,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// The folder of `up`.
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL.
    pub database_url: Option<Secret>,
    /// Connections in the pool.
    pub database_pool_size: usize,
    /// Redis for the queue `base`.
    pub redis_base_url: Option<Secret>,
    /// Redis for the queue `email`.
    pub redis_email_url: Option<Secret>,
    /// Redis for live events.
    pub redis_events_url: Option<Secret>,
    /// The keys that sign access tokens.
    pub secret_key: Option<Secret>,
    /// The keys that seal secrets at rest.
    pub sealing_key: Option<Secret>,
    /// How long an access token is good.
    pub access_token_lifetime: Duration,
    /// How long a device stays signed in that does not come back.
    pub refresh_token_lifetime: Duration,
    /// Whether anybody may register.
    pub is_registration_open: bool,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The folder of importable mail files.
    pub import_dir: Option<PathBuf>,
    /// Origins of front ends.
    pub cors_origins: Option<Vec<String>>,
    /// Whether browsers may send credentials along.
    pub cors_credentials: bool,
    /// Whether the page for trying the API is there.
    pub graphiql: bool,
    /// The documents that are answered by their ids.
    pub trusted_documents: TrustedDocumentSettings,
    /// Who may read the metrics.
    pub metrics: MetricsSettings,
    /// What one request and one connection may take.
    pub limits: LimitSettings,
    /// What a caller may ask for at once, in the price of documents.
    pub cost_capacity: u64,
    /// What of it comes back each second.
    pub cost_restored_per_second: u64,
    /// Where links in mails lead, without a slash at the end.
    pub frontend_url: String,
    /// The level of the log.
    pub log_level: tracing::Level,
    /// Outgoing mail.
    pub smtp_url: Option<Secret>,
    /// The sender of outgoing mail.
    pub smtp_from: String,
    /// Whose Authentication-Results are believed.
    pub mail_authserv_ids: Vec<String>,
    /// A larger message is not read, in bytes.
    pub max_email_bytes: usize,
    /// How long the raw source of a mail is kept.
    pub email_source_retention: Duration,
    /// The job engine's numbers.
    pub jobs: JobSettings,
}

/// Which documents are answered by their ids.
#[derive(Clone, Debug, Default)]
pub struct TrustedDocumentSettings {
    /// The files that hold them.
    pub manifests: Vec<PathBuf>,
    /// Whether no other document is answered.
    pub only: bool,
}

/// Where the metrics are read, and by whom.
#[derive(Clone, Debug, Default)]
pub struct MetricsSettings {
    /// An address of their own.
    pub listen: Option<SocketAddr>,
    /// What their readers show.
    pub token: Option<Secret>,
}

/// The numbers of the job engine.
#[derive(Clone, Copy, Debug)]
pub struct JobSettings {
    /// Jobs of the queue `base` at a time.
    pub base_slots: usize,
    /// Jobs of the queue `email` at a time.
    pub email_slots: usize,
    /// How long a long job keeps its slot when another user waits for one.
    pub time_slice: Duration,
    /// How long a worker may be silent.
    pub lease: Duration,
    /// How long an ended job stays.
    pub retention: Duration,
    /// How long running jobs may go on after SIGTERM.
    pub shutdown_grace: Duration,
}

impl Config {
    /// Reads the settings from the environment, with `.env` of the present folder, or of the nearest one above it that
    /// has one, beneath it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_environment() -> Result<Self> {
        let folder = std::env::current_dir()
            .map_err(|error| broken(format!("The present folder cannot be read: {error}.")))?;
        let beneath = dot_env::read(&folder)?;
        Self::from_lookup(|name| std::env::var(name).ok().or_else(|| beneath.get(name).cloned()))
    }

    /// Reads the settings through `lookup`; an empty value counts as absent.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let source = Source::new(&lookup);
        Ok(Self {
            environment: source.environment()?,
            listen: source.parsed("LISTEN", "an address and a port, like 127.0.0.1:8080")?,
            data_dir: source.text("DATA_DIR").map(PathBuf::from),
            database_url: source.database_url()?,
            database_pool_size: source.number("DATABASE_POOL_SIZE", 2..=500)?,
            redis_base_url: source.text("REDIS_BASE_URL").map(Secret),
            redis_email_url: source.text("REDIS_EMAIL_URL").map(Secret),
            redis_events_url: source.text("REDIS_EVENTS_URL").map(Secret),
            secret_key: source.secret("SECRET_KEY", "SECRET_KEY_FILE")?,
            sealing_key: source.secret("SEALING_KEY", "SEALING_KEY_FILE")?,
            access_token_lifetime: source.seconds("ACCESS_TOKEN_EXPIRE_MINUTES", 60)?,
            refresh_token_lifetime: source.seconds("REFRESH_TOKEN_EXPIRE_DAYS", 86_400)?,
            is_registration_open: source.registration()?,
            trusted_proxies: source.networks("TRUSTED_PROXIES")?,
            import_dir: source.text("IMPORT_DIR").map(PathBuf::from),
            cors_origins: source.list("CORS_ORIGINS")?,
            cors_credentials: source.parsed("CORS_CREDENTIALS", "true or false")?,
            graphiql: source.parsed("GRAPHIQL", "true or false")?,
            trusted_documents: source.trusted_documents()?,
            metrics: source.metrics()?,
            limits: LimitSettings::read(&source)?,
            cost_capacity: source.count("COST_CAPACITY", 2_000..=1_000_000_000)?,
            cost_restored_per_second: source.count("COST_RESTORED_PER_SECOND", 1..=1_000_000_000)?,
            frontend_url: source.text("FRONTEND_URL").unwrap_or_default().trim_end_matches('/').to_owned(),
            log_level: source.level()?,
            smtp_url: source.text("SMTP_URL").map(Secret),
            smtp_from: source.text("SMTP_FROM").unwrap_or_default(),
            mail_authserv_ids: source.list("MAIL_AUTHSERV_IDS")?.unwrap_or_default(),
            max_email_bytes: source.number("MAX_EMAIL_BYTES", 1024..=100_000_000)?,
            email_source_retention: source.seconds("EMAIL_SOURCE_RETENTION_DAYS", 86_400)?,
            jobs: JobSettings {
                base_slots: source.number("WORKER_BASE_SLOTS", 1..=200)?,
                email_slots: source.number("WORKER_EMAIL_SLOTS", 2..=200)?,
                time_slice: source.seconds("JOB_TIME_SLICE_SECONDS", 1)?,
                lease: source.seconds("JOB_LEASE_SECONDS", 1)?,
                retention: source.seconds("JOB_RETENTION_DAYS", 86_400)?,
                shutdown_grace: source.seconds("SHUTDOWN_GRACE_SECONDS", 1)?,
            },
        })
    }
}

impl Config {
    /// True when the page for trying the API is there. It sends texts that people write, so it could do nothing where
    /// only trusted documents are answered.
    pub fn has_page(&self) -> bool {
        self.graphiql && !self.trusted_documents.only
    }
}

/// Connections that the slots leave for claims, for keeping the queue in order, and for the requests of `up`.
const CONNECTIONS_BESIDE_JOBS: usize = 4;

impl Config {
    /// Refuses a process that runs jobs and could run out of connections over them: each job that works holds one.
    pub fn check_slots(&self) -> Result<()> {
        let JobSettings { base_slots, email_slots, .. } = self.jobs;
        let least = base_slots + email_slots + CONNECTIONS_BESIDE_JOBS;
        if self.database_pool_size >= least {
            return Ok(());
        }
        Err(broken(format!(
            "DATABASE_POOL_SIZE is {}; with WORKER_BASE_SLOTS {base_slots} and WORKER_EMAIL_SLOTS {email_slots} it has to be \
             {least} or more, because each job that runs may hold a connection.",
            self.database_pool_size
        )))
    }
}

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Every setting of pennypost, with its default. Copy to .env and set what you need; what is absent keeps its default.\n",
    );
    for Setting { name, default, help } in SETTINGS {
        let _ = write!(text, "\n# {help}\n#{name}={default}\n");
    }
    text
}

/// The part of `--help` that lists the settings.
pub fn help() -> String {
    let mut text = String::from("Settings, from the environment or .env:\n");
    for Setting { name, default, help } in SETTINGS {
        let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
        let _ = writeln!(text, "  {name:<28} {help}{default}");
    }
    text
}

/// The folder that `up` uses unless `DATA_DIR` names one: root's is the machine's, another user's is in their home.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn default_data_dir(is_root: bool) -> PathBuf {
    if is_root {
        return PathBuf::from("/var/lib/pennypost");
    }
    let home = || std::env::var("HOME").map(|home| Path::new(&home).join(".local/share")).ok();
    let data = std::env::var("XDG_DATA_HOME").ok().map(PathBuf::from).or_else(home);
    data.unwrap_or_else(|| PathBuf::from(".")).join("pennypost")
}

fn broken(message: String) -> Error {
    Error::Unavailable(message)
}

#[cfg(test)]
mod tests;
