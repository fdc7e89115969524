//! What is said to the others after COMMIT: a wake-up for the workers, and the event's copy for who watches.
//!
//! Best effort, and nobody waits for it: workers look once a second and subscriptions catch up from the table.

use std::time::Duration;

use fred::clients::Client;
use fred::error::Error as RedisError;
use fred::interfaces::{ClientLike, ListInterface, StreamsInterface};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::config::Secret;
use crate::error::Result;
use crate::jobs::event::PublishedEvent;
use crate::jobs::job::Job;
use crate::jobs::payload::Kind;
use crate::jobs::state::{Queue, State};
use crate::metrics::Metrics;
use crate::redis::{connect, renew_if_silent};

/// A list of wake-ups is cut to this many.
const LONGEST_LIST: i64 = 1_000;
/// The stream of events is cut to about this many.
const LONGEST_STREAM: i64 = 20_000;
/// Notices that wait for Redis in this process; more are dropped.
const WAITING: usize = 10_000;
/// Notices that go out in one round trip.
const BATCH: usize = 500;

/// Where wake-ups and events go.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The wake-ups of the queue `base`.
    pub base: Secret,
    /// The wake-ups of the queue `email`.
    pub email: Secret,
    /// The copies of events.
    pub events: Secret,
    /// What every key starts with, so that two installations may share a server.
    pub prefix: String,
}

impl RedisSettings {
    /// The list of the wake-ups of a queue; those for long jobs are apart, for workers that have room for them.
    pub fn wake_key(&self, queue: Queue, is_bulk: bool) -> String {
        let list = if is_bulk { ":bulk" } else { "" };
        format!("{}:wake:{}{list}", self.prefix, queue.as_str())
    }

    /// The stream of events. Each entry has one field, `event`: a [`PublishedEvent`] in JSON.
    pub fn events_key(&self) -> String {
        format!("{}:events", self.prefix)
    }

    /// The server that carries the wake-ups of a queue.
    pub fn wake_url(&self, queue: Queue) -> &Secret {
        match queue {
            Queue::Base => &self.base,
            Queue::Email => &self.email,
        }
    }
}

/// The way out. Clones share it; the links end with the last of them.
#[derive(Clone, Debug)]
pub struct Publisher {
    outlets: Option<Outlets>,
    metrics: Metrics,
}

#[derive(Clone, Debug)]
struct Outlets {
    base: mpsc::Sender<WakeUp>,
    email: mpsc::Sender<WakeUp>,
    events: mpsc::Sender<PublishedEvent>,
    /// To see whether the links are up.
    links: [(&'static str, Client); 3],
}

/// Something to do for a worker.
#[derive(Clone, Copy, Debug)]
struct WakeUp {
    job_id: Uuid,
    is_bulk: bool,
}

impl Publisher {
    /// One that says nothing.
    pub fn off() -> Self {
        Self { outlets: None, metrics: Metrics::default() }
    }

    /// One that speaks to Redis, each server through a task of its own: one that hangs holds up no other.
    ///
    /// Has to be called inside of a Tokio runtime. `Unavailable` when a URL is none; a server may be away.
    pub fn start(settings: &RedisSettings) -> Result<Self> {
        let (events, waiting) = mpsc::channel(WAITING);
        let events_link = connect(&settings.events)?;
        tokio::spawn(send_events(events_link.clone(), settings.events_key(), waiting));
        let (base, base_link) = start_wake_ups(settings, Queue::Base)?;
        let (email, email_link) = start_wake_ups(settings, Queue::Email)?;
        let links = [("base", base_link), ("email", email_link), ("events", events_link)];
        let outlets = Outlets { base, email, events, links };
        Ok(Self { outlets: Some(outlets), metrics: Metrics::default() })
    }

    /// The same, which counts there what it tells the others.
    #[must_use]
    pub fn counting(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Whether the links to Redis are up, each with what it carries.
    pub fn links(&self) -> Vec<(&'static str, bool)> {
        let links = self.outlets.iter().flat_map(|outlets| &outlets.links);
        links.map(|(carries, client)| (*carries, client.is_connected())).collect()
    }

    /// Tells the others of a change that is committed. Returns at once, and never fails.
    pub fn publish(&self, job: &Job) {
        if job.state.is_ended() {
            let kind = job.known_kind().map_or("OTHER", Kind::as_str);
            self.metrics.job_ended(kind, job.state.as_str());
        }
        let Some(outlets) = &self.outlets else { return };
        if job.state == State::Queued {
            let wake_ups = match job.queue {
                Queue::Base => &outlets.base,
                Queue::Email => &outlets.email,
            };
            // Full: so many wake-ups are under way that one more says nothing new.
            let is_bulk = job.known_kind().is_some_and(Kind::is_bulk);
            let _ = wake_ups.try_send(WakeUp { job_id: job.id, is_bulk });
        }
        if outlets.events.try_send(job.into()).is_err() {
            tracing::debug!(job = %job.id, "the copy of an event was dropped; readers catch up from the table");
        }
    }
}

fn start_wake_ups(settings: &RedisSettings, queue: Queue) -> Result<(mpsc::Sender<WakeUp>, Client)> {
    let (sender, waiting) = mpsc::channel(WAITING);
    let keys = [false, true].map(|is_bulk| (is_bulk, settings.wake_key(queue, is_bulk)));
    let client = connect(settings.wake_url(queue))?;
    tokio::spawn(send_wake_ups(client.clone(), keys, waiting));
    Ok((sender, client))
}

async fn send_wake_ups(client: Client, keys: [(bool, String); 2], mut waiting: mpsc::Receiver<WakeUp>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        // What is said while the server is away would only be old news when it is back.
        if client.is_connected() {
            say(&client, push(&client, &keys, &batch).await).await;
        }
        batch.clear();
    }
    let _ = client.quit().await;
}

async fn push(client: &Client, keys: &[(bool, String); 2], batch: &[WakeUp]) -> Result<(), RedisError> {
    let pipeline = client.pipeline();
    for (is_bulk, key) in keys {
        let ids = batch.iter().filter(|wake_up| wake_up.is_bulk == *is_bulk);
        let ids: Vec<String> = ids.map(|wake_up| wake_up.job_id.to_string()).collect();
        if !ids.is_empty() {
            pipeline.lpush::<(), _, _>(key, ids).await?;
            pipeline.ltrim::<(), _>(key, 0, LONGEST_LIST - 1).await?;
        }
    }
    pipeline.last().await
}

async fn send_events(client: Client, key: String, mut waiting: mpsc::Receiver<PublishedEvent>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let texts: Vec<String> =
            batch.drain(..).filter_map(|event| serde_json::to_string(&event).ok()).collect();
        if client.is_connected() {
            say(&client, append(&client, &key, texts).await).await;
        }
    }
    let _ = client.quit().await;
}

async fn append(client: &Client, key: &str, texts: Vec<String>) -> Result<(), RedisError> {
    let pipeline = client.pipeline();
    for text in texts {
        let cap = ("MAXLEN", "~", LONGEST_STREAM);
        pipeline.xadd::<(), _, _, _, _>(key, false, cap, "*", ("event", text)).await?;
    }
    pipeline.last().await
}

async fn say(client: &Client, outcome: Result<(), RedisError>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "Redis did not take a notice");
        renew_if_silent(client, &error).await;
        // A server that refuses everything must not be asked without a pause.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
