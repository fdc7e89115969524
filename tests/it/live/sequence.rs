//! The events of a job as its watchers see them: each version once, in order, to the end, whenever they come and go.

use std::time::Duration;

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use futures_util::future::join_all;
use pennypost::jobs::live::{Wanted, follow, follow_many};
use pennypost::jobs::{Kind, Publisher};
use pennypost::viewer::Visibility;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::jobs::world::{long, short};
use crate::live::scene::{Heard, JOB_EVENTS, Scene, global_id, heard};
use crate::support::socket::Said;

/// Watches a job from its first version to its last, with a socket that breaks off every few events. Returns what came.
async fn watch(scene: &Scene, token: &str, id: &serde_json::Value) -> Vec<Heard> {
    let mut events: Vec<Heard> = Vec::new();
    loop {
        let mut socket = scene.socket(token).await;
        let after = events.last().map_or(0, |event| event.version);
        socket.subscribe("s", JOB_EVENTS, json!({ "id": id, "after": after })).await;
        for _ in 0..rand::random_range(1..6) {
            match socket.hear().await {
                Said::Message(said) if said["type"] == "next" => events.push(heard(&said["payload"])),
                Said::Message(said) if said["type"] == "complete" => return events,
                // On a machine that is busy with other things a client is told so, and comes again.
                Said::Message(said) if said["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE" => {
                    sleep(Duration::from_millis(100)).await;
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn watch_from_anywhere(scene: &Scene, watchers: u64, steps: i64) -> Vec<Vec<Heard>> {
    scene.test.register("ana").await;
    let ana = scene.user("ana").await;
    let mut jobs = Vec::new();
    for _ in 0..10 {
        jobs.push(scene.enqueue(Some(ana.id), long(steps, 270)).await);
    }
    let span = u64::try_from(steps).unwrap() * 270;
    let watching = (0..watchers).map(|number| {
        let job = &jobs[usize::try_from(number).unwrap() % jobs.len()];
        let token = scene.token_of_some_admin(&ana);
        async move {
            sleep(Duration::from_millis(rand::random_range(0..span))).await;
            watch(scene, &token, &global_id(job)).await
        }
    });
    timeout(Duration::from_mins(1), join_all(watching)).await.expect("every watcher comes to an end")
}

fn assert_whole(events: &[Heard]) {
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=versions.len().try_into().unwrap()).collect::<Vec<i64>>());
    let states: Vec<&str> = events.iter().map(|event| event.state.as_str()).collect();
    assert_eq!(
        (states[0], states[1], states[states.len() - 1]),
        ("QUEUED", "RUNNING", "SUCCESS"),
        "{states:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_watchers_who_come_and_go_see_every_version_once() {
    let scene = Scene::start().await;
    let watched = watch_from_anywhere(&scene, 300, 12).await;
    assert_eq!(watched.len(), 300);
    for events in &watched {
        assert_whole(events);
        assert!(events.len() > 8, "progress was shown: {events:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_redis_never_carries_come_from_the_table_within_two_seconds() {
    let scene = Scene::start_with(|app| app.publisher = Publisher::off()).await;
    let watched = watch_from_anywhere(&scene, 20, 8).await;
    for events in &watched {
        assert_whole(events);
    }
    // The first events are of the past for who comes late; the last is news to everybody.
    let latest = watched.iter().map(|events| events.last().unwrap().late).max().unwrap();
    assert!(latest < TimeDelta::seconds(2), "{latest}");
}

#[tokio::test]
async fn a_job_that_has_ended_shows_its_present_state_and_completes() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), short()).await;
    let mut socket = ana.socket().await;
    let variables = json!({ "id": global_id(&job), "after": 0 });
    socket.subscribe("a", JOB_EVENTS, variables).await;
    for version in [1, 2, 3] {
        assert_eq!(heard(&socket.next("a").await.unwrap()).version, version);
    }
    assert_eq!(socket.next("a").await, None);
    let ahead = scene.enqueue(Some(scene.user("ana").await.id), long(1, 400)).await;
    socket.subscribe("ahead", JOB_EVENTS, json!({ "id": global_id(&ahead), "after": 99 })).await;
    let mut last = None;
    while let Some(answer) = socket.next("ahead").await {
        last = Some(heard(&answer).state);
    }
    assert_eq!(last.as_deref(), Some("SUCCESS"), "who is ahead of the database sees what is new to it");
    for (after, wanted) in [(None, vec![3]), (Some(1), vec![2, 3]), (Some(3), vec![]), (Some(99), vec![])] {
        socket.subscribe("b", JOB_EVENTS, json!({ "id": global_id(&job), "after": after })).await;
        for version in wanted {
            assert_eq!(heard(&socket.next("b").await.unwrap()).version, version, "{after:?}");
        }
        assert_eq!(socket.next("b").await, None, "{after:?}");
    }
}

#[tokio::test]
async fn a_watcher_that_fell_behind_reads_on_from_the_table() {
    let scene = Scene::start().await;
    let app = &scene.test.app;
    scene.test.register("ana").await;
    let ana = scene.user("ana").await;
    let job = scene.enqueue(Some(ana.id), long(1, 1_500)).await;
    let own = Visibility::Of(ana.id);
    let one = follow(&app.live, &app.pool, own, job.id, Some(0)).await.unwrap().unwrap();
    let wanted = Wanted { kinds: vec![Kind::ExtractEmails], ..Wanted::default() };
    let many = follow_many(&app.live, &app.pool, own, wanted).await.unwrap();
    // More than any mailbox holds, while nobody reads.
    let steps = "DO $$ BEGIN FOR step IN 1..300 LOOP UPDATE jobs SET version = version + 1,
        progress = jsonb_build_object('done', step) WHERE kind = 'EXTRACT_EMAILS'; END LOOP; END $$";
    scene.test.execute(steps).await;
    sleep(Duration::from_millis(1_200)).await;
    let one: Vec<i64> =
        timeout(Duration::from_secs(20), one.map(|event| event.event.version).collect()).await.unwrap();
    assert_eq!(one, (1..=one.len().try_into().unwrap()).collect::<Vec<i64>>());
    assert!(one.len() > 300);
    let last = i64::try_from(one.len()).unwrap();
    let until_last =
        many.map(|event| event.event.version).take_while(|version| std::future::ready(*version < last));
    let many: Vec<i64> = timeout(Duration::from_secs(20), until_last.collect()).await.unwrap();
    assert!(many.first().unwrap() <= &2, "{many:?}");
    assert_eq!(many, (many[0]..last).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_change_that_is_committed_long_after_it_was_made_is_not_lost() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(1, 60_000)).await;
    let mut socket = ana.socket().await;
    socket.subscribe("s", JOB_EVENTS, json!({ "id": global_id(&job), "after": 1 })).await;
    assert_eq!(heard(&socket.next("s").await.unwrap()).version, 2);
    // Longer ago than the catch-up looks back when it can be seen at last, and nobody publishes it.
    let mut conn = pennypost::db::pool::connect(&scene.test.app.database_url).await.unwrap();
    conn.batch_execute("BEGIN; UPDATE jobs SET version = version + 1, progress = '{\"done\": 7}' WHERE kind = 'EXTRACT_EMAILS'").await.unwrap();
    sleep(Duration::from_secs(11)).await;
    conn.batch_execute("COMMIT").await.unwrap();
    let event =
        timeout(Duration::from_secs(11), socket.next("s")).await.expect("within ten seconds").unwrap();
    assert_eq!((heard(&event).version, &event["data"]["jobEvents"]["progress"]["done"]), (3, &json!(7)));
}

#[tokio::test]
async fn a_watch_over_ones_jobs_begins_with_the_active_ones_and_is_narrowed_by_state_and_kind() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let id = scene.user("ana").await.id;
    let running = scene.enqueue(Some(id), long(1, 60_000)).await;
    let ended = scene.enqueue(Some(id), short()).await;
    let mut socket = ana.socket().await;
    socket.subscribe("end", JOB_EVENTS, json!({ "id": global_id(&ended), "after": 0 })).await;
    while socket.next("end").await.is_some() {}
    let query = "subscription ($states: [JobState!], $kinds: [JobKind!]) { myJobEvents(states: $states, kinds: $kinds) {
        jobId kind state version } }";
    socket.subscribe("all", query, json!({})).await;
    let first = socket.next("all").await.unwrap()["data"]["myJobEvents"].clone();
    assert_eq!((&first["jobId"], &first["state"]), (&global_id(&running), &json!("RUNNING")), "{first}");
    let next = scene.enqueue(Some(id), short()).await;
    for version in [1, 2, 3] {
        let event = socket.next("all").await.unwrap()["data"]["myJobEvents"].clone();
        assert_eq!((&event["jobId"], &event["version"]), (&global_id(&next), &json!(version)), "{event}");
    }
    socket.say(json!({ "id": "all", "type": "complete" })).await;
    socket.subscribe("some", query, json!({ "states": ["SUCCESS"], "kinds": ["SEND_EMAIL"] })).await;
    // The subscription has begun when an operation behind it is answered.
    socket.subscribe("q", "{ me { id } }", json!({})).await;
    while socket.next("q").await.is_some() {}
    let last = scene.enqueue(Some(id), short()).await;
    let event = socket.next("some").await.unwrap()["data"]["myJobEvents"].clone();
    let wanted = json!({ "jobId": global_id(&last), "kind": "SEND_EMAIL", "state": "SUCCESS", "version": 3 });
    assert_eq!(event, wanted);
}
