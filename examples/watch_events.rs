//! A thousand sockets that watch: how late an event is at each of them, and what a socket costs the server.
//!
//! `cargo run --release --example watch_events -- URL TOKEN SOCKETS SECONDS QUERY [SERVER_PID]`; benches/subscriptions says
//! what to run it against. The query's answer has to hold a field `at`: the time when the event was written, in RFC 3339.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it prints what it measures, and measures time"
)]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, token, sockets, seconds, query, rest @ ..] = arguments.as_slice() else {
        println!("watch_events URL TOKEN SOCKETS SECONDS QUERY [SERVER_PID]");
        return;
    };
    let (sockets, seconds): (usize, u64) = (sockets.parse().unwrap(), seconds.parse().unwrap());
    let memory = || rest.first().map(|id| resident(id));
    let before = memory();
    let mut open = Vec::new();
    for _ in 0..sockets {
        open.push(subscribe(url, token, query).await);
    }
    sleep(Duration::from_secs(2)).await;
    if let (Some(before), Some(after)) = (before, memory()) {
        println!(
            "resident memory: {before} KiB before, {after} KiB with {sockets} idle sockets: {} KiB a socket",
            after.saturating_sub(before) / sockets
        );
    }
    let ready = Arc::new(Barrier::new(sockets));
    let end = Instant::now() + Duration::from_secs(seconds);
    let watching = open.into_iter().map(|socket| tokio::spawn(watch(socket, Arc::clone(&ready), end)));
    let mut delays: Vec<i64> = join_all(watching).await.into_iter().flat_map(Result::unwrap).collect();
    delays.sort_unstable();
    let at = |share: usize| delays.get(delays.len() * share / 1000).copied().unwrap_or_default();
    println!(
        "{} deliveries in {seconds} s; microseconds from event to socket: p50 {}, p90 {}, p99 {}, p99.9 {}, last {}",
        delays.len(),
        at(500),
        at(900),
        at(990),
        at(999),
        delays.last().copied().unwrap_or_default()
    );
}

async fn subscribe(url: &str, token: &str, query: &str) -> Socket {
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096);
    let (mut socket, _) = connect_async_with_config(request, Some(small), true).await.unwrap();
    let init =
        json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await.unwrap();
    let acknowledged = socket.next().await.unwrap().unwrap();
    assert!(acknowledged.to_text().unwrap().contains("connection_ack"), "{acknowledged:?}");
    let begin = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
    socket.send(Message::text(begin.to_string())).await.unwrap();
    socket
}

/// The delays, in microseconds, of what comes until `end`. What is there before every socket listens does not count.
async fn watch(mut socket: Socket, ready: Arc<Barrier>, end: Instant) -> Vec<i64> {
    ready.wait().await;
    let from = Utc::now();
    let mut delays = Vec::new();
    while let Ok(Some(Ok(message))) = timeout_at(end, socket.next()).await {
        let now = Utc::now();
        let Message::Text(text) = message else { continue };
        if let Some(at) = written_at(&text).filter(|at| *at >= from) {
            delays.push((now - at).num_microseconds().unwrap_or(i64::MAX));
        }
    }
    delays
}

fn written_at(text: &str) -> Option<DateTime<Utc>> {
    let (_, rest) = text.split_once("\"at\":\"")?;
    rest.split_once('"')?.0.parse().ok()
}

fn resident(process_id: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
