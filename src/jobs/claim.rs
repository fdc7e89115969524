//! QUEUED -> RUNNING: a worker takes as many jobs as it has room for, and nobody else gets them.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::jobs::job::Job;
use crate::jobs::payload::{BULK_PRIORITY, Kind};
use crate::jobs::state::Queue;
use crate::jobs::statement::statement;

/// What a worker has room for in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Jobs of any kind.
    pub any: usize,
    /// How many of them may be bulk.
    pub bulk: usize,
}

impl Room {
    /// The room of a worker with `slots` that runs `running` jobs of the queue, `bulk` of them long ones. Long work never
    /// takes the last slot, so a mail that a person waits for always finds one within moments.
    pub fn of(queue: Queue, slots: usize, running: usize, bulk: usize) -> Self {
        let any = slots.saturating_sub(running);
        let reserved = usize::from(queue == Queue::Email);
        Self { any, bulk: any.min(slots.saturating_sub(reserved).saturating_sub(bulk)) }
    }
}

/// Claims what there is room for, the most urgent first. Each job's attempt is the fence of all its later writes.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    worker_id: Uuid,
    queue: Queue,
    room: Room,
    lease: Duration,
) -> QueryResult<Vec<Job>> {
    let known: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.queue() == queue).collect();
    let mut claimed = Vec::new();
    if room.bulk > 0 {
        claimed = take(conn, worker_id, queue, &known, i16::MAX, room.bulk, lease).await?;
    }
    // Fewer than there was room for: the queue is empty, the reserved slot included.
    let rest = room.any.saturating_sub(claimed.len());
    if room.any > room.bulk && rest > 0 && claimed.len() == room.bulk {
        let light: Vec<Kind> = known.into_iter().filter(|kind| !kind.is_bulk()).collect();
        // The bound on the priority keeps this from walking past every waiting long job.
        claimed.extend(take(conn, worker_id, queue, &light, BULK_PRIORITY - 1, rest, lease).await?);
    }
    claimed.sort_by_key(|job| (job.priority, job.run_at, job.id));
    Ok(claimed)
}

async fn take(
    conn: &mut AsyncPgConnection,
    worker_id: Uuid,
    queue: Queue,
    kinds: &[Kind],
    least_urgent: i16,
    limit: usize,
    lease: Duration,
) -> QueryResult<Vec<Job>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    // The ids come as an array, because the planner takes those for few whatever LIMIT says, and looks each of them up.
    statement(
        "UPDATE jobs SET state = 'RUNNING', attempt = attempt + 1, version = version + 1, worker_id = $5,
             lease_expires_at = clock_timestamp() + $6 * interval '1 millisecond',
             started_at = COALESCE(started_at, clock_timestamp())
         WHERE id = ANY (ARRAY (
             SELECT id FROM jobs
             WHERE state = 'QUEUED' AND queue = $1 AND kind = ANY ($2) AND priority <= $3
             ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED))
         RETURNING jobs.*",
    )
    .bind::<Text, _>(queue)
    .bind::<Array<Text>, _>(kinds)
    .bind::<SmallInt, _>(least_urgent)
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind::<SqlUuid, _>(worker_id)
    .bind::<BigInt, _>(milliseconds(lease))
    .get_results(conn)
    .await
}

/// A duration as SQL takes it: a number of milliseconds.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_work_never_takes_the_last_slot_of_the_email_queue() {
        assert_eq!(Room::of(Queue::Email, 4, 0, 0), Room { any: 4, bulk: 3 });
        assert_eq!(Room::of(Queue::Email, 4, 3, 3), Room { any: 1, bulk: 0 });
        assert_eq!(Room::of(Queue::Email, 4, 2, 1), Room { any: 2, bulk: 2 });
        assert_eq!(Room::of(Queue::Email, 2, 2, 1), Room { any: 0, bulk: 0 });
        assert_eq!(Room::of(Queue::Base, 4, 1, 0), Room { any: 3, bulk: 3 });
    }
}
