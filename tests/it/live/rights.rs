//! Who may watch what: one's own jobs; an admin everyone's, and how full the queues are.

use serde_json::{Value, json};

use crate::jobs::world::short;
use crate::live::scene::{JOB_EVENTS, Scene, global_id, heard};
use crate::support::socket::{Said, Socket};

async fn refusal(socket: &mut Socket, query: &str, variables: Value) -> Value {
    socket.subscribe("x", query, variables).await;
    match socket.hear().await {
        Said::Message(said) if said["type"] == "error" => said["payload"].clone(),
        other => panic!("{query}: {other:?}"),
    }
}

fn without_id(mut errors: Value) -> Value {
    errors[0].as_object_mut().unwrap().remove("locations");
    errors
}

#[tokio::test]
async fn somebody_elses_job_is_the_same_as_none() {
    let scene = Scene::start().await;
    scene.test.register("ana").await;
    let ben = scene.test.register("ben").await;
    let theirs = scene.enqueue(Some(scene.user("ana").await.id), short()).await;
    let systems = scene.enqueue(None, short()).await;
    let mut socket = ben.socket().await;
    let nothing = refusal(&mut socket, JOB_EVENTS, json!({ "id": ben.id })).await;
    assert_eq!(nothing[0]["message"], "There is no such job.");
    for job in [theirs, systems] {
        let variables = json!({ "id": global_id(&job), "after": 0 });
        let refused = refusal(&mut socket, JOB_EVENTS, variables).await;
        assert_eq!(without_id(refused), without_id(nothing.clone()));
    }
}

#[tokio::test]
async fn nobody_watches_without_signing_in_and_only_admins_watch_everyone() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let (mut nobody, mut user) = (scene.test.nobody().socket().await, ana.socket().await);
    for (query, code) in [
        ("subscription { jobEvents(jobId: \"x\") { version } }", "BAD_USER_INPUT"),
        ("subscription { jobEvents(jobId: \"x\", afterVersion: -1) { version } }", "BAD_USER_INPUT"),
        ("subscription { myJobEvents { version } }", ""),
        ("subscription { allJobEvents { version } }", "FORBIDDEN"),
        ("subscription { queueStats { workers } }", "FORBIDDEN"),
    ] {
        let refused = refusal(&mut nobody, query, json!({})).await;
        assert_eq!(refused[0]["extensions"]["code"], "UNAUTHENTICATED", "{query}");
        if !code.is_empty() {
            let refused = refusal(&mut user, query, json!({})).await;
            assert_eq!(refused[0]["extensions"]["code"], code, "{query}");
        }
    }
}

#[tokio::test]
async fn a_watch_over_ones_own_jobs_hears_of_nobody_elses() {
    let scene = Scene::start().await;
    let ana = scene.test.register("ana").await;
    let admin = scene.test.register_admin("root").await;
    scene.test.register("ben").await;
    let (ana_id, ben_id) = (scene.user("ana").await.id, scene.user("ben").await.id);
    let (mut anas, mut admins) = (ana.socket().await, admin.socket().await);
    let mine = "subscription { myJobEvents(states: [SUCCESS]) { jobId } }";
    anas.subscribe("mine", mine, json!({})).await;
    admins.subscribe("mine", mine, json!({})).await;
    let all =
        "subscription ($user: ID) { allJobEvents(userId: $user) { jobId state job { user { username } } } }";
    admins.subscribe("all", all, json!({})).await;
    admins.subscribe("ana", all, json!({ "user": ana.id })).await;
    for socket in [&mut anas, &mut admins] {
        socket.subscribe("q", "{ me { id } }", json!({})).await;
        // Meanwhile the mails that welcome them may be sent, which are jobs of theirs, too.
        let mut is_answered = false;
        while !is_answered {
            let Said::Message(said) = socket.hear().await else { panic!("it is closed") };
            is_answered = said["id"] == "q" && said["type"] == "complete";
        }
    }
    let (of_ben, systems) = (scene.enqueue(Some(ben_id), short()).await, scene.enqueue(None, short()).await);
    let of_ana = scene.enqueue(Some(ana_id), short()).await;
    let others = [global_id(&of_ben), global_id(&systems)];
    loop {
        let event = anas.next("mine").await.unwrap();
        let job = &event["data"]["myJobEvents"]["jobId"];
        assert!(!others.contains(job), "{event}");
        if *job == global_id(&of_ana) {
            break;
        }
    }
    let mut heard = Vec::new();
    let wanted = [&of_ben, &systems, &of_ana].map(global_id);
    // Three events of each of three jobs, and those of Ana's once more.
    while heard.len() < 12 {
        let Said::Message(said) = admins.hear().await else { panic!("it is closed") };
        let job = said["payload"]["data"]["allJobEvents"]["jobId"].clone();
        if wanted.contains(&job) {
            heard.push((said["id"].clone(), job));
        }
    }
    for (id, job, count) in
        [("all", &of_ben, 3), ("all", &systems, 3), ("all", &of_ana, 3), ("ana", &of_ana, 3)]
    {
        let found = heard.iter().filter(|event| **event == (json!(id), global_id(job))).count();
        assert_eq!(found, count, "{id} {heard:?}");
    }
}

#[tokio::test]
async fn an_admin_watches_the_queues_fill_and_empty() {
    let scene = Scene::start().await;
    let admin = scene.test.register_admin("root").await;
    let mut socket = admin.socket().await;
    let query = "subscription { queueStats { workers queues { queue scheduled queued running retrying oldestQueuedAt } } }";
    socket.subscribe("s", query, json!({})).await;
    let first = socket.next("s").await.unwrap();
    let queues = first["data"]["queueStats"]["queues"].as_array().unwrap();
    assert_eq!(queues.len(), 2, "{first}");
    let job = scene.enqueue(None, crate::jobs::world::long(1, 2_500)).await;
    let running = loop {
        let stats = socket.next("s").await.unwrap();
        let email = &stats["data"]["queueStats"]["queues"][1];
        if email["running"] == 1 {
            break stats;
        }
    };
    assert_eq!(running["data"]["queueStats"]["workers"], 1, "{running}");
    socket.subscribe("j", JOB_EVENTS, json!({ "id": global_id(&job) })).await;
    let mut is_empty = false;
    while !is_empty {
        let Said::Message(said) = socket.hear().await else { panic!("it is closed") };
        if said["id"] == "j" && said["type"] == "next" {
            assert!(heard(&said["payload"]).version > 0);
        }
        is_empty = said["id"] == "s" && said["payload"]["data"]["queueStats"]["queues"][1]["running"] == 0;
    }
}
