//! A job watched over server-sent events: the same versions as on a socket, and an end that says what to do.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::jobs::world::long;
use crate::live::scene::{JOB_EVENTS, Scene, global_id, heard};

/// Within this every server has noticed that a session has ended.
const AT_THE_LATEST: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_stream_of_a_job_has_every_version_once_and_ends_with_the_job() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(3, 100)).await;
    let variables = json!({ "id": global_id(&job), "after": 0 });
    let mut stream = ana.stream(JOB_EVENTS, variables.clone()).await;
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    let mut states = Vec::new();
    while let Some(answer) = stream.next().await {
        let event = heard(&answer);
        states.push(event.state);
        assert_eq!(event.version, i64::try_from(states.len()).unwrap());
    }
    assert_eq!(states.last().unwrap(), "SUCCESS");
    let ben = scene.test.register("ben").await;
    assert_eq!(ben.stream(JOB_EVENTS, variables).await.error_code().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_session_that_ends_ends_its_streams_and_a_fresh_one_goes_on_behind_the_last_version() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(1, 60_000)).await;
    let id = global_id(&job);
    let mut stream = ana.stream(JOB_EVENTS, json!({ "id": id, "after": 0 })).await;
    let mut last = 0;
    while last < 2 {
        last = heard(&stream.next().await.unwrap()).version;
    }
    ana.data("mutation { logoutEverywhere { endedCount } }", json!({})).await;
    let code = timeout(AT_THE_LATEST, stream.error_code()).await.expect("the stream ends");
    assert_eq!(code, "UNAUTHENTICATED");
    assert_eq!(stream.next().await, None);
    let again = scene.test.sign_in("ana").await;
    again
        .data("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } } }", json!({ "id": id }))
        .await;
    let mut stream = again.stream(JOB_EVENTS, json!({ "id": id, "after": last })).await;
    assert_eq!(heard(&stream.next().await.unwrap()).version, last + 1);
}

#[tokio::test]
async fn streams_and_sockets_count_together() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(1, 60_000)).await;
    let variables = json!({ "id": global_id(&job), "after": 0 });
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(ana.socket().await);
    }
    let _stream = ana.stream(JOB_EVENTS, variables.clone()).await;
    assert_eq!(ana.refused_stream(JOB_EVENTS, variables).await, 429);
}
