//! The heartbeat of one worker process: one statement that renews its leases and says what it no longer holds.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::statement::statement;
use crate::jobs::claim::milliseconds;

/// A worker process as people see it in `job_workers`.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    /// New for each start.
    pub id: Uuid,
    /// The machine's name.
    pub host: String,
    /// The process on that machine.
    pub process_id: i32,
    /// Jobs of each queue at a time, as an object.
    pub slots: Value,
}

/// What the heartbeat says of one job.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Pulse {
    /// The job.
    #[diesel(sql_type = SqlUuid)]
    pub job_id: Uuid,
    /// False when the claim is somebody else's, or nobody's.
    #[diesel(sql_type = Bool)]
    pub is_held: bool,
    /// True when somebody asked to cancel the job.
    #[diesel(sql_type = Bool)]
    pub is_cancelled: bool,
}

/// Renews the leases of `claims`, each a job and its attempt. Not a visible change, so versions stay.
///
/// A row that is locked is in the middle of a checkpoint, which renews the lease itself: the heartbeat of the other jobs
/// does not wait for it.
pub async fn beat(
    conn: &mut AsyncPgConnection,
    worker: &WorkerProcess,
    claims: &[(Uuid, i32)],
    lease: Duration,
) -> QueryResult<Vec<Pulse>> {
    let (ids, attempts): (Vec<Uuid>, Vec<i32>) = claims.iter().copied().unzip();
    statement(
        "WITH seen AS (
             INSERT INTO job_workers (id, host, process_id, software_version, slots, seen_at)
             VALUES ($1, $5, $6, $7, $8, clock_timestamp())
             ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()),
         mine AS (SELECT * FROM unnest($2, $3) AS claim (id, attempt)),
         held AS (
             SELECT jobs.id, jobs.cancel_requested_at FROM jobs JOIN mine USING (id, attempt)
             WHERE jobs.state = 'RUNNING' AND jobs.worker_id = $1),
         free AS (
             SELECT jobs.id FROM jobs WHERE jobs.id = ANY ($2) AND jobs.state = 'RUNNING' AND jobs.worker_id = $1
             ORDER BY jobs.id FOR UPDATE SKIP LOCKED),
         renewed AS (
             UPDATE jobs SET lease_expires_at = clock_timestamp() + $4 * interval '1 millisecond'
             FROM free JOIN mine USING (id)
             WHERE jobs.id = free.id AND jobs.attempt = mine.attempt AND jobs.state = 'RUNNING' AND jobs.worker_id = $1)
         SELECT mine.id AS job_id, held.id IS NOT NULL AS is_held,
             held.cancel_requested_at IS NOT NULL AS is_cancelled
         FROM mine LEFT JOIN held USING (id)",
    )
    .bind::<SqlUuid, _>(worker.id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(attempts)
    .bind::<BigInt, _>(milliseconds(lease))
    .bind::<Text, _>(&worker.host)
    .bind::<Integer, _>(worker.process_id)
    .bind::<Text, _>(env!("CARGO_PKG_VERSION"))
    .bind::<Jsonb, _>(&worker.slots)
    .get_results(conn)
    .await
}

/// Takes a worker off the list when it ends.
pub async fn sign_off(conn: &mut AsyncPgConnection, worker_id: Uuid) -> QueryResult<usize> {
    statement("DELETE FROM job_workers WHERE id = $1").bind::<SqlUuid, _>(worker_id).execute(conn).await
}
