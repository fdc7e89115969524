//! Redis may come and go: it carries hints and copies, and nothing waits for it.

use std::time::{Duration, Instant};

use fred::interfaces::{ClientLike, StreamsInterface};
use nix::sys::signal::Signal;
use pennypost::jobs::{Job, PublishedEvent, Publisher, RedisSettings, State};
use pennypost::page::Page;
use tokio_util::sync::CancellationToken;

use crate::jobs::world::{World, long, short};
use crate::support::half_open::HalfOpen;
use crate::support::redis::{PrivateRedis, at_port, shared};

/// From enqueue to start, by the database's clock.
async fn start_delay(world: &World) -> Duration {
    let job = world.enqueue(short()).await;
    let job: Job = world.wait_for(job.id, State::Success, Duration::from_secs(5)).await;
    (job.started_at.unwrap() - job.created_at).to_std().unwrap()
}

/// The middle one of some starts with the same pause between them, so that no poll hides a lost wake-up.
async fn usual_delay(world: &World) -> Duration {
    let mut delays = Vec::new();
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_millis(130)).await;
        delays.push(start_delay(world).await);
    }
    delays.sort();
    delays[4]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_start_without_redis_and_fast_again_after_it_without_a_restart() {
    let mut world = World::new().await;
    let mut redis = PrivateRedis::start();
    let settings = redis.settings(world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    let worker = world.worker(Some(settings), Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    start_delay(&world).await;
    let before = usual_delay(&world).await;
    assert!(before < Duration::from_millis(60), "with Redis a job starts after {before:?}");

    redis.kill();
    for _ in 0..4 {
        let delay = start_delay(&world).await;
        assert!(delay < Duration::from_millis(1500), "without Redis a job starts after {delay:?}");
    }
    redis.restart();
    // The longest wait between two attempts to connect is half a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let after = usual_delay(&world).await;
    assert!(after < Duration::from_millis(60), "after the restart a job starts after {after:?}");
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_there_and_does_not_answer_costs_no_more_than_one_that_is_away() {
    let mut world = World::new().await;
    let redis = PrivateRedis::start();
    let settings = redis.settings(world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    let worker = world.worker(Some(settings), Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    start_delay(&world).await;
    redis.signal(Signal::SIGSTOP);
    for _ in 0..8 {
        let delay = start_delay(&world).await;
        assert!(delay < Duration::from_millis(1500), "with a frozen Redis a job starts after {delay:?}");
    }
    redis.signal(Signal::SIGCONT);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = usual_delay(&world).await;
    assert!(after < Duration::from_millis(60), "five seconds later a job starts after {after:?}");
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_died_without_a_word_are_renewed_within_five_seconds() {
    let mut world = World::new().await;
    let redis = PrivateRedis::start();
    let way = HalfOpen::to(redis.port()).await;
    let settings = at_port(way.port(), world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    let worker = world.worker(Some(settings), Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    start_delay(&world).await;
    let before = usual_delay(&world).await;
    assert!(before < Duration::from_millis(60), "at first a job starts after {before:?}");
    way.forget_links();
    let forgotten = Instant::now();
    while forgotten.elapsed() < Duration::from_secs(5) {
        let delay = start_delay(&world).await;
        assert!(delay < Duration::from_millis(1500), "meanwhile a job starts after {delay:?}");
    }
    let after = usual_delay(&world).await;
    assert!(after < Duration::from_millis(60), "five seconds later a job starts after {after:?}");
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saying_something_takes_no_time_while_redis_is_away() {
    let mut world = World::new().await;
    let mut redis = PrivateRedis::start();
    world.publisher = Publisher::start(&redis.settings(world.database.name())).unwrap();
    redis.kill();
    let job = world.enqueue(short()).await;
    let begun = Instant::now();
    for _ in 0..20_000 {
        world.publisher.publish(&job);
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_starts_and_ends_without_redis() {
    let world = World::new().await;
    let mut redis = PrivateRedis::start();
    let settings = redis.settings(world.database.name());
    redis.kill();
    let worker = world.worker(Some(settings), Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    let delay = start_delay(&world).await;
    assert!(delay < Duration::from_millis(1500), "{delay:?}");
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(3), run).await;
    ended.expect("it ends in time").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_copied_to_the_stream_as_the_table_holds_it() {
    let mut world = World::new().await;
    let settings = shared(world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    wait_until_connected(&settings).await;
    let job = world.enqueue(long(3, 300)).await;
    world.drain().await;
    let job = world.job(job.id).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let copies = read_stream(&settings).await;
    let versions: Vec<i64> = copies.iter().map(|copy| copy.event.version).collect();
    assert_eq!(versions, (1..=job.version).collect::<Vec<_>>());
    let conn = &mut world.conn().await;
    let everyone = pennypost::viewer::Visibility::Everyone;
    let rows = pennypost::jobs::events_of_jobs(conn, everyone, &[job.id], Page::first(100)).await.unwrap();
    for (copy, row) in copies.iter().zip(&rows) {
        assert_eq!((copy.user_id, copy.kind.as_str()), (job.user_id, "EXTRACT_EMAILS"));
        assert_eq!((copy.event.state, &copy.event.data), (row.event.state, &row.event.data));
    }
}

async fn wait_until_connected(settings: &RedisSettings) {
    let client = pennypost::redis::connect(&settings.events).unwrap();
    client.wait_for_connect().await.unwrap();
    // The publisher connects at the same moment; a little later it has.
    tokio::time::sleep(Duration::from_millis(200)).await;
}

async fn read_stream(settings: &RedisSettings) -> Vec<PublishedEvent> {
    let client = pennypost::redis::connect(&settings.events).unwrap();
    let entries: Vec<(String, std::collections::HashMap<String, String>)> =
        client.xrange_values(settings.events_key(), "-", "+", None).await.unwrap();
    entries.into_iter().map(|(_, fields)| serde_json::from_str(&fields["event"]).unwrap()).collect()
}
