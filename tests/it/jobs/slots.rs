//! Who runs first: long work never keeps a short mail waiting.

use std::time::Duration;

use pennypost::jobs::{Publisher, State};
use tokio_util::sync::CancellationToken;

use crate::jobs::world::{World, long, short};
use crate::support::redis::shared;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_behind_long_extractions_starts_within_a_second() {
    let world = World::new().await;
    let mut long_ones = Vec::new();
    for _ in 0..20 {
        long_ones.push(world.enqueue(long(600, 50)).await);
    }
    let worker = world.worker(None, Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    world.wait_for_effects(long_ones[0].id, 1, Duration::from_secs(5)).await;
    let running = "SELECT count(*) AS step FROM jobs WHERE state = 'RUNNING'";
    assert_eq!(world.number(running).await, 3, "of four slots, one is left");
    for _ in 0..3 {
        let mail = world.enqueue(short()).await;
        let mail = world.wait_for(mail.id, State::Success, Duration::from_secs(3)).await;
        let delay = mail.started_at.unwrap() - mail.created_at;
        assert!(delay < chrono::TimeDelta::milliseconds(1200), "{delay}");
        assert_eq!(world.number(running).await, 3, "no long one took the slot meanwhile");
    }
    stop.cancel();
    run.await.unwrap().unwrap();
    let handed_back = "SELECT count(*) AS step FROM jobs WHERE state = 'QUEUED' AND interruptions = 1";
    assert_eq!(world.number(handed_back).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_without_room_for_long_jobs_leaves_their_wake_ups_to_the_others() {
    let mut world = World::new().await;
    let settings = shared(world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    let stop = CancellationToken::new();
    let mut runs = Vec::new();
    let mut start = |email_slots| {
        let (worker, stopped) = (world.worker_with(email_slots, Some(settings.clone())), stop.clone());
        runs.push(tokio::spawn(async move { worker.run(stopped).await }));
    };
    start(2);
    let endless = world.enqueue(long(1000, 50)).await;
    world.wait_for_effects(endless.id, 1, Duration::from_secs(5)).await;
    start(8);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut slow = Vec::new();
    for _ in 0..12 {
        let job = world.enqueue(long(1, 0)).await;
        let job = world.wait_for(job.id, State::Success, Duration::from_secs(3)).await;
        let delay = job.started_at.unwrap() - job.created_at;
        slow.extend((delay > chrono::TimeDelta::milliseconds(150)).then_some(delay));
        // Between the polls of the two.
        tokio::time::sleep(Duration::from_millis(170)).await;
    }
    assert!(slow.len() < 3, "{slow:?}");
    stop.cancel();
    for run in runs {
        run.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_is_urgent_is_claimed_before_what_is_old() {
    let world = World::new().await;
    let bulk = world.enqueue(long(1, 0)).await;
    let mail = world.enqueue(short()).await;
    world
        .execute(
            "UPDATE jobs SET run_at = run_at - interval '1 hour', version = version + 1 WHERE priority = 50",
        )
        .await;
    let conn = &mut world.conn().await;
    let room = pennypost::jobs::claim::Room { any: 1, bulk: 1 };
    let worker = uuid::Uuid::from_u128(9);
    let lease = Duration::from_secs(30);
    let mut turn = pennypost::jobs::turn::Turn::default();
    for wanted in [mail.id, bulk.id] {
        let queue = pennypost::jobs::Queue::Email;
        let claimed = pennypost::jobs::claim::claim(conn, worker, queue, room, lease, &mut turn);
        let claimed = claimed.await.unwrap();
        assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [wanted]);
    }
}
