//! What keeps the queue moving whoever vanishes: promotion, rescue and schedules, by any worker, at any time.

use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;

use crate::clock::Clock;
use crate::db::Pool;
use crate::error::Result;
use crate::jobs::promote::{self, next_due, promote};
use crate::jobs::rescue::{self, rescue};
use crate::jobs::{Job, schedule};

/// The longest time between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One round of keeping order, and what it remembers between two.
pub(super) struct Housekeeping {
    pool: Pool,
    clock: Clock,
    /// Between two sweeps for expired leases.
    sweep_every: Duration,
    swept_at: Option<Instant>,
    are_schedules_planted: bool,
}

impl Housekeeping {
    pub(super) fn new(pool: Pool, clock: Clock, lease: Duration) -> Self {
        Self { pool, clock, sweep_every: lease / 3, swept_at: None, are_schedules_planted: false }
    }

    /// Promotes, rescues and enqueues what is due. Returns the changes to publish, and how long to wait until the next
    /// round. A database that is away is asked again a second later.
    pub(super) async fn round(&mut self) -> (Vec<Job>, Duration) {
        let mut changes = Vec::new();
        let wait = self.keep_order(&mut changes).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a round of housekeeping was not finished");
            LONGEST_WAIT
        });
        (changes, wait)
    }

    async fn keep_order(&mut self, changes: &mut Vec<Job>) -> Result<Duration> {
        let mut conn = self.pool.connection().await?;
        // First, so that nothing that goes wrong below holds up what is due.
        loop {
            let promoted = promote(&mut conn).await?;
            let is_last = promoted.len() < promote::BATCH;
            changes.extend(promoted);
            if is_last {
                break;
            }
        }
        if self.swept_at.is_none_or(|at| at.elapsed() >= self.sweep_every) {
            changes.extend(sweep(&mut conn).await?);
            self.swept_at = Some(Instant::now());
        }
        match self.keep_schedules(&mut conn).await {
            Ok(made) => changes.extend(made),
            Err(error) => tracing::error!(%error, "the schedules could not be looked after"),
        }
        let due = next_due(&mut conn).await?.unwrap_or(LONGEST_WAIT);
        // A due row that another worker holds must not make this a loop without a pause.
        Ok(due.clamp(Duration::from_millis(5), LONGEST_WAIT.min(self.sweep_every)))
    }

    async fn keep_schedules(&mut self, conn: &mut AsyncPgConnection) -> Result<Vec<Job>> {
        if !self.are_schedules_planted {
            schedule::plant(conn).await?;
            self.are_schedules_planted = true;
        }
        schedule::enqueue_due(conn, &self.clock).await
    }
}

/// Rescues every job whose lease has run out, and says so for people: each is a fault somewhere.
async fn sweep(conn: &mut AsyncPgConnection) -> Result<Vec<Job>> {
    let mut all = Vec::new();
    loop {
        let rescued = rescue(conn).await?;
        for job in &rescued {
            let (kind, state, crashes) = (job.kind.as_str(), job.state.as_str(), job.crash_count);
            tracing::warn!(job = %job.id, kind, state, crashes, "rescued from a worker that fell silent");
        }
        let is_last = rescued.len() < rescue::BATCH;
        all.extend(rescued);
        if is_last {
            return Ok(all);
        }
    }
}
