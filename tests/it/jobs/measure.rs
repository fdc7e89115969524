//! Figures, for people: `cargo nextest run --run-ignored only measure --no-capture`.

use std::time::{Duration, Instant};

use pennypost::jobs::{Publisher, State};
use tokio_util::sync::CancellationToken;

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

    for _ in 0..3000 {
        world.enqueue(short()).await;
    }
    let worker = world.worker(None, Duration::from_secs(30));
    let begun = Instant::now();
    let runs = worker.drain().await.unwrap();
    println!("{runs} jobs with an effect each, drained in {:?}", begun.elapsed());
}

fn micros(delay: chrono::TimeDelta) -> i64 {
    delay.num_microseconds().unwrap_or(i64::MAX)
}
