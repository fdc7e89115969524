//! Redis clients that outlive a restart of the server: without a policy of reconnecting, and time-outs of their own,
//! they would wait for ever.

use std::time::Duration;

use fred::clients::Client;
use fred::error::ErrorKind;
use fred::interfaces::ClientLike;
use fred::types::Builder;
use fred::types::config::{Config, ReconnectPolicy, TcpConfig};

use crate::config::Secret;
use crate::error::{Error, Result};

/// A command that is not answered within this fails. fred has to know it: a future that is merely dropped is still sent.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a blocking command may take: the second that the server blocks, and two for a slow link.
const BLOCKING_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// Waits between two attempts to connect, in milliseconds. Short, because what is at stake is a wake-up's latency.
const SHORTEST_RECONNECT_DELAY: u32 = 50;
const LONGEST_RECONNECT_DELAY: u32 = 500;

/// A client for short commands. It connects in the background, and again for ever: a server that is away is no error here.
///
/// `Unavailable` when the URL is none. Has to be called inside of a Tokio runtime.
pub fn connect(url: &Secret) -> Result<Client> {
    build(url, COMMAND_TIMEOUT)
}

/// A client for one loop of blocking commands. No other loop may share it: a blocked link holds up whoever else uses it.
pub fn connect_blocking(url: &Secret) -> Result<Client> {
    build(url, BLOCKING_TIMEOUT)
}

/// Drops the link after a command that nobody answered: the far end of a half-open one will never say that it is gone.
pub async fn renew_if_silent(client: &Client, error: &fred::error::Error) {
    if *error.kind() == ErrorKind::Timeout
        && let Err(error) = client.force_reconnection().await
    {
        tracing::debug!(%error, "the link to Redis was not renewed");
    }
}

fn build(url: &Secret, command_timeout: Duration) -> Result<Client> {
    // The URL may hold a password, so neither it nor the parser's sentence is shown.
    let mut config = Config::from_url(url.expose()).map_err(|_| {
        Error::Unavailable("A Redis URL is not one, like redis://127.0.0.1:6379/0.".to_owned())
    })?;
    config.fail_fast = false;
    let client = Builder::from_config(config)
        .with_performance_config(|performance| performance.default_command_timeout = command_timeout)
        .with_connection_config(|connection| {
            connection.connection_timeout = CONNECTION_TIMEOUT;
            connection.internal_command_timeout = CONNECTION_TIMEOUT;
            // A command is sent once. Whatever goes through here may be lost, and is better lost than late.
            connection.max_command_attempts = 1;
            connection.reconnect_on_auth_error = true;
            connection.tcp = TcpConfig { nodelay: Some(true), ..TcpConfig::default() };
        })
        .set_policy(ReconnectPolicy::new_exponential(0, SHORTEST_RECONNECT_DELAY, LONGEST_RECONNECT_DELAY, 2))
        .build()
        .map_err(|error| Error::internal("a Redis client cannot be built", error))?;
    // The task that this starts ends with the client. Nobody waits for it, so a start without Redis does not hang.
    drop(client.connect());
    Ok(client)
}
