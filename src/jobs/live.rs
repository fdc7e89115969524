//! The events of jobs as they happen, handed to whoever watches in this process: one tail, routed by job and by user.
//!
//! What comes through here may come twice, out of order or never; `follow` and `follow_many` make a sequence of it that has
//! no hole, with the table `job_events` as the truth.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::db::Pool;
use crate::error::Result;
use crate::jobs::event::PublishedEvent;
use crate::jobs::publish::RedisSettings;

mod catch_up;
mod follow;
mod follow_many;
mod read;
mod tail;

pub use follow::follow;
pub use follow_many::{Wanted, follow_many};

/// How many events wait for one watcher. One that is slower than that learns that it is behind, and asks the table.
const WAITING: usize = 64;
/// For at least so long an event that went out is known as one that went out: longer than the catch-up looks back.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(15);

/// Whose events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Those of one job.
    Job(Uuid),
    /// Those of one user's jobs.
    User(Uuid),
    /// Those of all jobs, the server's own among them.
    Everyone,
}

/// Who watches what in this process. Clones share it.
#[derive(Clone, Default)]
pub struct Live {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    watchers: HashMap<Subject, HashMap<u64, Mailbox>>,
    next_watcher: u64,
    sent: Sent,
}

struct Mailbox {
    events: mpsc::Sender<Arc<PublishedEvent>>,
    is_behind: Arc<AtomicBool>,
}

/// The events that went out lately, in two generations.
struct Sent {
    young: HashSet<(Uuid, i64)>,
    old: HashSet<(Uuid, i64)>,
    turned_at: Instant,
}

/// What somebody watches, in this process.
#[derive(Debug, Default)]
struct Watched {
    jobs: Vec<Uuid>,
    users: Vec<Uuid>,
    everyone: bool,
}

/// The receiving end of one watcher; it stops watching when it is dropped.
pub struct Watcher {
    live: Live,
    subject: Subject,
    number: u64,
    events: mpsc::Receiver<Arc<PublishedEvent>>,
    is_behind: Arc<AtomicBool>,
}

/// What a watcher hears.
#[derive(Debug)]
pub enum Notice {
    /// Something changed.
    Event(Arc<PublishedEvent>),
    /// More changed than could wait: the table knows what.
    Behind,
}

impl Live {
    /// Listens to Redis and looks into the table once a second, until `stop`. Either may be away for a while.
    pub async fn run(&self, pool: &Pool, redis: &RedisSettings, stop: CancellationToken) -> Result<()> {
        let tail = tail::Tail::connect(redis)?;
        tokio::join!(tail.run(self, &stop), catch_up::run(self, pool, &stop));
        Ok(())
    }

    /// Begins to watch. What changes from now on waits in the watcher.
    pub fn watch(&self, subject: Subject) -> Watcher {
        let (sender, events) = mpsc::channel(WAITING);
        let is_behind = Arc::new(AtomicBool::new(false));
        let mailbox = Mailbox { events: sender, is_behind: Arc::clone(&is_behind) };
        let mut state = self.state();
        let number = state.next_watcher;
        state.next_watcher += 1;
        state.watchers.entry(subject).or_default().insert(number, mailbox);
        drop(state);
        Watcher { live: self.clone(), subject, number, events, is_behind }
    }

    /// How many watchers there are.
    pub fn watchers(&self) -> usize {
        self.state().watchers.values().map(HashMap::len).sum()
    }

    /// Hands an event to everybody whom it concerns.
    fn deliver(&self, event: &Arc<PublishedEvent>) {
        let mut state = self.state();
        let job = event.event.job_id;
        let subjects = [Some(Subject::Job(job)), event.user_id.map(Subject::User), Some(Subject::Everyone)];
        for mailboxes in subjects.iter().flatten().filter_map(|subject| state.watchers.get(subject)) {
            for mailbox in mailboxes.values() {
                mailbox.put(event);
            }
        }
        // Also what nobody watches: the catch-up then need not look closer at it.
        state.sent.remember((job, event.event.version));
    }

    /// The keys among these of events that have not gone out lately.
    fn unsent(&self, keys: Vec<(Uuid, i64)>) -> Vec<(Uuid, i64)> {
        let mut state = self.state();
        state.sent.turn();
        keys.into_iter().filter(|key| !state.sent.knows(key)).collect()
    }

    fn is_idle(&self) -> bool {
        self.state().watchers.is_empty()
    }

    fn watched(&self) -> Watched {
        let mut watched = Watched::default();
        for subject in self.state().watchers.keys() {
            match subject {
                Subject::Job(id) => watched.jobs.push(*id),
                Subject::User(id) => watched.users.push(*id),
                Subject::Everyone => watched.everyone = true,
            }
        }
        watched
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    fn put(&self, event: &Arc<PublishedEvent>) {
        if self.events.try_send(Arc::clone(event)).is_err() {
            self.is_behind.store(true, Ordering::Release);
        }
    }
}

impl Sent {
    fn remember(&mut self, key: (Uuid, i64)) {
        self.turn();
        self.young.insert(key);
    }

    fn knows(&self, key: &(Uuid, i64)) -> bool {
        self.young.contains(key) || self.old.contains(key)
    }

    fn turn(&mut self) {
        if self.turned_at.elapsed() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
            self.turned_at = Instant::now();
        }
    }
}

impl Default for Sent {
    fn default() -> Self {
        Self { young: HashSet::new(), old: HashSet::new(), turned_at: Instant::now() }
    }
}

impl Watcher {
    /// Waits for the next change.
    pub async fn next(&mut self) -> Notice {
        // What waits behind a gap is in the table as well.
        if self.is_behind.swap(false, Ordering::AcqRel) {
            while self.events.try_recv().is_ok() {}
            return Notice::Behind;
        }
        match self.events.recv().await {
            Some(event) => Notice::Event(event),
            // The sender stands in the table of watchers until this value is dropped.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut state = self.live.state();
        if let Some(others) = state.watchers.get_mut(&self.subject) {
            others.remove(&self.number);
            if others.is_empty() {
                state.watchers.remove(&self.subject);
            }
        }
    }
}
