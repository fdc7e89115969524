//! The events of jobs while Redis dies, comes back empty, and while the database is away.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use pennypost::jobs::Publisher;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::jobs::world::{long, short};
use crate::live::scene::{Heard, JOB_EVENTS, Scene, global_id, heard};
use crate::support::redis::PrivateRedis;

/// The events' Redis alone is one that the test may kill; the wake-ups go on.
async fn scene_on(redis: &PrivateRedis) -> Scene {
    let private = redis.settings("faults");
    Scene::start_with(|app| {
        app.redis.events = private.events.clone();
        app.publisher = Publisher::start(&app.redis).unwrap();
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_is_killed_and_comes_back_empty_makes_events_late_and_loses_none() {
    let mut redis = PrivateRedis::start();
    let scene = scene_on(&redis).await;
    scene.test.register("ana").await;
    let ana = scene.user("ana").await;
    let mut jobs = Vec::new();
    for _ in 0..8 {
        jobs.push(scene.enqueue(Some(ana.id), long(55, 300)).await);
    }
    let watching = (0..40_usize).map(|number| {
        let (scene, ana, job) = (&scene, &ana, &jobs[number % jobs.len()]);
        async move {
            let token = scene.token_of_some_admin(ana).await;
            let mut socket = scene.socket(&token).await;
            socket.subscribe("s", JOB_EVENTS, json!({ "id": global_id(job), "after": 0 })).await;
            let mut events: Vec<Heard> = Vec::new();
            while let Some(answer) = socket.next("s").await {
                events.push(heard(&answer));
            }
            events
        }
    });
    let mischief = async {
        sleep(Duration::from_secs(2)).await;
        redis.kill();
        sleep(Duration::from_secs(10)).await;
        redis.restart();
    };
    let both = async { tokio::join!(join_all(watching), mischief) };
    let (watched, ()) = timeout(Duration::from_mins(1), both).await.expect("every watcher comes to an end");
    for events in watched {
        let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=versions.len().try_into().unwrap()).collect::<Vec<i64>>());
        assert_eq!(events.last().unwrap().state, "SUCCESS");
        // The first ones were there before the watch began.
        let latest = events.iter().skip(3).map(|event| event.late).max().unwrap();
        assert!(latest < TimeDelta::seconds(2), "{latest}");
    }
    // Milliseconds again, and nobody restarted anything.
    let token = scene.token_of_some_admin(&ana).await;
    let mut socket = scene.socket(&token).await;
    let mut late = Vec::new();
    for _ in 0..5 {
        let job = scene.enqueue(Some(ana.id), short()).await;
        socket.subscribe("s", JOB_EVENTS, json!({ "id": global_id(&job), "after": 0 })).await;
        while let Some(answer) = socket.next("s").await {
            late.push(heard(&answer).late);
        }
    }
    late.sort();
    assert!(late[late.len() / 2] < TimeDelta::milliseconds(400), "{late:?}");
}
