//! The tail: reads the stream of events in Redis, once for the whole process.
//!
//! A blocking read with a time-out of its own is the only way that notices a link of which the other end is gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::error::Error as RedisError;
use fred::interfaces::{ClientLike, StreamsInterface};
use fred::types::Value;
use tokio_util::sync::CancellationToken;

use super::Live;
use crate::error::Result;
use crate::jobs::event::PublishedEvent;
use crate::jobs::publish::RedisSettings;
use crate::redis::{connect_blocking, renew_if_silent};

/// How long the server holds one question open, in milliseconds.
const BLOCK_MILLISECONDS: u64 = 1_000;
/// Events that come in one answer.
const BATCH: u64 = 500;
/// The wait after an answer that was none: the server is away, and the client is connecting again.
const PAUSE: Duration = Duration::from_millis(100);

/// Entries of a stream: the id, and the fields by name.
type Entries = Vec<(String, HashMap<String, String>)>;

/// The reading end of the stream of events.
pub(super) struct Tail {
    client: Client,
    key: String,
}

impl Tail {
    /// Reads from the events' server, which may be away. `Unavailable` when the URL is none.
    pub(super) fn connect(settings: &RedisSettings) -> Result<Self> {
        Ok(Self { client: connect_blocking(&settings.events)?, key: settings.events_key() })
    }

    /// Hands every event to those who watch it, until `stop`.
    pub(super) async fn run(self, live: &Live, stop: &CancellationToken) {
        let mut cursor = None;
        while let Some(read) = stop.run_until_cancelled(self.read(cursor.as_ref())).await {
            match read {
                Ok((next, entries)) => {
                    cursor = Some(next);
                    for event in entries.iter().filter_map(|(_, fields)| decode(live, fields)) {
                        live.deliver(&Arc::new(event));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "Redis gave no events; the table has them within a second");
                    renew_if_silent(&self.client, &error).await;
                    tokio::time::sleep(PAUSE).await;
                    // A server that came back empty may count from below the cursor.
                    cursor = self.still_ahead(cursor).await;
                }
            }
        }
        let client = self.client.clone();
        tokio::spawn(async move { client.quit().await });
    }

    /// What follows the cursor, and the cursor behind it. Without one, the present end of the stream and nothing.
    async fn read(&self, cursor: Option<&String>) -> Result<(String, Entries), RedisError> {
        let Some(cursor) = cursor else { return Ok((self.end().await?, Vec::new())) };
        let (key, after) = (self.key.as_str(), cursor.as_str());
        // An answer without entries is Null, which the typed calls of fred refuse.
        let answer: Value = self.client.xread(Some(BATCH), Some(BLOCK_MILLISECONDS), key, after).await?;
        if answer.is_null() {
            return Ok((cursor.clone(), Vec::new()));
        }
        let streams: Vec<(String, Entries)> = answer.convert()?;
        let entries = streams.into_iter().next().map(|(_, entries)| entries).unwrap_or_default();
        let next = entries.last().map_or_else(|| cursor.clone(), |(id, _)| id.clone());
        Ok((next, entries))
    }

    /// The cursor, unless the stream ends in front of it: that is another stream, and is read from its end.
    async fn still_ahead(&self, cursor: Option<String>) -> Option<String> {
        let (cursor, end) = (cursor?, self.end().await.ok()?);
        (place(&cursor) <= place(&end)).then_some(cursor)
    }

    /// The id of the last entry; before any, the id in front of all.
    async fn end(&self) -> Result<String, RedisError> {
        let last: Entries = self.client.xrevrange(self.key.as_str(), "+", "-", Some(1)).await?;
        Ok(last.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
    }
}

/// An entry's id as numbers: milliseconds, and a count within one.
fn place(id: &str) -> Option<(u64, u64)> {
    let (milliseconds, count) = id.split_once('-')?;
    Some((milliseconds.parse().ok()?, count.parse().ok()?))
}

/// Nothing is decoded for nobody. An entry of a newer version that this one cannot read is passed over: the table has it.
fn decode(live: &Live, fields: &HashMap<String, String>) -> Option<PublishedEvent> {
    if live.is_idle() {
        return None;
    }
    let event = serde_json::from_str(fields.get("event")?);
    event.inspect_err(|error| tracing::debug!(%error, "an event in Redis cannot be read")).ok()
}
