//! Figures, for people: `cargo nextest run --run-ignored only measure --no-capture`.

use std::time::{Duration, Instant};

use pennypost::jobs::{Publisher, State};
use tokio_util::sync::CancellationToken;

use crate::jobs::script::{Deed, deed};
use crate::jobs::world::{World, short};
use crate::support::redis::shared;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures and holds no rule"]
#[expect(clippy::print_stdout, reason = "figures are for people")]
async fn measure_starts_and_throughput() {
    let mut world = World::new().await;
    let settings = shared(world.database.name());
    world.publisher = Publisher::start(&settings).unwrap();
    let worker = world.worker(Some(settings), Duration::from_secs(30));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut delays = Vec::new();
    for _ in 0..300 {
        let job = world.enqueue(short()).await;
        let job = world.wait_for(job.id, State::Success, Duration::from_secs(5)).await;
        delays.push(job.started_at.unwrap() - job.created_at);
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    delays.sort();
    println!("enqueue -> start: p50 {} us, p99 {} us", micros(delays[150]), micros(delays[297]));
    stop.cancel();
    run.await.unwrap().unwrap();

    for slots in [4, 32] {
        for _ in 0..3000 {
            world.enqueue(deed(Deed::Nothing)).await;
        }
        let worker = world.worker_with(slots, Some(shared(world.database.name())));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let begun = Instant::now();
        let run = tokio::spawn(async move { worker.run(stopped).await });
        let left = "SELECT count(*) AS step FROM jobs WHERE state IN ('QUEUED', 'RUNNING')";
        while world.number(left).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("3,000 jobs that do nothing, with {slots} slots: {:?}", begun.elapsed());
        stop.cancel();
        run.await.unwrap().unwrap();
    }
}

fn micros(delay: chrono::TimeDelta) -> i64 {
    delay.num_microseconds().unwrap_or(i64::MAX)
}
