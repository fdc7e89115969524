//! The jobs that this process runs at the moment, shared by the loop that claims and the thread that sends heartbeats.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::jobs::claim::Room;
use crate::jobs::heartbeat::Pulse;
use crate::jobs::stop::StopFlag;
use crate::jobs::{Job, Kind, Queue, Stop};

/// Who runs here. Clones share it.
#[derive(Clone)]
pub(super) struct Registry {
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    runs: HashMap<(Uuid, i32), Entry>,
    /// When the last heartbeat that arrived was sent.
    beat_at: Instant,
}

struct Entry {
    queue: Queue,
    is_bulk: bool,
    stop: StopFlag,
}

/// One run's entry, which goes when this does.
pub(super) struct Registration {
    registry: Registry,
    key: (Uuid, i32),
    pub(super) stop: StopFlag,
}

impl Registry {
    pub(super) fn new() -> Self {
        let inside = Inside { runs: HashMap::new(), beat_at: Instant::now() };
        Self { inside: Arc::new(Mutex::new(inside)) }
    }

    /// Enters a job that was just claimed.
    pub(super) fn register(&self, job: &Job) -> Registration {
        let key = (job.id, job.attempt);
        let stop = StopFlag::new();
        let is_bulk = job.known_kind().is_some_and(Kind::is_bulk);
        let entry = Entry { queue: job.queue, is_bulk, stop: stop.clone() };
        self.lock().runs.insert(key, entry);
        Registration { registry: self.clone(), key, stop }
    }

    /// What a worker with `slots` of that queue has room for.
    pub(super) fn room(&self, queue: Queue, slots: usize) -> Room {
        let inside = self.lock();
        let running = inside.runs.values().filter(|entry| entry.queue == queue);
        let bulk = running.clone().filter(|entry| entry.is_bulk).count();
        Room::of(queue, slots, running.count(), bulk)
    }

    /// The claims to renew: jobs and attempts.
    pub(super) fn claims(&self) -> Vec<(Uuid, i32)> {
        self.lock().runs.keys().copied().collect()
    }

    /// Takes in what a heartbeat, sent at `sent_at`, has said.
    pub(super) fn apply(&self, sent_at: Instant, asked: &[(Uuid, i32)], pulses: &[Pulse]) {
        let mut inside = self.lock();
        inside.beat_at = sent_at;
        for key in asked {
            let Some(entry) = inside.runs.get(key) else { continue };
            match pulses.iter().find(|pulse| pulse.job_id == key.0) {
                Some(pulse) if !pulse.is_held => entry.stop.raise(Stop::Lost),
                Some(pulse) if pulse.is_cancelled => entry.stop.raise(Stop::Cancelled),
                _ => {}
            }
        }
    }

    /// How long ago the last heartbeat that arrived was sent.
    pub(super) fn silence(&self) -> Duration {
        self.lock().beat_at.elapsed()
    }

    /// Asks every run to stop.
    pub(super) fn stop_all(&self, reason: Stop) {
        for entry in self.lock().runs.values() {
            entry.stop.raise(reason);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.lock().runs.remove(&self.key);
    }
}
