//! The object `QueueStats`, and the stream of them.

use std::time::Duration;

use async_graphql::SimpleObject;
use futures_util::stream::{Stream, unfold};
use tokio::time::{Instant, sleep_until};

use crate::db::Pool;
use crate::error::Result;
use crate::graphql::jobs::object::JobQueue;
use crate::graphql::scalars::{DateTime, int};
use crate::jobs::statistics::{QueueStatistics, living_workers, queues};

const EVERY: Duration = Duration::from_secs(1);

/// How full the queues are at one moment.
#[derive(Clone, SimpleObject)]
pub struct QueueStats {
    /// Each queue, the empty ones too.
    queues: Vec<QueueStat>,
    /// Workers that gave a sign of life within the last half minute.
    workers: i32,
}

/// How full one queue is.
#[derive(Clone, SimpleObject)]
pub struct QueueStat {
    /// The queue.
    queue: JobQueue,
    /// Jobs that wait for their time.
    scheduled: i32,
    /// Jobs that wait for a worker.
    queued: i32,
    /// Jobs that a worker has.
    running: i32,
    /// Jobs that failed and wait for another attempt.
    retrying: i32,
    /// Since when the job waits that has waited longest for a worker; null when none waits.
    oldest_queued_at: Option<DateTime>,
}

type Seen = (Vec<QueueStatistics>, i64);

/// The queues now, and again whenever something about them has changed.
pub async fn watch_queues(pool: &Pool) -> Result<impl Stream<Item = QueueStats> + use<>> {
    let first = look(pool).await?;
    Ok(unfold((pool.clone(), Some(first.clone()), first), async |(pool, first, mut seen)| {
        if let Some(first) = first {
            return Some((shown(&first), (pool, None, seen)));
        }
        let mut next = Instant::now();
        loop {
            // A look that took long is not made up for.
            next = (next + EVERY).max(Instant::now());
            sleep_until(next).await;
            match look(&pool).await {
                Ok(found) if found != seen => {
                    seen.clone_from(&found);
                    return Some((shown(&found), (pool, None, seen)));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "the queues could not be counted; the next second tries again");
                }
            }
        }
    }))
}

async fn look(pool: &Pool) -> Result<Seen> {
    let mut conn = pool.connection().await?;
    Ok((queues(&mut conn).await?, living_workers(&mut conn).await?))
}

fn shown((queues, workers): &Seen) -> QueueStats {
    let stat = |queue: &QueueStatistics| QueueStat {
        queue: queue.queue.into(),
        scheduled: int(queue.scheduled),
        queued: int(queue.queued),
        running: int(queue.running),
        retrying: int(queue.retrying),
        oldest_queued_at: queue.oldest_queued_at.map(DateTime),
    };
    QueueStats { queues: queues.iter().map(stat).collect(), workers: int(*workers) }
}
