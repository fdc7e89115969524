//! The worker's ear: wake-ups of one queue, taken from a list in Redis.

use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, ListInterface};

use crate::error::Result;
use crate::jobs::publish::RedisSettings;
use crate::jobs::state::Queue;
use crate::redis::{connect_blocking, renew_if_silent};

/// How long the server holds one question open, in seconds.
const BLOCK_SECONDS: f64 = 1.0;
/// The wait after an answer that was none: the server is away, and the client is connecting again.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens for the wake-ups of one queue. For one loop alone.
pub struct WakeUps {
    client: Client,
    key: String,
}

impl WakeUps {
    /// Listens to the server of that queue, which may be away. `Unavailable` when the URL is none.
    pub fn connect(settings: &RedisSettings, queue: Queue) -> Result<Self> {
        let client = connect_blocking(settings.wake_url(queue))?;
        Ok(Self { client, key: settings.wake_key(queue) })
    }

    /// Waits for a wake-up, for about a second; `None` when none came.
    pub async fn next(&self) -> Option<String> {
        match self.client.blpop::<Option<(String, String)>, _>(self.key.as_str(), BLOCK_SECONDS).await {
            Ok(found) => found.map(|(_, job_id)| job_id),
            Err(error) => {
                tracing::debug!(%error, "Redis gave no wake-up");
                renew_if_silent(&self.client, &error).await;
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    /// Leaves a wake-up to another worker, when this one has no room for it.
    pub async fn give_back(&self, job_id: String) {
        if let Err(error) = self.client.rpush::<(), _, _>(self.key.as_str(), job_id).await {
            tracing::debug!(%error, "a wake-up was not given back; the poll will do");
        }
    }

    /// Ends the link, once the question that may still be open is answered. Nobody waits for that.
    pub fn close(&self) {
        let client = self.client.clone();
        tokio::spawn(async move { client.quit().await });
    }
}
