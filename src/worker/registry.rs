//! The jobs that this process runs at the moment, shared by the loop that claims and the thread that sends heartbeats.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::jobs::claim::Room;
use crate::jobs::heartbeat::Pulse;
use crate::jobs::stop::StopFlag;
use crate::jobs::{Job, Kind, Queue, Stop};

/// A run that has not left its slot within this after it was asked to counts as one that stays: it may hang, or be far from its
/// first checkpoint.
const LEAVES_WITHIN: Duration = Duration::from_secs(2);

/// Who runs here. Clones share it.
#[derive(Clone)]
pub(super) struct Registry {
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    runs: HashMap<(Uuid, i32), Entry>,
    /// When the last heartbeat that arrived was sent.
    beat_at: Instant,
    /// Whose long jobs have given way since the last claim.
    gave_way: Vec<(Queue, Uuid)>,
}

struct Entry {
    queue: Queue,
    is_bulk: bool,
    user_id: Option<Uuid>,
    started_at: Instant,
    /// When it was asked to give way.
    asked_at: Option<Instant>,
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
        let inside = Inside { runs: HashMap::new(), beat_at: Instant::now(), gave_way: Vec::new() };
        Self { inside: Arc::new(Mutex::new(inside)) }
    }

    /// Enters a job that was just claimed.
    pub(super) fn register(&self, job: &Job) -> Registration {
        let key = (job.id, job.attempt);
        let stop = StopFlag::new();
        let is_bulk = job.known_kind().is_some_and(Kind::is_bulk);
        let started_at = Instant::now();
        let (queue, user_id) = (job.queue, job.user_id);
        let entry = Entry { queue, is_bulk, user_id, started_at, asked_at: None, stop: stop.clone() };
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

    /// How long until the first long job of the queue has had its slot for `time_slice`; `None` when none runs.
    pub(super) fn until_time_is_up(&self, queue: Queue, time_slice: Duration) -> Option<Duration> {
        let inside = self.lock();
        let left = inside.long(queue).map(|entry| time_slice.saturating_sub(entry.started_at.elapsed()));
        left.min()
    }

    /// Asks long jobs whose time is up to give way, so that `wanted` are on their way out: first those of whoever keeps
    /// the most slots, then those that have progress to keep, and among them the longest. With nobody to give way to, what
    /// was asked is taken back from those that have not heard of it.
    pub(super) fn ask_to_give_way(&self, queue: Queue, time_slice: Duration, wanted: usize) {
        let mut inside = self.lock();
        if wanted == 0 {
            let long = inside.runs.values_mut().filter(|entry| entry.queue == queue);
            for entry in long.filter(|entry| entry.stop.take_back_give_way()) {
                entry.asked_at = None;
            }
            return;
        }
        let now = Instant::now();
        let leaving = inside.long(queue).filter(|entry| entry.is_leaving(now)).count();
        for _ in leaving..wanted {
            let Some(key) = inside.next_to_ask(queue, time_slice, now) else { return };
            let Some(chosen) = inside.runs.get_mut(&key) else { return };
            chosen.asked_at = Some(now);
            chosen.stop.raise(Stop::GiveWay);
        }
    }

    /// Whose jobs of the queue have given way since this was last asked.
    pub(super) fn gave_way(&self, queue: Queue) -> Vec<Uuid> {
        let mut inside = self.lock();
        inside.gave_way.extract_if(.., |(of, _)| *of == queue).map(|(_, user_id)| user_id).collect()
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

impl Inside {
    /// The long jobs of the queue.
    fn long(&self, queue: Queue) -> impl Iterator<Item = &Entry> {
        self.runs.values().filter(move |entry| entry.queue == queue && entry.is_bulk)
    }

    /// The long job of the queue that is the next to be asked for its slot.
    fn next_to_ask(&self, queue: Queue, time_slice: Duration, now: Instant) -> Option<(Uuid, i32)> {
        let kept_by = |user: Option<Uuid>| {
            self.long(queue).filter(|entry| entry.user_id == user && !entry.is_leaving(now)).count()
        };
        let may_be_asked = |entry: &Entry| {
            let is_over = now.saturating_duration_since(entry.started_at) >= time_slice;
            entry.queue == queue && entry.is_bulk && entry.asked_at.is_none() && is_over
        };
        let over = self.runs.iter().filter(|(_, entry)| may_be_asked(entry));
        let chosen = over.max_by_key(|(_, entry)| {
            (
                kept_by(entry.user_id),
                entry.stop.has_progress(),
                now.saturating_duration_since(entry.started_at),
            )
        });
        chosen.map(|(key, _)| *key)
    }
}

impl Entry {
    /// True for a moment after it was asked to give way.
    fn is_leaving(&self, now: Instant) -> bool {
        self.asked_at.is_some_and(|asked_at| now.saturating_duration_since(asked_at) < LEAVES_WITHIN)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut inside = self.registry.lock();
        let Some(entry) = inside.runs.remove(&self.key) else { return };
        if entry.stop.reason() == Some(Stop::GiveWay) {
            inside.gave_way.extend(entry.user_id.map(|user_id| (entry.queue, user_id)));
        }
    }
}
