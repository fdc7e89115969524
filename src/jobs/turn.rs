//! Whose turn it is: users take turns for the slots of long jobs, so that nobody waits behind all that one of them has.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::claim::{bulk_kinds, names};
use crate::jobs::job::Job;
use crate::jobs::payload::Kind;
use crate::jobs::state::Queue;

/// What a worker remembers between two claims.
#[derive(Debug, Default)]
pub struct Turn {
    /// Who was the last to get a slot for a long job in turn.
    last_user: Option<Uuid>,
    /// Who has just given way: they get a slot again when nobody else wants it.
    gave_way: Vec<Uuid>,
}

impl Turn {
    /// Says that a job of the user has just given way.
    pub fn gave_way(&mut self, user_id: Uuid) {
        self.gave_way.push(user_id);
    }

    /// Where the next turn begins: behind the last one in the order of the users' ids.
    pub(super) fn next(&self) -> Uuid {
        let next = self.last_user.and_then(|last| last.as_u128().checked_add(1));
        next.map_or(Uuid::nil(), Uuid::from_u128)
    }

    /// Who stands back in the next turn.
    pub(super) fn standing_back(&self) -> &[Uuid] {
        &self.gave_way
    }

    /// Takes in who got a slot when the turn began at `next`; it may have come round.
    pub(super) fn has_passed(&mut self, next: Uuid, claimed: &[Job]) {
        let long = claimed.iter().filter(|job| job.known_kind().is_some_and(Kind::is_bulk));
        let last = long.filter_map(|job| job.user_id).max_by_key(|user| (*user < next, *user));
        self.last_user = last.or(self.last_user);
        self.gave_way.clear();
    }
}

/// How many users wait with a long job that this program knows and run none, counted up to `limit`.
pub async fn count_waiting_users(
    conn: &mut AsyncPgConnection,
    queue: Queue,
    limit: usize,
) -> QueryResult<usize> {
    // Long jobs are those of the least urgent priority; as a constant, because the index has it as its condition.
    let waiting: Waiting = statement(
        "WITH RECURSIVE busy AS MATERIALIZED (
             SELECT DISTINCT user_id FROM jobs
             WHERE state = 'RUNNING' AND queue = $1 AND priority >= 50 AND user_id IS NOT NULL),
         turn (user_id, place) AS (
             (SELECT user_id, 1 FROM jobs
              WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($2)
              ORDER BY user_id LIMIT 1)
             UNION ALL
             SELECT next.user_id, place + 1 FROM turn CROSS JOIN LATERAL (
                 SELECT user_id FROM jobs
                 WHERE state = 'QUEUED' AND priority >= 50 AND user_id IS NOT NULL AND queue = $1 AND kind = ANY ($2)
                     AND user_id > turn.user_id
                 ORDER BY user_id LIMIT 1) AS next
             WHERE place < $3 + (SELECT count(*) FROM busy))
         SELECT LEAST(count(*), $3) AS users FROM turn WHERE user_id NOT IN (SELECT user_id FROM busy)",
    )
    .bind::<Text, _>(queue)
    .bind::<Array<Text>, _>(names(&bulk_kinds(queue)))
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .get_result(conn)
    .await?;
    Ok(usize::try_from(waiting.users).unwrap_or_default())
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    users: i64,
}
