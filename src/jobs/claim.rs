//! QUEUED -> RUNNING: a worker takes as many jobs as it has room for, and nobody else gets them.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::job::Job;
use crate::jobs::payload::{BULK_PRIORITY, Kind};
use crate::jobs::state::Queue;
use crate::jobs::turn::Turn;

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
///
/// Long jobs go to users who run none at the moment, one each, in turns that go on where the last claim ended; what is left
/// goes to the oldest.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    worker_id: Uuid,
    queue: Queue,
    room: Room,
    lease: Duration,
    turn: &mut Turn,
) -> QueryResult<Vec<Job>> {
    let bulk = bulk_kinds(queue);
    let light: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| kind.queue() == queue && !kind.is_bulk()).collect();
    // The bound on the priority keeps this from walking past every waiting long job.
    let least_urgent = if bulk.is_empty() { i16::MAX } else { BULK_PRIORITY - 1 };
    let next = turn.next();
    let mut claimed: Vec<Job> = statement(CLAIM)
        .bind::<Text, _>(queue)
        .bind::<Array<Text>, _>(names(&light))
        .bind::<SmallInt, _>(least_urgent)
        .bind::<BigInt, _>(i64::try_from(room.any).unwrap_or(i64::MAX))
        .bind::<Array<Text>, _>(names(&bulk))
        .bind::<BigInt, _>(i64::try_from(room.bulk).unwrap_or(i64::MAX))
        .bind::<SqlUuid, _>(next)
        .bind::<SqlUuid, _>(worker_id)
        .bind::<BigInt, _>(milliseconds(lease))
        .bind::<Array<SqlUuid>, _>(turn.standing_back())
        .get_results(conn)
        .await?;
    claimed.sort_by_key(|job| (job.priority, job.run_at, job.id));
    if room.bulk > 0 {
        turn.has_passed(next, &claimed);
    }
    Ok(claimed)
}

/// One statement, because each round trip is a good part of what a short job takes.
///
/// `light` is what is urgent. `turns` walks from user to user through an index, once round from where the last turn was, and
/// looks at one job of each who runs none and has not just given way: what it costs grows with the slots, never with the jobs
/// that wait, but for those of kinds that this program does not know, which are passed over. Long jobs are those of the least
/// urgent priority; as a constant, because the index has it as its condition. The ids come as an array, because the planner
/// takes those for few whatever LIMIT says, and looks each of them up.
const CLAIM: &str = "
    WITH RECURSIVE light AS MATERIALIZED (
        SELECT id FROM jobs
        WHERE state = 'QUEUED' AND queue = $1 AND kind = ANY ($2) AND priority <= $3
        ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED),
    room (free) AS MATERIALIZED (SELECT LEAST($6, $4 - count(*)) FROM light),
    busy AS MATERIALIZED (
        SELECT user_id FROM jobs
        WHERE state = 'RUNNING' AND queue = $1 AND priority >= 50 AND user_id IS NOT NULL
        UNION SELECT * FROM unnest($10)),
    ahead (user_id, place) AS (
        (SELECT user_id, 1 FROM jobs
         WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($5)
             AND user_id >= $7 AND (SELECT free FROM room) > 0
         ORDER BY user_id LIMIT 1)
        UNION ALL
        SELECT next.user_id, place + 1 FROM ahead CROSS JOIN LATERAL (
            SELECT user_id FROM jobs
            WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($5)
                AND user_id > ahead.user_id
            ORDER BY user_id LIMIT 1) AS next
        WHERE place < (SELECT free FROM room) + (SELECT count(*) FROM busy)),
    behind (user_id, place) AS (
        (SELECT user_id, 1 FROM jobs
         WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($5)
             AND user_id < $7 AND (SELECT free FROM room) > 0
         ORDER BY user_id LIMIT 1)
        UNION ALL
        SELECT next.user_id, place + 1 FROM behind CROSS JOIN LATERAL (
            SELECT user_id FROM jobs
            WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($5)
                AND user_id > behind.user_id AND user_id < $7
            ORDER BY user_id LIMIT 1) AS next
        WHERE place < (SELECT free FROM room) + (SELECT count(*) FROM busy)),
    turns AS MATERIALIZED (
        SELECT oldest.id FROM (SELECT user_id FROM ahead UNION ALL SELECT user_id FROM behind) AS turn
        CROSS JOIN LATERAL (
            SELECT id FROM jobs
            WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1
                AND user_id = turn.user_id AND kind = ANY ($5)
            ORDER BY priority, run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS oldest
        WHERE turn.user_id NOT IN (SELECT user_id FROM busy)
        LIMIT (SELECT free FROM room)),
    rest AS MATERIALIZED (
        SELECT id FROM jobs
        WHERE state = 'QUEUED' AND queue = $1 AND kind = ANY ($5) AND id <> ALL (ARRAY (SELECT id FROM turns))
        ORDER BY priority, run_at, id
        LIMIT (SELECT free FROM room) - (SELECT count(*) FROM turns) FOR UPDATE SKIP LOCKED)
    UPDATE jobs SET state = 'RUNNING', attempt = attempt + 1, version = version + 1, worker_id = $8,
        lease_expires_at = clock_timestamp() + $9 * interval '1 millisecond',
        started_at = COALESCE(started_at, clock_timestamp())
    WHERE id = ANY (ARRAY (
        SELECT id FROM light UNION ALL SELECT id FROM turns UNION ALL SELECT id FROM rest))
    RETURNING jobs.*";

/// The kinds of a queue that may run for hours.
pub(super) fn bulk_kinds(queue: Queue) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.queue() == queue && kind.is_bulk()).collect()
}

/// The names of kinds, as SQL takes them.
pub(super) fn names(kinds: &[Kind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.as_str()).collect()
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

    #[test]
    fn the_statement_knows_the_priority_of_long_work() {
        assert!(CLAIM.contains(&format!("priority >= {BULK_PRIORITY}")));
        let payload = crate::jobs::JobPayload::FetchEmails { connected_account_ids: Vec::new(), limit: None };
        assert!(payload.kind().is_bulk());
        assert_eq!(payload.priority(), BULK_PRIORITY);
    }
}
