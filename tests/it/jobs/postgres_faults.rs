//! PostgreSQL may stop in the middle of everything: what was committed stands, and the worker waits and goes on.

use std::time::Duration;

use pennypost::jobs::State;

use crate::jobs::script::WorkerProcess;
use crate::jobs::world::{World, long, short};
use crate::support::database::TestDatabase;
use crate::support::postgres::PrivatePostgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_outlives_an_immediate_stop_of_postgresql() {
    let server = PrivatePostgres::start();
    let mut world = World::on(TestDatabase::create_on(server.url()).await).await;
    let job = world.enqueue(long(60, 40)).await;
    let lease = Duration::from_millis(1500);
    let worker = WorkerProcess::start(&world, None, lease, Duration::from_secs(5));
    world.wait_for_effects(job.id, 5, Duration::from_secs(20)).await;

    server.stop_at_once();
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.restart();
    // The test's own connections are gone, too.
    world.pool = world.database.pool(4);
    let after = world.enqueue(short()).await;
    world.wait_for(after.id, State::Success, Duration::from_secs(5)).await;
    let job = world.wait_for(job.id, State::Success, Duration::from_secs(30)).await;
    assert_eq!(world.effects(job.id).await, (0..60).collect::<Vec<_>>(), "each effect once");
    assert!(job.attempt > 1 && job.crash_count == 0, "{job:#?}");
    world.assert_events_are_whole().await;
    drop(worker);
}
