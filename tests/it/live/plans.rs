//! What watching costs beside a month of jobs: every look of every second finds its rows by an index.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::live::scene::{JOB_EVENTS, Scene, global_id};

/// Jobs that ended days ago, with three events each.
const FILL: &str = "ALTER TABLE jobs DISABLE TRIGGER record_job_event;
    INSERT INTO jobs (id, user_id, queue, kind, payload, state, max_attempts, version, created_at, finished_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'email', 'SEND_EMAIL', '{}', 'SUCCESS', 5, 3,
        now() - interval '3 days', now() - interval '3 days' FROM generate_series(1, 30000);
    INSERT INTO job_events (job_id, version, at, state, attempt, data)
    SELECT id, number, now() - interval '3 days', 'SUCCESS', 1, '{}' FROM jobs, generate_series(1, 3) AS number
    WHERE kind = 'SEND_EMAIL' AND finished_at < now() - interval '1 day';
    ALTER TABLE jobs ENABLE TRIGGER record_job_event; ANALYZE jobs; ANALYZE job_events;";

/// Rows that were read from end to end so far.
const READ: &str = "SELECT coalesce(sum(seq_tup_read), 0)::bigint AS number FROM pg_stat_user_tables
    WHERE relname IN ('jobs', 'job_events')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_reads_neither_table_from_end_to_end() {
    let scene = Scene::start().await;
    let admin = scene.test.register_admin("root").await;
    let job = scene.enqueue(Some(scene.user("root").await.id), crate::jobs::world::long(40, 300)).await;
    scene.test.execute(FILL).await;
    scene.test.execute("SELECT pg_stat_force_next_flush()").await;
    sleep(Duration::from_secs(2)).await;
    let before = scene.test.number(READ).await;
    let mut socket = admin.socket().await;
    socket.subscribe("one", JOB_EVENTS, json!({ "id": global_id(&job) })).await;
    for (id, query) in [
        ("mine", "subscription { myJobEvents { version } }"),
        ("all", "subscription { allJobEvents { version } }"),
        ("queues", "subscription { queueStats { workers } }"),
    ] {
        socket.subscribe(id, query, json!({})).await;
    }
    // Long enough for the look at the versions, too, and for the statistics to be written.
    sleep(Duration::from_millis(12_500)).await;
    let read = scene.test.number(READ).await - before;
    assert!(read < 30_000, "{read} rows were read from end to end");
}
