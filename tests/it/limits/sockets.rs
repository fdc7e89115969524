//! The limits on sockets.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::finish;
use crate::support::app::TestApp;
use crate::support::socket::{Said, Socket};

/// The events of the viewer's jobs: an operation that does not end.
const FOR_EVER: &str = "subscription { myJobEvents { version } }";

/// The third socket of a user who may have two.
pub async fn hold_sockets() {
    let test = TestApp::start_limited(&[("WEBSOCKETS_PER_USER", "2")]).await;
    let ana = test.register("ana").await;
    test.run_jobs().await;
    let within = [ana.socket().await, ana.socket().await];
    let mut above = Socket::open(&test.address).await;
    let payload = json!({ "Authorization": format!("Bearer {}", ana.token()) });
    above.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert!(matches!(above.hear().await, Said::Closed(1013, _)));
    let stream = ana.refused_stream(FOR_EVER, json!({})).await;
    assert_eq!(stream, 429, "an event stream takes a place, too");
    drop(within);
    finish(test).await;
}

/// The third operation of a socket that takes two.
pub async fn hold_operations() {
    let test = TestApp::start_limited(&[("WEBSOCKET_MAX_OPERATIONS", "2")]).await;
    let ana = test.register("ana").await;
    test.run_jobs().await;
    let mut socket = ana.socket().await;
    for id in ["a", "b", "c"] {
        socket.subscribe(id, FOR_EVER, json!({})).await;
    }
    let Said::Message(said) = socket.hear().await else { panic!("it is closed") };
    assert_eq!((&said["id"], &said["type"]), (&json!("c"), &json!("error")), "{said}");
    assert_eq!(said["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{said}");
    finish(test).await;
}

/// A message that is longer by one byte.
pub async fn hold_message() {
    let test = TestApp::start_limited(&[("WEBSOCKET_MAX_MESSAGE_BYTES", "1024")]).await;
    let ping = |length: usize| {
        let around = json!({ "type": "ping", "payload": { "x": "" } }).to_string().len();
        json!({ "type": "ping", "payload": { "x": "x".repeat(length - around) } })
    };
    let mut socket = Socket::signed_in(&test.address, None).await;
    socket.say(ping(1_024)).await;
    assert!(matches!(socket.hear().await, Said::Message(_)));
    socket.say(ping(1_025)).await;
    assert!(matches!(socket.hear().await, Said::Closed(1009, _)));
    test.finish().await;
}

/// A client that does not say who it is.
pub async fn hold_init() {
    let test = TestApp::start_limited(&[("WEBSOCKET_INIT_SECONDS", "2")]).await;
    let started = Instant::now();
    let mut silent = Socket::open(&test.address).await;
    assert!(matches!(silent.hear().await, Said::Closed(4408, _)));
    assert!((2..5).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    let mut slow = Socket::open(&test.address).await;
    sleep(Duration::from_millis(400)).await;
    slow.say(json!({ "type": "connection_init" })).await;
    assert!(matches!(slow.hear().await, Said::Message(_)));
    test.finish().await;
}

/// A client that answers no ping.
pub async fn hold_ping() {
    let test = TestApp::start_limited(&[("WEBSOCKET_PING_SECONDS", "1")]).await;
    let mut living = Socket::signed_in(&test.address, None).await;
    assert!(timeout(Duration::from_millis(2_500), living.hear()).await.is_err(), "it answers");
    let mut silent = Socket::signed_in(&test.address, None).await;
    // What is not read is not answered.
    sleep(Duration::from_secs(4)).await;
    assert!(matches!(silent.hear().await, Said::Closed(1001, _)));
    test.finish().await;
}
