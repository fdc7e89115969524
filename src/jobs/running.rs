//! The running job as its kind sees it: where to go on, how to store how far it is, and when to stop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::jobs::checkpoint::{Claim, Stored, store};
use crate::jobs::enqueue::{Enqueued, NewJob, enqueue};
use crate::jobs::failure::JobError;
use crate::jobs::finish::succeed;
use crate::jobs::job::{Job, Progress};
use crate::jobs::publish::Publisher;
use crate::jobs::stop::{Stop, StopFlag};

/// A job makes at most four visible steps a second; what lies between is stored and not shown.
const VISIBLE_EVERY: Duration = Duration::from_millis(250);

/// How a run ended well.
#[derive(Debug)]
pub enum Outcome {
    /// The work is done: the worker ends the job and enqueues what follows, in one transaction.
    Done {
        /// What was done, as an object.
        output: Value,
        /// The last progress.
        progress: Progress,
        /// Jobs that follow from it.
        follow_ups: Vec<NewJob>,
    },
    /// The work is done, and [`RunningJob::finish`] ended the job in the transaction of its last effect.
    Finished,
}

impl Outcome {
    /// Done, with nothing to follow.
    pub fn done(output: Value, progress: Progress) -> Self {
        Self::Done { output, progress, follow_ups: Vec::new() }
    }
}

/// What a run is given by its worker.
pub struct RunSettings {
    /// How long the claim lives without a sign.
    pub lease: Duration,
    /// Where committed changes are told.
    pub publisher: Publisher,
    /// Makes the ids of follow-ups.
    pub clock: Clock,
    /// The job's flag.
    pub stop: StopFlag,
}

/// A claimed job. Clones are the same run.
#[derive(Clone)]
pub struct RunningJob {
    run: Arc<Run>,
}

struct Run {
    job: Job,
    claim: Claim,
    settings: RunSettings,
    memory: Mutex<Memory>,
}

/// What is known beyond the row as it was claimed.
struct Memory {
    progress: Progress,
    /// The highest version that this run knows to be committed.
    version: i64,
    /// When this run last committed a checkpoint, or began.
    checkpointed_at: Instant,
    shown_at: Option<Instant>,
    uncommitted: Uncommitted,
}

#[derive(Default)]
struct Uncommitted {
    progress: Option<Progress>,
    is_shown: bool,
    is_cancelled: bool,
    changes: Vec<Job>,
}

impl RunningJob {
    /// The run of a job that was just claimed; `None` for a row that no worker holds.
    pub fn new(job: Job, settings: RunSettings) -> Option<Self> {
        let claim = Claim { job_id: job.id, attempt: job.attempt, worker_id: job.worker_id? };
        let stored = job.checkpoint.as_ref().and_then(|checkpoint| checkpoint.get("progress"));
        let progress = stored.and_then(|progress| serde_json::from_value(progress.clone()).ok());
        let memory = Memory {
            progress: progress.unwrap_or_else(|| job.progress.clone()),
            version: job.version,
            checkpointed_at: Instant::now(),
            shown_at: None,
            uncommitted: Uncommitted::default(),
        };
        Some(Self { run: Arc::new(Run { job, claim, settings, memory: Mutex::new(memory) }) })
    }

    /// The row as it was claimed.
    pub fn job(&self) -> &Job {
        &self.run.job
    }

    /// The fence of this run's writes.
    pub fn claim(&self) -> Claim {
        self.run.claim
    }

    /// How often the job's worker vanished since the last checkpoint before this claim.
    pub fn crash_count(&self) -> i32 {
        self.run.job.crash_count
    }

    /// The progress of the last checkpoint; zeros before the first.
    pub fn progress(&self) -> Progress {
        self.memory().progress.clone()
    }

    /// Where the attempt before this one left off; `None` for a job that starts afresh.
    pub fn load_checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let stored = self.run.job.checkpoint.as_ref().and_then(|checkpoint| checkpoint.get("at"));
        let read = stored.map(|at| serde_json::from_value(at.clone())).transpose();
        read.map_err(|_| JobError::fail("BAD_CHECKPOINT", "The job's checkpoint cannot be read."))
    }

    /// Why the run should end; `None` while it should not.
    pub fn stop_reason(&self) -> Option<Stop> {
        self.run.settings.stop.reason()
    }

    /// `Stopped` when the run should end: a `?` between two pieces of work. An ask to give way is not taken back any more then.
    pub fn keep_going(&self) -> Result<(), JobError> {
        if self.run.settings.stop.hear().is_some() { Err(JobError::Stopped) } else { Ok(()) }
    }

    /// Asks the run to stop: nothing that it writes from now on counts, but for what a shutdown leaves time for.
    pub fn ask_to_stop(&self, reason: Stop) {
        self.run.settings.stop.raise(reason);
    }

    /// Waits until the reason to stop is another one than `seen`, and returns it.
    pub async fn stop_changed_from(&self, seen: Option<Stop>) -> Option<Stop> {
        self.run.settings.stop.changed_from(seen).await
    }

    /// The first statement of a transaction that has effects: the fence, the checkpoint (any JSON) and the progress.
    ///
    /// It locks the job's row, and no heartbeat renews a lease behind a lock: keep the transaction to statements, well
    /// below a lease, and do what is slow before it.
    ///
    /// `Fenced` when the claim is lost, `Stopped` when nothing more may be written: roll back by returning it. After
    /// COMMIT call [`RunningJob::committed`].
    pub async fn checkpoint(
        &self,
        conn: &mut AsyncPgConnection,
        checkpoint: &Value,
        progress: &Progress,
    ) -> Result<(), JobError> {
        // A shutdown leaves time to store what is done; the other reasons do not.
        if self.stop_reason().is_some_and(|reason| reason > Stop::Shutdown) {
            return Err(JobError::Stopped);
        }
        let is_visible = self.begin_uncommitted();
        let document = json!({ "at": checkpoint, "progress": progress });
        let lease = self.run.settings.lease;
        let stored = store(conn, self.run.claim, &document, progress, is_visible, lease).await?;
        let stored = stored.ok_or(JobError::Fenced)?;
        let mut memory = self.memory();
        let is_shown = is_visible && stored.version > memory.version;
        memory.uncommitted = Uncommitted {
            progress: Some(progress.clone()),
            is_shown,
            is_cancelled: stored.cancel_requested_at.is_some(),
            changes: is_shown.then(|| self.changed(&stored, progress)).into_iter().collect(),
        };
        Ok(())
    }

    /// Enqueues a job in the transaction of a checkpoint; [`RunningJob::committed`] wakes the workers for it.
    pub async fn enqueue(&self, conn: &mut AsyncPgConnection, new: NewJob) -> Result<Enqueued, JobError> {
        let enqueued = enqueue(conn, self.run.settings.clock.new_id(), new).await?;
        if !enqueued.is_deduplicated {
            self.memory().uncommitted.changes.push(enqueued.job.clone());
        }
        Ok(enqueued)
    }

    /// Ends the job as SUCCESS inside of the transaction of its last effect, fence included. After COMMIT return
    /// [`Outcome::Finished`].
    pub async fn finish(
        &self,
        conn: &mut AsyncPgConnection,
        output: &Value,
        progress: &Progress,
    ) -> Result<(), JobError> {
        if self.stop_reason() == Some(Stop::Lost) {
            return Err(JobError::Stopped);
        }
        let job = succeed(conn, self.run.claim, progress, output).await?.ok_or(JobError::Fenced)?;
        let mut memory = self.memory();
        // A checkpoint whose transaction was rolled back left a change with the version that this one has now.
        memory.uncommitted.changes.retain(|change| change.id != job.id || change.version < job.version);
        memory.uncommitted.changes.push(job);
        Ok(())
    }

    /// Says that the transaction of the last checkpoint is committed. Never fails and never waits.
    pub fn committed(&self) {
        let mut memory = self.memory();
        let uncommitted = std::mem::take(&mut memory.uncommitted);
        memory.checkpointed_at = Instant::now();
        if let Some(progress) = uncommitted.progress {
            memory.progress = progress;
        }
        if uncommitted.is_shown {
            memory.shown_at = Some(Instant::now());
        }
        let shown = uncommitted.changes.iter().filter(|change| change.id == self.run.job.id);
        memory.version = shown.map(|change| change.version).fold(memory.version, i64::max);
        drop(memory);
        self.run.settings.stop.note_progress();
        if uncommitted.is_cancelled {
            self.run.settings.stop.raise(Stop::Cancelled);
        }
        for job in &uncommitted.changes {
            self.run.settings.publisher.publish(job);
        }
    }

    /// How long ago the last checkpoint was, or the start.
    pub fn since_checkpoint(&self) -> Duration {
        self.memory().checkpointed_at.elapsed()
    }

    /// The row as a checkpoint left it, as far as it can be seen.
    fn changed(&self, stored: &Stored, progress: &Progress) -> Job {
        Job {
            version: stored.version,
            cancel_requested_at: stored.cancel_requested_at,
            updated_at: stored.updated_at,
            progress: progress.clone(),
            ..self.run.job.clone()
        }
    }

    /// Forgets what a transaction before this one left uncommitted, and says whether progress may be shown again.
    fn begin_uncommitted(&self) -> bool {
        let mut memory = self.memory();
        memory.uncommitted = Uncommitted::default();
        memory.shown_at.is_none_or(|shown_at| shown_at.elapsed() >= VISIBLE_EVERY)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.run.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
