//! The distinct connections mode of graphql-sse as a stranger would test it: each rule over a real connection.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use self::event_stream::{EventStream, Heard};
use crate::http::lasting::occupancy::Owner;
use crate::http::lasting::test_server::{SHORT, Server};

#[path = "../../../tests/it/support/event_stream.rs"]
mod event_stream;

const GREETING: &str = "{ greeting }";
const FOR_EVER: &str = "subscription { forEver }";
const FLOOD: &str = "subscription { flood }";

async fn begin(server: &Server, token: Option<&str>, query: &str) -> EventStream {
    EventStream::begin(&server.address, token, query, json!({})).await.unwrap_or_else(|no| panic!("{no:?}"))
}

async fn refused(server: &Server, token: Option<&str>, query: &str) -> Response {
    EventStream::begin(&server.address, token, query, json!({})).await.err().expect("it is refused")
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn by_get(server: &Server, query: &str) -> RequestBuilder {
    let mut address = reqwest::Url::parse(&format!("{}/graphql", server.address)).unwrap();
    address.query_pairs_mut().append_pair("query", query);
    client().get(address).header("accept", "text/event-stream")
}

async fn code(response: Response) -> String {
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body.get("data"), None);
    body["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned()
}

/// Waits until nobody has a connection any more, within what a person would call at once.
async fn becomes_empty(server: &Server) {
    let nobody = "127.0.0.1".parse::<IpAddr>().unwrap();
    let owners =
        [Owner::User(Uuid::from_u128(1)), Owner::User(Uuid::from_u128(2)), Owner::Address(Some(nobody))];
    let empty = async {
        while owners.iter().any(|owner| server.occupancy.enter(*owner, 1).is_none()) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(1), empty).await.expect("the place is free");
}

#[tokio::test]
async fn every_kind_of_operation_is_a_stream_of_answers_with_an_end() {
    let server = Server::start().await;
    let mut query = begin(&server, Some("good"), GREETING).await;
    assert_eq!(query.header("cache-control"), Some("no-cache, no-transform"));
    assert_eq!(query.header("x-accel-buffering"), Some("no"));
    assert!(query.header("x-request-id").is_some());
    assert_eq!(query.next().await, Some(json!({ "data": { "greeting": "hello, you" } })));
    assert_eq!(query.next().await, None);
    let mut mutation = begin(&server, None, "mutation { increment }").await;
    assert_eq!(mutation.next().await, Some(json!({ "data": { "increment": 1 } })));
    assert_eq!(mutation.next().await, None);
    let ticks = "subscription ($n: Int!) { ticks(to: $n) }";
    let mut subscription =
        EventStream::begin(&server.address, None, ticks, json!({ "n": 2 })).await.ok().unwrap();
    for tick in [1, 2] {
        assert_eq!(subscription.next().await, Some(json!({ "data": { "ticks": tick } })));
    }
    assert_eq!(subscription.next().await, None);
    let mut long = begin(&server, None, "{ long }").await;
    assert_eq!(long.next().await.unwrap()["data"]["long"].as_str().unwrap().len(), 2_000_000);
}

#[tokio::test]
async fn by_get_there_are_queries_and_subscriptions_and_no_mutations() {
    let server = Server::start().await;
    for (query, answer) in
        [("{ hello }", json!({ "hello": "world" })), ("subscription { ticks(to: 1) }", json!({ "ticks": 1 }))]
    {
        let mut stream = EventStream::of(by_get(&server, query).send().await.unwrap());
        assert_eq!(stream.next().await, Some(json!({ "data": answer })));
        assert_eq!(stream.next().await, None);
    }
    let response = by_get(&server, "mutation { increment }").send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
    assert_eq!(code(response).await, "METHOD_NOT_ALLOWED");
    let mut mutation = begin(&server, None, "mutation { increment }").await;
    assert_eq!(mutation.next().await.unwrap()["data"]["increment"], 1, "the refused one did not happen");
}

#[tokio::test]
async fn what_a_document_is_refused_for_is_an_answer_of_its_stream() {
    let server = Server::start().await;
    let deep = format!("{{ numbers(list: {}{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    for (query, expected) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("query ($n: Int!) { count(number: $n) }", "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        (deep.as_str(), "QUERY_TOO_COMPLEX"),
        // These are known only when the stream is open.
        ("subscription { refused }", "FORBIDDEN"),
        ("subscription { ticks(to: -1) }", "INTERNAL_SERVER_ERROR"),
        ("{ slow }", "TIMEOUT"),
    ] {
        let mut stream = begin(&server, None, query).await;
        assert_eq!(stream.error_code().await, expected, "{query}");
        assert_eq!(stream.next().await, None, "{query}");
    }
}

#[tokio::test]
async fn what_a_request_is_refused_for_has_its_status_and_no_stream() {
    let server = Server::start().await;
    for (token, status, expected) in [
        ("bad", 401, "UNAUTHENTICATED"),
        ("away", 503, "SERVICE_UNAVAILABLE"),
        ("busy", 429, "RATE_LIMITED"),
        ("broken", 500, "INTERNAL_SERVER_ERROR"),
    ] {
        let response = refused(&server, Some(token), FOR_EVER).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        assert_eq!(response.headers().get("retry-after").is_some(), status == 429);
        assert_eq!(response.headers().get("www-authenticate").is_some(), status == 401);
        assert_eq!(code(response).await, expected);
    }
    let accepts = "text/event-stream, application/graphql-response+json;q=0.5";
    let post = |content_type: &'static str, body: &'static str| {
        let request = client().post(format!("{}/graphql", server.address)).header("accept", accepts);
        request.header("content-type", content_type).body(body).send()
    };
    for (content_type, body, status, expected) in [
        ("application/json", "{", 400, "BAD_REQUEST"),
        ("text/plain", "{\"query\":\"{ hello }\"}", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ] {
        let response = post(content_type, body).await.unwrap();
        assert_eq!(response.status(), status);
        let negotiated = "application/graphql-response+json; charset=utf-8";
        assert_eq!(response.headers()["content-type"], negotiated);
        assert_eq!(code(response).await, expected);
    }
    let put = client().put(format!("{}/graphql", server.address)).header("accept", accepts);
    let response = put.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, POST".parse().unwrap())
    );
}

#[tokio::test]
async fn a_stream_is_never_compressed() {
    let server = Server::start().await;
    let response = by_get(&server, FLOOD).header("accept-encoding", "gzip, br").send().await.unwrap();
    let mut stream = EventStream::of(response);
    assert_eq!(stream.header("content-encoding"), None);
    assert!(stream.next().await.unwrap()["data"]["flood"].is_string());
}

#[tokio::test]
async fn a_stream_shows_that_it_lives() {
    let server = Server::with(|limits| limits.ping_every = SHORT).await;
    let mut stream = begin(&server, None, FOR_EVER).await;
    for _ in 0..3 {
        let sign = timeout(SHORT * 2, stream.hear()).await.expect("a sign of life");
        assert_eq!(sign, Heard::SignOfLife);
    }
}

#[tokio::test]
async fn a_token_that_ends_a_viewer_who_changes_and_a_server_that_stops_end_a_subscription_with_the_reason() {
    let server = Server::start().await;
    let mut short = begin(&server, Some("short"), FOR_EVER).await;
    let mut long = begin(&server, Some("good"), FOR_EVER).await;
    let mut nobody = begin(&server, None, FOR_EVER).await;
    assert_eq!(short.error_code().await, "UNAUTHENTICATED");
    assert_eq!(short.next().await, None);
    server.change.cancel();
    assert_eq!(long.error_code().await, "UNAUTHENTICATED");
    assert_eq!(long.next().await, None);
    // Also what is under way when the server stops comes to its end.
    let mut query = begin(&server, None, "{ nap }").await;
    server.stop.cancel();
    assert_eq!(nobody.error_code().await, "SERVICE_UNAVAILABLE");
    assert_eq!(nobody.next().await, None);
    assert_eq!(query.next().await, Some(json!({ "data": { "nap": 1 } })));
    assert_eq!(query.next().await, None);
    server.ends().await;
}

#[tokio::test]
async fn the_sixth_stream_of_a_user_is_refused_until_another_has_gone() {
    let server = Server::start().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(begin(&server, Some("good"), FOR_EVER).await);
    }
    let response = refused(&server, Some("good"), FOR_EVER).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"5".parse().unwrap())
    );
    assert_eq!(code(response).await, "RATE_LIMITED");
    // Neither a query, which ends by itself, nor anybody else.
    assert!(begin(&server, Some("good"), GREETING).await.next().await.is_some());
    begin(&server, None, FOR_EVER).await;
    drop(open);
    becomes_empty(&server).await;
    begin(&server, Some("good"), FOR_EVER).await;
}

#[tokio::test]
async fn a_stream_that_is_complete_leaves_its_place() {
    let server = Server::start().await;
    let mut stream = begin(&server, Some("good"), "subscription { ticks(to: 1) }").await;
    while stream.next().await.is_some() {}
    becomes_empty(&server).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let server = Server::with(|limits| limits.send_within = SHORT).await;
    let mut stream = begin(&server, Some("good"), FLOOD).await;
    // Long enough for the buffers between the two to fill, and for the server to lose its patience.
    sleep(SHORT * 4).await;
    becomes_empty(&server).await;
    let ends = async {
        loop {
            match stream.hear().await {
                Heard::Next(_) | Heard::SignOfLife => {}
                other => return other,
            }
        }
    };
    assert_eq!(ends.await, Heard::Broken, "and not complete: its client comes again");
}

#[tokio::test]
async fn a_mutation_goes_on_while_its_client_does_not_read_and_ends_with_its_connection() {
    let server = Server::start().await;
    let body = json!({ "query": "mutation { later }" }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let host = server.address.strip_prefix("http://").unwrap().to_owned();
    let mut silent = TcpStream::connect(&host).await.unwrap();
    silent.write_all(request.as_bytes()).await.unwrap();
    let mut leaving = TcpStream::connect(&host).await.unwrap();
    leaving.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b":\n\n\r\n") {
        leaving.read_buf(&mut answer).await.unwrap();
    }
    // It has begun, and leaves before its end.
    drop(leaving);
    sleep(SHORT).await;
    let mut other = begin(&server, None, "mutation { increment }").await;
    assert_eq!(other.next().await, Some(json!({ "data": { "increment": 2 } })), "one of the two happened");
}
