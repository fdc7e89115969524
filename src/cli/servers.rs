//! The servers of a command: the ones that the settings name, the ones of a pennypost that runs, or our own.

use std::path::PathBuf;

use nix::unistd::Uid;

use crate::config::{self, Config, Secret};
use crate::embedded::{Embedded, EmbeddedSettings, OwnServers, find_running, has_started_in};
use crate::error::{Error, Result};

/// The logical databases of our own Redis, one a purpose.
const BASE_DB: u8 = 0;
const EVENTS_DB: u8 = 1;
const EMAIL_DB: u8 = 2;

/// What was started for one command, to be stopped after it.
pub(super) struct Servers {
    embedded: Option<Embedded>,
}

impl Servers {
    /// Starts what `config` does not name, and writes the addresses into it.
    pub(super) async fn start(config: &mut Config) -> Result<Self> {
        let Some(servers) = missing(config) else { return Ok(Self { embedded: None }) };
        let settings = EmbeddedSettings { servers, ..EmbeddedSettings::new(data_dir(config)) };
        let embedded = Embedded::start(settings).await?;
        let redis = |db| embedded.redis_url(db).map(Secret::new);
        let own = embedded.database_url().map(Secret::new);
        config.database_url = config.database_url.take().or(own);
        config.redis_base_url = config.redis_base_url.take().or_else(|| redis(BASE_DB));
        config.redis_events_url = config.redis_events_url.take().or_else(|| redis(EVENTS_DB));
        config.redis_email_url = config.redis_email_url.take().or_else(|| redis(EMAIL_DB));
        Ok(Self { embedded: Some(embedded) })
    }

    /// Finds a database for a command that ends by itself: the one that `config` names, the one of the pennypost that
    /// runs on the data folder, or our own for as long as the command takes. Only `up` makes a data folder: this one would be
    /// without tables, and most often the name of it is mistyped.
    ///
    /// The Redis of a pennypost that runs stays unknown: its password changes with each start and stands in no file.
    /// What a command would say there, the workers find in the table within a second.
    pub(super) async fn reach(config: &mut Config) -> Result<Self> {
        if config.database_url.is_none() {
            let folder = data_dir(config);
            if !has_started_in(&folder) {
                return Err(Error::Unavailable(format!(
                    "There is no pennypost in {}. Start `pennypost up` first, or name its data folder with DATA_DIR.",
                    folder.display()
                )));
            }
            let Some(url) = find_running(&folder)? else { return Self::start(config).await };
            config.database_url = Some(Secret::new(url));
        }
        Ok(Self { embedded: None })
    }

    /// True when PostgreSQL or Redis was started for this command.
    pub(super) fn has_own(&self) -> bool {
        self.embedded.is_some()
    }

    /// Stops what was started, and waits for it.
    pub(super) async fn stop(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// The data folder that `config` names, or the usual one.
pub(super) fn data_dir(config: &Config) -> PathBuf {
    config.data_dir.clone().unwrap_or_else(|| config::default_data_dir(Uid::effective().is_root()))
}

/// PostgreSQL's address, by a command that cannot do without.
pub(super) fn database_url(config: &Config) -> Result<Secret> {
    config.database_url.clone().ok_or_else(|| {
        Error::Unavailable(
            "DATABASE_URL is not set. `pennypost up` brings a PostgreSQL of its own.".to_owned(),
        )
    })
}

fn missing(config: &Config) -> Option<OwnServers> {
    let redis = [&config.redis_base_url, &config.redis_email_url, &config.redis_events_url];
    match (config.database_url.is_none(), redis.iter().any(|url| url.is_none())) {
        (true, true) => Some(OwnServers::Both),
        (true, false) => Some(OwnServers::Postgres),
        (false, true) => Some(OwnServers::Redis),
        (false, false) => None,
    }
}
