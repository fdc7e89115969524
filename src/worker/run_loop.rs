//! The worker's loop: one task a queue that claims and starts jobs, and the life of the process around it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{JobSettings, Secret};
use crate::db::Pool;
use crate::error::{Error, Result};
use crate::jobs::claim::{Room, claim};
use crate::jobs::heartbeat::WorkerProcess;
use crate::jobs::promote::promote;
use crate::jobs::running::RunSettings;
use crate::jobs::turn::{Turn, count_waiting_users};
use crate::jobs::wakeup::WakeUps;
use crate::jobs::{
    Job, JobError, JobPayload, Outcome, Publisher, Queue, RedisSettings, RunningJob, State, Stop,
};
use crate::worker::attempt::{self, Patience};
use crate::worker::heartbeat::{Heart, longest_silence};
use crate::worker::housekeeping::Housekeeping;
use crate::worker::registry::{Registration, Registry};
use crate::worker::settle::settle;

/// The wait between two looks when nobody says anything, in milliseconds: it differs, so that workers do not look together.
const POLL: std::ops::RangeInclusive<u64> = 800..=1000;
/// The same wait while every slot for long jobs is taken by somebody whose time is up.
const SHARE_POLL: Duration = Duration::from_millis(400);
/// What a run gets beyond the grace of a shutdown, to write that it is handed back.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What a worker is made of.
pub struct WorkerParts {
    /// The connections for claims and endings; the kinds' code takes its own.
    pub pool: Pool,
    /// The same database, for the heartbeat's connection.
    pub database_url: Secret,
    /// Where wake-ups come from; `None` leaves it to the poll.
    pub redis: Option<RedisSettings>,
    /// Where committed changes are told.
    pub publisher: Publisher,
    /// Slots, lease and grace.
    pub settings: JobSettings,
    /// Makes ids.
    pub clock: Clock,
}

/// One worker process. `Code` runs the kinds: the program's own `match` on the payload.
pub struct Worker<Code> {
    core: Arc<Core<Code>>,
}

struct Core<Code> {
    id: Uuid,
    parts: WorkerParts,
    registry: Registry,
    base: Notify,
    email: Notify,
    code: Code,
}

impl<Code, Work> Worker<Code>
where
    Code: Fn(RunningJob, JobPayload) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<Outcome, JobError>> + Send + 'static,
{
    /// A worker that runs `code` for each job. Nothing happens yet.
    pub fn new(parts: WorkerParts, code: Code) -> Self {
        let id = parts.clock.new_id();
        let (base, email) = (Notify::new(), Notify::new());
        Self { core: Arc::new(Core { id, parts, registry: Registry::new(), base, email, code }) }
    }

    /// The id under which this worker claims.
    pub fn id(&self) -> Uuid {
        self.core.id
    }

    /// Works until `stop`: then claims nothing more, gives running jobs the grace, and hands back what is left.
    ///
    /// A database or a Redis that is away is waited for. Fails only when the machine has no thread left, or a URL is none.
    pub async fn run(&self, stop: CancellationToken) -> Result<()> {
        let core = &self.core;
        let wake_ups = core.connect_wake_ups()?;
        let end = CancellationToken::new();
        let heartbeat = core.heart(end.clone()).start()?;
        let tracker = TaskTracker::new();
        let loops = async {
            let queues = Queue::ALL.map(|queue| Arc::clone(core).claim_loop(queue, stop.clone(), &tracker));
            let listeners = wake_ups.iter().map(|(queue, wake_ups)| core.listen(*queue, wake_ups, &stop));
            tokio::join!(join_all(queues), join_all(listeners), core.keep_order(&stop));
        };
        tracing::info!(worker = %core.id, "the worker runs");
        loops.await;
        core.wind_up(&tracker).await;
        end.cancel();
        let _ = tokio::task::spawn_blocking(move || heartbeat.join()).await;
        Ok(())
    }

    /// Runs everything that is due, follow-ups included, until nothing is left; returns how many runs that were. For
    /// tests: the same claim, run and ending as [`Worker::run`], without its loops.
    pub async fn drain(&self) -> Result<usize> {
        let core = &self.core;
        let mut runs = 0;
        loop {
            let mut conn = core.parts.pool.connection().await?;
            core.tell(&promote(&mut conn).await?);
            drop(conn);
            let mut claimed = Vec::new();
            for queue in Queue::ALL {
                let room = core.registry.room(queue, core.slots(queue));
                claimed.extend(core.claim(queue, room, &mut Turn::default()).await?);
            }
            if claimed.is_empty() {
                return Ok(runs);
            }
            runs += claimed.len();
            join_all(claimed.into_iter().map(|(job, registration)| core.run_one(job, registration))).await;
        }
    }
}

impl<Code, Work> Core<Code>
where
    Code: Fn(RunningJob, JobPayload) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<Outcome, JobError>> + Send + 'static,
{
    async fn claim_loop(self: Arc<Self>, queue: Queue, stop: CancellationToken, tracker: &TaskTracker) {
        let mut turn = Turn::default();
        while !stop.is_cancelled() {
            self.start_jobs(queue, tracker, &mut turn).await;
            let poll = Duration::from_millis(rand::random_range(POLL)).min(self.share_slots(queue).await);
            tokio::select! {
                () = self.bell(queue).notified() => {}
                () = tokio::time::sleep(poll) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn start_jobs(self: &Arc<Self>, queue: Queue, tracker: &TaskTracker, turn: &mut Turn) {
        // A worker whose heartbeats do not arrive would only claim what it cannot keep.
        let is_silent = self.registry.silence() > longest_silence(self.parts.settings.lease);
        let room = self.registry.room(queue, self.slots(queue));
        if is_silent || room.any == 0 {
            return;
        }
        match self.claim(queue, room, turn).await {
            Ok(claimed) => {
                for (job, registration) in claimed {
                    let core = Arc::clone(self);
                    tracker.spawn(async move { core.run_one(job, registration).await });
                }
            }
            Err(error) => tracing::warn!(%error, queue = queue.as_str(), "nothing could be claimed"),
        }
    }

    /// Asks long jobs that have had their slots for long enough to give way to users who wait with one and run none.
    /// Returns how long to wait until the next look at most.
    async fn share_slots(&self, queue: Queue) -> Duration {
        let (slots, time_slice) = (self.slots(queue), self.parts.settings.time_slice);
        if self.registry.room(queue, slots).bulk > 0 {
            self.registry.ask_to_give_way(queue, time_slice, 0);
            return Duration::MAX;
        }
        match self.registry.until_time_is_up(queue, time_slice) {
            Some(Duration::ZERO) => {
                let waiting = async {
                    let mut conn = self.parts.pool.connection().await?;
                    Ok::<_, Error>(count_waiting_users(&mut conn, queue, slots).await?)
                };
                match waiting.await {
                    Ok(waiting) => self.registry.ask_to_give_way(queue, time_slice, waiting),
                    Err(error) => tracing::warn!(%error, "who waits for a slot could not be asked"),
                }
                SHARE_POLL
            }
            until => until.unwrap_or(Duration::MAX),
        }
    }

    async fn claim(&self, queue: Queue, room: Room, turn: &mut Turn) -> Result<Vec<(Job, Registration)>> {
        let mut conn = self.parts.pool.connection().await?;
        let lease = self.parts.settings.lease;
        self.registry.gave_way(queue).into_iter().for_each(|user_id| turn.gave_way(user_id));
        let claimed = claim(&mut conn, self.id, queue, room, lease, turn).await?;
        Ok(claimed
            .into_iter()
            .map(|job| {
                self.parts.publisher.publish(&job);
                let registration = self.registry.register(&job);
                (job, registration)
            })
            .collect())
    }

    async fn run_one(&self, job: Job, registration: Registration) {
        let lease = self.parts.settings.lease;
        let settings = RunSettings {
            lease,
            publisher: self.parts.publisher.clone(),
            clock: self.parts.clock.clone(),
            stop: registration.stop.clone(),
        };
        let queue = job.queue;
        let Some(running) = RunningJob::new(job, settings) else { return };
        let patience =
            Patience { shutdown: self.parts.settings.shutdown_grace, cancel: lease / 6, lost: lease / 12 };
        let ending = attempt::run(&self.code, &running, &patience).await;
        let changes = settle(&self.parts.pool, &self.parts.clock, &running, ending, lease).await;
        drop(registration);
        // A slot is free, and something may have followed from the job.
        self.bell(queue).notify_one();
        self.tell(&changes);
    }

    async fn listen(&self, queue: Queue, wake_ups: &WakeUps, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let room = self.registry.room(queue, self.slots(queue));
            if room.any == 0 {
                // Whoever is full leaves the wake-ups to the others; a slot that gets free claims by itself.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            // What is dropped here is still asked, and may swallow one wake-up: the others poll.
            let next = stop.run_until_cancelled(wake_ups.next(room.bulk > 0)).await;
            let Some(Some(wake_up)) = next else { continue };
            let room = self.registry.room(queue, self.slots(queue));
            let free = if wake_up.is_bulk { room.bulk } else { room.any };
            if free == 0 {
                wake_ups.give_back(wake_up).await;
            } else {
                self.bell(queue).notify_one();
            }
        }
        wake_ups.close();
    }

    async fn keep_order(&self, stop: &CancellationToken) {
        let parts = &self.parts;
        let mut housekeeping =
            Housekeeping::new(parts.pool.clone(), parts.clock.clone(), parts.settings.lease);
        while !stop.is_cancelled() {
            let (changes, wait) = housekeeping.round().await;
            self.tell(&changes);
            let _ = tokio::time::timeout(wait, stop.cancelled()).await;
        }
    }

    async fn wind_up(&self, tracker: &TaskTracker) {
        self.registry.stop_all(Stop::Shutdown);
        tracker.close();
        let grace = self.parts.settings.shutdown_grace + LAST_WORDS;
        if tokio::time::timeout(grace, tracker.wait()).await.is_err() {
            tracing::warn!(
                runs = tracker.len(),
                "the worker ends with jobs that did not stop; the rescue finds them"
            );
        }
        tracing::info!(worker = %self.id, "the worker ends");
    }

    fn connect_wake_ups(&self) -> Result<Vec<(Queue, WakeUps)>> {
        let Some(redis) = &self.parts.redis else { return Ok(Vec::new()) };
        Queue::ALL.into_iter().map(|queue| Ok((queue, WakeUps::connect(redis, queue)?))).collect()
    }

    fn heart(&self, end: CancellationToken) -> Heart {
        let settings = &self.parts.settings;
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let worker = WorkerProcess {
            id: self.id,
            host: host.trim().to_owned(),
            process_id: i32::try_from(std::process::id()).unwrap_or(i32::MAX),
            slots: json!({ "base": settings.base_slots, "email": settings.email_slots }),
        };
        Heart {
            database_url: self.parts.database_url.clone(),
            worker,
            registry: self.registry.clone(),
            lease: settings.lease,
            end,
        }
    }

    fn slots(&self, queue: Queue) -> usize {
        match queue {
            Queue::Base => self.parts.settings.base_slots,
            Queue::Email => self.parts.settings.email_slots,
        }
    }

    fn bell(&self, queue: Queue) -> &Notify {
        match queue {
            Queue::Base => &self.base,
            Queue::Email => &self.email,
        }
    }

    /// Tells the others of committed changes, and this worker's own loops of what is ready.
    fn tell(&self, changes: &[Job]) {
        for job in changes {
            self.parts.publisher.publish(job);
            if job.state == State::Queued {
                self.bell(job.queue).notify_one();
            }
        }
    }
}
