//! What a fault of a worker costs, with real processes that are killed, frozen and stopped.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pennypost::jobs::State;

use crate::jobs::script::{Deed, WorkerProcess, deed};
use crate::jobs::world::{World, long, short};

const LEASE: Duration = Duration::from_millis(1500);
const GRACE: Duration = Duration::from_secs(5);
/// A start of a process on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_workers_job_goes_on_from_its_checkpoint_within_lease_and_sweep() {
    let world = World::new().await;
    let job = world.enqueue(long(30, 40)).await;
    let first = WorkerProcess::start(&world, None, LEASE, GRACE);
    world.wait_for_effects(job.id, 5, PATIENCE).await;
    let second = WorkerProcess::start(&world, None, LEASE, GRACE);
    first.signal(Signal::SIGKILL);
    let killed = Instant::now();
    let before = world.effects(job.id).await.len();
    world.wait_for_effects(job.id, before + 1, PATIENCE).await;
    let rest = killed.elapsed();
    let limit = LEASE + LEASE / 3 + Duration::from_millis(1500);
    assert!(rest < limit, "it went on after {rest:?}");
    let job = world.wait_for(job.id, State::Success, PATIENCE).await;
    assert_eq!(world.effects(job.id).await, (0..30).collect::<Vec<_>>(), "each effect once, in its order");
    assert_eq!((job.attempt, job.crash_count), (2, 0));
    world.assert_events_are_whole().await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_silent_for_longer_than_a_lease_stays_with_its_living_worker() {
    let world = World::new().await;
    let lease = Duration::from_secs(1);
    let job = world.enqueue(long(1, 4000)).await;
    let _workers = [(); 2].map(|()| WorkerProcess::start(&world, None, lease, GRACE));
    let job = world.wait_for(job.id, State::Success, PATIENCE).await;
    assert_eq!((job.attempt, job.crash_count), (1, 0));
    assert_eq!(job.version, 4, "heartbeats are no visible change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_worker_that_wakes_up_changes_nothing() {
    let world = World::new().await;
    let job = world.enqueue(long(60, 50)).await;
    let frozen = WorkerProcess::start(&world, None, LEASE, GRACE);
    world.wait_for_effects(job.id, 3, PATIENCE).await;
    freeze_between_transactions(&world, &frozen).await;
    let _other = WorkerProcess::start(&world, None, LEASE, GRACE);
    let before = world.effects(job.id).await.len();
    world.wait_for_effects(job.id, before + 5, PATIENCE).await;
    assert_eq!(world.job(job.id).await.attempt, 2, "the other has it now");
    frozen.signal(Signal::SIGCONT);
    let job = world.wait_for(job.id, State::Success, PATIENCE).await;
    assert_eq!(world.effects(job.id).await, (0..60).collect::<Vec<_>>(), "each effect once");
    assert_eq!((job.attempt, job.interruptions), (2, 0), "the frozen one handed nothing back");
    world.assert_events_are_whole().await;
}

/// Frozen in the middle of a transaction it would hold the row's lock until the connection's own limit ends that.
async fn freeze_between_transactions(world: &World, worker: &WorkerProcess) {
    let busy = "SELECT count(*) AS step FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    loop {
        worker.signal(Signal::SIGSTOP);
        tokio::time::sleep(Duration::from_millis(20)).await;
        if world.number(busy).await == 0 {
            return;
        }
        worker.signal(Signal::SIGCONT);
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_aborts_its_process_fails_after_three_crashes_and_the_others_flow() {
    let world = World::new().await;
    let poison = world.enqueue(deed(Deed::Abort)).await;
    let begun = Instant::now();
    let mut others = Vec::new();
    while world.job(poison.id).await.state != State::Failed {
        assert!(begun.elapsed() < Duration::from_mins(1), "{:#?}", world.job(poison.id).await);
        others.push(world.enqueue(short()).await);
        let mut worker = WorkerProcess::start(&world, None, LEASE, GRACE);
        tokio::task::spawn_blocking(move || {
            // It ends by itself when the poison strikes, else it is killed after a while.
            std::thread::sleep(Duration::from_secs(3));
            worker.signal(Signal::SIGKILL);
            worker.wait()
        })
        .await
        .unwrap();
    }
    let failed = world.job(poison.id).await;
    let error = failed.error_payload.unwrap();
    assert_eq!((failed.attempt, failed.crash_count), (3, 3));
    assert_eq!((error.code.as_str(), error.class.as_str()), ("WORKER_LOST", "CRASH"));
    let _healthy = WorkerProcess::start(&world, None, LEASE, GRACE);
    for other in others {
        world.wait_for(other.id, State::Success, PATIENCE).await;
    }
    world.assert_events_are_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_uses_up_no_attempt_and_loses_no_step() {
    let world = World::new().await;
    let job = world.enqueue(long(60, 50)).await;
    let hanging = world.enqueue(deed(Deed::Hang)).await;
    let mut restarts = 0;
    let mut worker = WorkerProcess::start(&world, None, Duration::from_secs(30), Duration::from_secs(1));
    while restarts < 2 {
        let before = world.effects(job.id).await.len();
        world.wait_for_effects(job.id, before + 8, PATIENCE).await;
        worker.signal(Signal::SIGTERM);
        let asked = Instant::now();
        assert!(tokio::task::spawn_blocking(move || worker.wait()).await.unwrap(), "it ends in order");
        assert!(asked.elapsed() < Duration::from_secs(4), "it took {:?}", asked.elapsed());
        let left = world.job(job.id).await;
        assert_eq!((left.state, left.attempt - left.interruptions), (State::Queued, 0), "handed back");
        assert_eq!(
            world.job(hanging.id).await.state,
            State::Queued,
            "what does not listen is handed back, too"
        );
        worker = WorkerProcess::start(&world, None, Duration::from_secs(30), Duration::from_secs(1));
        restarts += 1;
    }
    let job = world.wait_for(job.id, State::Success, PATIENCE).await;
    assert_eq!(world.effects(job.id).await, (0..60).collect::<Vec<_>>());
    assert_eq!((job.attempt, job.interruptions, job.crash_count), (3, 2, 0));
    world.assert_events_are_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_three_hundred_jobs_and_each_effect_happens_once() {
    let world = World::new().await;
    let mut wanted = BTreeSet::new();
    for number in 0..300 {
        let payload = if number % 10 == 0 { long(3, 1) } else { short() };
        wanted.insert(world.enqueue(payload).await.id);
    }
    let _workers = [(); 2].map(|()| WorkerProcess::start(&world, None, LEASE, GRACE));
    let begun = Instant::now();
    while world.number("SELECT count(*) AS step FROM jobs WHERE state = 'SUCCESS'").await < 300 {
        assert!(begun.elapsed() < Duration::from_secs(40), "they are not done");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.number("SELECT count(*) AS step FROM effects").await, 270 + 3 * 30);
    let distinct = "SELECT count(*) AS step FROM (SELECT DISTINCT job_id, step FROM effects) AS each_one";
    assert_eq!(world.number(distinct).await, 270 + 3 * 30);
    assert_eq!(world.number("SELECT max(attempt)::bigint AS step FROM jobs").await, 1);
    assert_eq!(wanted.len(), 300);
    world.assert_events_are_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_happens_once_while_workers_are_killed_all_the_time() {
    let world = World::new().await;
    for _ in 0..40 {
        world.enqueue(long(10, 10)).await;
    }
    let lease = Duration::from_millis(900);
    let mut workers = [(); 2].map(|()| WorkerProcess::start(&world, None, lease, GRACE));
    for round in 0..8 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        workers[round % 2].signal(Signal::SIGKILL);
        workers[round % 2] = WorkerProcess::start(&world, None, lease, GRACE);
    }
    let begun = Instant::now();
    while world.number("SELECT count(*) AS step FROM jobs WHERE state = 'SUCCESS'").await < 40 {
        assert!(begun.elapsed() < Duration::from_secs(40), "they are not done");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.number("SELECT count(*) AS step FROM effects").await, 400);
    let distinct = "SELECT count(*) AS step FROM (SELECT DISTINCT job_id, step FROM effects) AS each_one";
    assert_eq!(world.number(distinct).await, 400);
    assert!(world.number("SELECT max(attempt)::bigint AS step FROM jobs").await > 1, "some were killed");
    world.assert_events_are_whole().await;
}
