//! The connected application: what every transport shares, built once.

use std::path::PathBuf;

use crate::clock::Clock;
use crate::config::{Config, Environment, Secret};
use crate::cores::Cores;
use crate::db::Pool;
use crate::error::{Error, Result};
use crate::extraction::extractor::Extractor;
use crate::jobs::{Live, Publisher, RedisSettings};
use crate::mailer::Mailer;
use crate::metrics::Metrics;
use crate::sealed::Sealer;
use crate::users::access_token::AccessTokens;
use crate::users::password::Hasher;
use crate::users::standing::Standings;

/// The settings and the connections of one process.
pub struct App {
    /// The settings.
    pub config: Config,
    /// Development or production.
    pub environment: Environment,
    /// The time and new ids.
    pub clock: Clock,
    /// PostgreSQL.
    pub pool: Pool,
    /// PostgreSQL, for whoever needs a connection outside of the pool.
    pub database_url: Secret,
    /// Redis.
    pub redis: RedisSettings,
    /// Tells others of committed changes of jobs.
    pub publisher: Publisher,
    /// What this process counts of itself.
    pub metrics: Metrics,
    /// The events of jobs, for who watches in this process.
    pub live: Live,
    /// Outgoing mail.
    pub mailer: Mailer,
    /// Passwords.
    pub hasher: Hasher,
    /// Access tokens.
    pub access_tokens: AccessTokens,
    /// Secrets at rest.
    pub sealer: Sealer,
    /// Who an access token stands for at this moment.
    pub standings: Standings,
    /// How mails are read.
    pub extractor: Extractor,
    /// For heavy computing.
    pub cores: Cores,
}

/// What an [`App`] is built of, beside its settings.
pub struct AppParts {
    /// Development or production.
    pub environment: Environment,
    /// The time and new ids.
    pub clock: Clock,
    /// Outgoing mail.
    pub mailer: Mailer,
    /// What every key in Redis starts with.
    pub redis_prefix: String,
}

impl App {
    /// Connects nothing yet: the pool and Redis connect when they are first used, and again when they were away.
    ///
    /// `Unavailable` with a sentence for a setting that is missing or wrong.
    pub fn new(config: Config, parts: AppParts) -> Result<Self> {
        let database_url = required(config.database_url.as_ref(), "DATABASE_URL")?;
        let redis = RedisSettings {
            base: required(config.redis_base_url.as_ref(), "REDIS_BASE_URL")?,
            email: required(config.redis_email_url.as_ref(), "REDIS_EMAIL_URL")?,
            events: required(config.redis_events_url.as_ref(), "REDIS_EVENTS_URL")?,
            prefix: parts.redis_prefix,
        };
        let secret_key = required(config.secret_key.as_ref(), "SECRET_KEY")?;
        let sealing_key = required(config.sealing_key.as_ref(), "SEALING_KEY")?;
        let metrics = Metrics::default();
        let pool = Pool::new(&database_url, config.database_pool_size)?;
        Ok(Self {
            environment: parts.environment,
            standings: Standings::new(pool.clone(), parts.clock.clone()),
            clock: parts.clock,
            pool,
            database_url,
            publisher: Publisher::start(&redis)?.counting(metrics.clone()),
            metrics,
            redis,
            live: Live::default(),
            mailer: parts.mailer,
            hasher: Hasher::new(1),
            access_tokens: AccessTokens::parse(&secret_key, config.access_token_lifetime)?,
            sealer: Sealer::parse(&sealing_key)?,
            extractor: Extractor::current(),
            cores: Cores::all(),
            config,
        })
    }

    /// The folder of a user's own mail files; `None` when no `IMPORT_DIR` is set.
    pub fn import_folder_of(&self, username: &str) -> Option<PathBuf> {
        self.config.import_dir.as_ref().map(|folder| folder.join(username))
    }
}

fn required(setting: Option<&Secret>, name: &str) -> Result<Secret> {
    setting.cloned().ok_or_else(|| {
        Error::Unavailable(format!(
            "{name} is not set. `pennypost up` brings its own; see `pennypost --help` for the rest."
        ))
    })
}
