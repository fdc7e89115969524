//! `migrate`: brings the database to this version, and says what ran.

use crate::cli::Ending;
use crate::cli::servers::{Servers, database_url};
use crate::cli::signals::Signals;
use crate::cli::terminal::say;
use crate::config::{Config, Environment};
use crate::db::migrate;
use crate::error::Result;
use crate::telemetry;

pub(super) async fn run(mut config: Config) -> Result<Ending> {
    telemetry::start(config.environment.unwrap_or(Environment::Development), config.log_level);
    let signals = Signals::watch()?;
    let work = async {
        let servers = Servers::reach(&mut config).await?;
        let ran = carry_out(&config).await;
        servers.stop().await;
        ran
    };
    Box::pin(signals.watch_over(work)).await
}

async fn carry_out(config: &Config) -> Result<()> {
    let ran = migrate::run(&database_url(config)?).await?;
    if ran.is_empty() {
        say("The database is at this version already.");
    }
    for migration in ran {
        say(format!("ran {migration}"));
    }
    Ok(())
}
