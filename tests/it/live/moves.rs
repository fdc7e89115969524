//! `cancelJob` and `retryJob`, as whoever watches the job sees them.

use serde_json::{Value, json};

use crate::jobs::script::{Deed, deed};
use crate::jobs::world::long;
use crate::live::scene::{JOB_EVENTS, Scene, global_id, heard};
use crate::support::app::Person;

const CANCEL: &str = "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) {
    job { state cancelRequestedAt } userErrors { code field message } } }";
const RETRY: &str = "mutation ($id: ID!) { retryJob(input: { jobId: $id }) {
    job { id state attempt maxAttempts cancelRequestedAt } userErrors { code field message } } }";

async fn ask(person: &Person<'_>, query: &str, id: &Value) -> Value {
    let mut data = person.data(query, json!({ "id": id })).await;
    let root = if query == CANCEL { "cancelJob" } else { "retryJob" };
    data[root].take()
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or_else(|| panic!("{payload}"))
}

#[tokio::test]
async fn a_running_job_that_is_cancelled_ends_within_moments_and_can_be_tried_again() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(6, 300)).await;
    let id = global_id(&job);
    let mut socket = ana.socket().await;
    socket.subscribe("s", JOB_EVENTS, json!({ "id": id, "after": 0 })).await;
    while heard(&socket.next("s").await.unwrap()).state != "RUNNING" {}
    let cancelled = ask(&ana, CANCEL, &id).await;
    assert_eq!((&cancelled["job"]["state"], &cancelled["userErrors"]), (&json!("RUNNING"), &json!([])));
    assert!(cancelled["job"]["cancelRequestedAt"].is_string(), "{cancelled}");
    let mut last = None;
    while let Some(answer) = socket.next("s").await {
        last = Some(heard(&answer));
    }
    let last = last.unwrap();
    assert_eq!(last.state, "CANCELLED");
    assert_eq!(ask(&ana, CANCEL, &id).await["job"]["state"], "CANCELLED", "a second wish changes nothing");
    let retried = ask(&ana, RETRY, &id).await;
    assert_eq!((&retried["job"]["state"], &retried["userErrors"]), (&json!("QUEUED"), &json!([])));
    assert_eq!(retried["job"]["cancelRequestedAt"], Value::Null);
    // A watch from the very first version passes over the end in the middle.
    socket.subscribe("again", JOB_EVENTS, json!({ "id": id, "after": 0 })).await;
    let mut events = Vec::new();
    while let Some(answer) = socket.next("again").await {
        events.push(heard(&answer));
    }
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=versions.len().try_into().unwrap()).collect::<Vec<i64>>());
    assert!(events.last().unwrap().version > last.version && events.last().unwrap().state == "SUCCESS");
    assert_eq!(code(&ask(&ana, RETRY, &id).await), "INVALID", "what ended well is not tried again");
    assert_eq!(code(&ask(&ana, CANCEL, &id).await), "INVALID", "nor cancelled");
    let steps = format!("SELECT count(*) AS number FROM effects WHERE job_id = '{}'", job.id);
    assert_eq!(scene.test.number(&steps).await, 6, "it went on from where it was");
}

#[tokio::test]
async fn a_job_that_failed_has_fresh_attempts_when_it_is_tried_again() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), deed(Deed::Fail)).await;
    let id = global_id(&job);
    let mut socket = ana.socket().await;
    socket.subscribe("s", JOB_EVENTS, json!({ "id": id })).await;
    while socket.next("s").await.is_some() {}
    let retried = ask(&ana, RETRY, &id).await;
    let attempts =
        (retried["job"]["attempt"].as_i64().unwrap(), retried["job"]["maxAttempts"].as_i64().unwrap());
    assert_eq!(attempts, (1, i64::from(job.max_attempts) + 1), "{retried}");
    socket.subscribe("t", JOB_EVENTS, json!({ "id": id })).await;
    let mut states = Vec::new();
    while let Some(answer) = socket.next("t").await {
        states.push(heard(&answer).state);
    }
    assert_eq!(states.last().unwrap(), "FAILED", "{states:?}");
}

#[tokio::test]
async fn nobody_moves_somebody_elses_job_but_an_admin() {
    let scene = Scene::start().await;
    scene.test.register("ana").await;
    let ben = scene.test.register("ben").await;
    let admin = scene.test.register_admin("root").await;
    let job = scene.enqueue(Some(scene.user("ana").await.id), long(20, 300)).await;
    let id = global_id(&job);
    for query in [CANCEL, RETRY] {
        let theirs = ask(&ben, query, &id).await;
        assert_eq!(theirs, ask(&ben, query, &json!("BwAAAAAAAAAAAAAAAAAAAAA")).await);
        assert_eq!(code(&theirs), "NOT_FOUND");
        assert_eq!(scene.test.nobody().error_code(query, json!({ "id": id })).await, "UNAUTHENTICATED");
    }
    let untouched = "SELECT count(*) AS number FROM jobs WHERE cancel_requested_at IS NOT NULL";
    assert_eq!(scene.test.number(untouched).await, 0);
    assert_eq!(ask(&admin, CANCEL, &id).await["userErrors"], json!([]));
    assert_eq!(scene.test.number(untouched).await, 1);
}

#[tokio::test]
async fn a_job_whose_work_is_under_way_again_is_not_put_beside_it() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let start =
        "mutation { extractEmails(input: { limit: 40, batchSize: 250 }) { job { id } userErrors { code } } }";
    let first = ana.data(start, json!({})).await["extractEmails"]["job"]["id"].clone();
    ask(&ana, CANCEL, &first).await;
    let mut socket = ana.socket().await;
    socket.subscribe("s", JOB_EVENTS, json!({ "id": first })).await;
    while socket.next("s").await.is_some() {}
    let second = ana.data(start, json!({})).await["extractEmails"]["job"]["id"].clone();
    assert_ne!(first, second);
    let retried = ask(&ana, RETRY, &first).await;
    assert_eq!((&retried["job"]["id"], &retried["userErrors"]), (&second, &json!([])));
    ask(&ana, CANCEL, &second).await;
}
