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
/// The same while there is no room for long jobs: soon there may be, and who asks for one list hears nothing of the other.
const SHORT_BLOCK_SECONDS: f64 = 0.2;
/// The wait after an answer that was none: the server is away, and the client is connecting again.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens for the wake-ups of one queue. For one loop alone.
pub struct WakeUps {
    client: Client,
    urgent: String,
    bulk: String,
}

/// Something to do.
#[derive(Debug)]
pub struct WakeUp {
    /// The list that it was taken from.
    key: String,
    job_id: String,
    /// True when it takes room for a long job.
    pub is_bulk: bool,
}

impl WakeUps {
    /// Listens to the server of that queue, which may be away. `Unavailable` when the URL is none.
    pub fn connect(settings: &RedisSettings, queue: Queue) -> Result<Self> {
        let client = connect_blocking(settings.wake_url(queue))?;
        Ok(Self { client, urgent: settings.wake_key(queue, false), bulk: settings.wake_key(queue, true) })
    }

    /// Waits for a wake-up, for about a second; `None` when none came. Without room for long jobs it leaves theirs to the
    /// other workers.
    pub async fn next(&self, has_bulk_room: bool) -> Option<WakeUp> {
        let keys = [self.urgent.as_str(), self.bulk.as_str()];
        let (keys, seconds) =
            if has_bulk_room { (&keys[..], BLOCK_SECONDS) } else { (&keys[..1], SHORT_BLOCK_SECONDS) };
        match self.client.blpop::<Option<(String, String)>, _>(keys.to_vec(), seconds).await {
            Ok(found) => found.map(|(key, job_id)| WakeUp { is_bulk: key == self.bulk, key, job_id }),
            Err(error) => {
                tracing::debug!(%error, "Redis gave no wake-up");
                renew_if_silent(&self.client, &error).await;
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    /// Leaves a wake-up to another worker, when this one has no room for it.
    pub async fn give_back(&self, wake_up: WakeUp) {
        if let Err(error) = self.client.rpush::<(), _, _>(wake_up.key, wake_up.job_id).await {
            tracing::debug!(%error, "a wake-up was not given back; the poll will do");
        }
    }

    /// Ends the link, once the question that may still be open is answered. Nobody waits for that.
    pub fn close(&self) {
        let client = self.client.clone();
        tokio::spawn(async move { client.quit().await });
    }
}
