//! The protocol of graphql-transport-ws as a stranger would test it: each rule, each broken, over a real socket.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use self::socket::{Said, Socket};
use crate::http::lasting::test_server::{SHORT, Server};

#[path = "../../../tests/it/support/socket.rs"]
mod socket;

const GREETING: &str = "{ greeting }";
const FOR_EVER: &str = "subscription { forEver }";

async fn open(server: &Server) -> Socket {
    Socket::open(&server.address).await
}

async fn nobody(server: &Server) -> Socket {
    Socket::signed_in(&server.address, None).await
}

/// The code that the socket is closed with, whatever is said before.
async fn close_code(socket: &mut Socket) -> u16 {
    let closed = async {
        loop {
            if let Said::Closed(code, _) = socket.hear().await {
                return code;
            }
        }
    };
    timeout(Duration::from_secs(20), closed).await.expect("the server closes the socket")
}

fn message(value: Value) -> Said {
    Said::Message(value)
}

fn init(authorization: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": authorization } })
}

#[tokio::test]
async fn a_query_is_answered_and_completes_and_a_subscription_brings_its_events() {
    let server = Server::start().await;
    let mut socket = Socket::signed_in(&server.address, Some("good")).await;
    socket.subscribe("q", GREETING, json!({})).await;
    assert_eq!(socket.next("q").await, Some(json!({ "data": { "greeting": "hello, you" } })));
    assert_eq!(socket.next("q").await, None);
    socket.subscribe("m", "mutation { increment }", json!({})).await;
    assert_eq!(socket.next("m").await, Some(json!({ "data": { "increment": 1 } })));
    assert_eq!(socket.next("m").await, None);
    socket.subscribe("s", "subscription ($n: Int!) { ticks(to: $n) }", json!({ "n": 2 })).await;
    for tick in [1, 2] {
        assert_eq!(socket.next("s").await, Some(json!({ "data": { "ticks": tick } })));
    }
    assert_eq!(socket.next("s").await, None);
    // An id is free again when its operation has ended.
    socket.subscribe("s", GREETING, json!({})).await;
    assert!(socket.next("s").await.is_some());
}

#[tokio::test]
async fn a_ping_of_the_protocol_is_answered_with_its_payload_before_and_after_the_init() {
    let server = Server::start().await;
    let mut socket = open(&server).await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.hear().await, message(json!({ "type": "pong", "payload": { "n": 1 } })));
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await, message(json!({ "type": "connection_ack" })));
    socket.say(json!({ "type": "pong" })).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, message(json!({ "type": "pong" })));
}

#[tokio::test]
async fn a_request_that_cannot_begin_is_an_error_of_its_operation_alone() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    let deep = format!("{{ numbers(list: {}{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    let objects = format!("{{ numbers(list: {}1{}) }}", "{a:".repeat(1_500), "}".repeat(1_500));
    let mut bomb = "{ ...f0 } fragment f22 on Query { hello }".to_owned();
    for level in 0..22 {
        let next = level + 1;
        write!(bomb, " fragment f{level} on Query {{ ...f{next} ...f{next} }}").unwrap();
    }
    for (query, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("query ($n: Int!) { count(number: $n) }", "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { ticks(to: 1) again: ticks(to: 1) }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { refused }", "FORBIDDEN"),
        ("subscription { ticks(to: -1) }", "INTERNAL_SERVER_ERROR"),
        ("{ slow }", "TIMEOUT"),
        (deep.as_str(), "QUERY_TOO_COMPLEX"),
        (objects.as_str(), "QUERY_TOO_COMPLEX"),
        (bomb.as_str(), "QUERY_TOO_COMPLEX"),
    ] {
        socket.subscribe("x", query, json!({})).await;
        let Said::Message(said) = socket.hear().await else { panic!("{query}") };
        assert_eq!((&said["id"], &said["type"]), (&json!("x"), &json!("error")), "{query}: {said}");
        assert_eq!(said["payload"][0]["extensions"]["code"], code, "{query}: {said}");
    }
    socket.subscribe("x", GREETING, json!({})).await;
    assert!(socket.next("x").await.is_some(), "the socket lives on");
}

#[tokio::test]
async fn a_field_in_a_fragment_at_the_root_is_followed_like_any_other() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    let query = "subscription { ...A } fragment A on Ticks { ... on Ticks { ticks(to: 1) } }";
    socket.subscribe("s", query, json!({})).await;
    assert_eq!(socket.next("s").await, Some(json!({ "data": { "ticks": 1 } })));
    assert_eq!(socket.next("s").await, None);
}

#[tokio::test]
async fn each_breach_of_the_protocol_closes_with_its_code() {
    let server = Server::start().await;
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": GREETING } });
    let mut early = open(&server).await;
    early.say(subscribe).await;
    assert_eq!(early.hear().await, Said::Closed(4401, "Unauthorized".to_owned()));
    let mut twice = nobody(&server).await;
    twice.say(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.hear().await, Said::Closed(4429, "Too many initialisation requests".to_owned()));
    let mut same = nobody(&server).await;
    same.subscribe("a", FOR_EVER, json!({})).await;
    same.subscribe("a", FOR_EVER, json!({})).await;
    assert_eq!(same.hear().await, Said::Closed(4409, "Subscriber for a already exists".to_owned()));
    for text in ["{", "[]", "{\"type\":\"unknown\"}", "{\"type\":\"subscribe\",\"id\":\"1\"}"] {
        let mut bad = nobody(&server).await;
        bad.say_text(text).await;
        assert_eq!(close_code(&mut bad).await, 4400, "{text}");
    }
    let mut binary = nobody(&server).await;
    binary.stream.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(close_code(&mut binary).await, 4400);
}

#[tokio::test]
async fn a_message_that_is_too_long_closes_with_1009_however_long_it_is() {
    let server = Server::start().await;
    for length in [64 * 1024 + 1, 200 * 1024, 300 * 1024] {
        let mut socket = nobody(&server).await;
        socket.say_text("x".repeat(length)).await;
        assert_eq!(close_code(&mut socket).await, 1009, "{length}");
    }
    let mut socket = nobody(&server).await;
    let room = 64 * 1024 - json!({ "type": "ping", "payload": { "x": "" } }).to_string().len();
    socket.say(json!({ "type": "ping", "payload": { "x": "x".repeat(room) } })).await;
    assert!(matches!(socket.hear().await, Said::Message(_)));
}

#[tokio::test]
async fn who_does_not_say_who_they_are_in_time_is_closed_with_4408() {
    let server = Server::with(|limits| limits.init_within = SHORT).await;
    let mut socket = open(&server).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(close_code(&mut socket).await, 4408);
}

#[tokio::test]
async fn another_subprotocol_is_closed_with_4406() {
    let server = Server::start().await;
    let mut socket = Socket::try_open(&server.address, None, None).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 4406);
}

#[tokio::test]
async fn a_bad_token_and_one_that_ends_close_with_4403() {
    let server = Server::start().await;
    let mut bad = open(&server).await;
    bad.say(init("Bearer bad")).await;
    assert_eq!(bad.hear().await, Said::Closed(4403, "Forbidden".to_owned()));
    let mut odd = open(&server).await;
    odd.say(json!({ "type": "connection_init", "payload": { "Authorization": 1 } })).await;
    assert_eq!(close_code(&mut odd).await, 4403);
    let mut away = open(&server).await;
    away.say(init("Bearer away")).await;
    assert_eq!(close_code(&mut away).await, 1013, "clients come again");
    let mut broken = open(&server).await;
    broken.say(init("Bearer broken")).await;
    assert_eq!(close_code(&mut broken).await, 4500);
    let mut short = Socket::signed_in(&server.address, Some("short")).await;
    short.subscribe("s", FOR_EVER, json!({})).await;
    assert_eq!(close_code(&mut short).await, 4403);
}

#[tokio::test]
async fn the_eleventh_operation_is_refused_until_another_has_ended() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    for id in 0..10 {
        socket.subscribe(&id.to_string(), FOR_EVER, json!({})).await;
    }
    socket.subscribe("x", GREETING, json!({})).await;
    let Said::Message(said) = socket.hear().await else { panic!("it is closed") };
    assert_eq!(said["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{said}");
    socket.say(json!({ "id": "3", "type": "complete" })).await;
    socket.subscribe("x", GREETING, json!({})).await;
    assert!(socket.next("x").await.is_some());
}

#[tokio::test]
async fn the_sixth_socket_of_a_user_is_closed_until_another_has_gone() {
    let server = Server::start().await;
    let mut opened = Vec::new();
    for _ in 0..5 {
        opened.push(Socket::signed_in(&server.address, Some("good")).await);
    }
    let mut sixth = open(&server).await;
    sixth.say(init("Bearer good")).await;
    assert_eq!(close_code(&mut sixth).await, 1013);
    assert!(matches!(nobody(&server).await, Socket { .. }), "nobody else is affected");
    drop(opened.pop());
    let again = async {
        loop {
            let mut socket = open(&server).await;
            socket.say(init("Bearer good")).await;
            if matches!(socket.hear().await, Said::Message(_)) {
                break;
            }
        }
    };
    timeout(Duration::from_secs(5), again).await.unwrap();
}

#[tokio::test]
async fn a_peer_without_a_sign_of_life_is_closed_and_one_that_answers_pings_is_not() {
    let server = Server::with(|limits| limits.ping_every = SHORT).await;
    let mut silent = nobody(&server).await;
    // What is not read is not answered.
    sleep(SHORT * 3).await;
    assert_eq!(close_code(&mut silent).await, 1001);
    let patient = Server::with(|limits| limits.ping_every = SHORT * 3).await;
    let mut living = nobody(&patient).await;
    let heard = timeout(SHORT * 8, living.hear()).await;
    assert!(heard.is_err(), "{heard:?}");
    living.subscribe("q", GREETING, json!({})).await;
    assert!(living.next("q").await.is_some());
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_with_1013() {
    let server = Server::with(|limits| limits.send_within = SHORT).await;
    let mut socket = nobody(&server).await;
    socket.subscribe("s", "subscription { flood }", json!({})).await;
    // Long enough for the buffers between the two to fill, and for the server to lose its patience.
    sleep(SHORT * 4).await;
    assert_eq!(close_code(&mut socket).await, 1013);
}

#[tokio::test]
async fn pages_of_other_origins_get_no_socket() {
    let server = Server::start().await;
    let protocol = Some("graphql-transport-ws");
    let refused = Socket::try_open(&server.address, protocol, Some("https://evil.example")).await;
    assert_eq!(refused.err(), Some(403));
    assert!(Socket::try_open(&server.address, protocol, Some("https://app.example")).await.is_ok());
}

#[tokio::test]
async fn an_answer_may_be_large() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    socket.subscribe("q", "{ long }", json!({})).await;
    let answer = socket.next("q").await.unwrap();
    assert_eq!(answer["data"]["long"].as_str().unwrap().len(), 2_000_000);
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    socket.stream.close(Some(frame)).await.unwrap();
    assert_eq!(socket.hear().await, Said::Closed(1000, String::new()));
}

#[tokio::test]
async fn what_is_under_way_when_the_server_stops_comes_to_its_end() {
    let server = Server::start().await;
    let mut socket = nobody(&server).await;
    socket.subscribe("s", FOR_EVER, json!({})).await;
    socket.subscribe("q", "{ nap }", json!({})).await;
    // What was sent before is under way once this is answered.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, Said::Message(json!({ "type": "pong" })));
    server.stop.cancel();
    assert_eq!(socket.next("q").await, Some(json!({ "data": { "nap": 1 } })));
    assert_eq!(socket.next("q").await, None);
    assert_eq!(close_code(&mut socket).await, 1012);
}

#[tokio::test]
async fn an_operation_goes_on_while_its_client_does_not_read() {
    let server = Server::start().await;
    let mut deaf = nobody(&server).await;
    deaf.subscribe("q", "mutation { later }", json!({})).await;
    deaf.subscribe("s", "subscription { flood }", json!({})).await;
    // Nothing is read of the flood, and the mutation has to come to its end all the same.
    sleep(SHORT * 3).await;
    let mut other = nobody(&server).await;
    other.subscribe("q", "mutation { increment }", json!({})).await;
    assert_eq!(other.next("q").await, Some(json!({ "data": { "increment": 2 } })));
}

#[tokio::test]
async fn a_server_that_stops_tells_every_socket_to_come_again() {
    let server = Server::start().await;
    let (mut busy, mut idle) = (nobody(&server).await, open(&server).await);
    busy.subscribe("s", FOR_EVER, json!({})).await;
    server.stop.cancel();
    assert_eq!(close_code(&mut busy).await, 1012);
    assert_eq!(close_code(&mut idle).await, 1012);
    drop((busy, idle));
    server.ends().await;
}
