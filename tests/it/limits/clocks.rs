//! The limits on time: who is slower than that is told, or cut off, and who is not is answered.

use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use pennypost::db::pool::connect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{body, finish, said};
use crate::support::app::TestApp;

/// Well below a limit of one second.
const SOON: Duration = Duration::from_millis(400);
/// Well above it, and well below every value that is not set.
const LATE: Duration = Duration::from_secs(4);

/// A request that waits for a table.
pub async fn hold_request() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let limited = test.serve_limited(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let mut other = connect(&test.app.database_url).await.unwrap();
    let query = body("{ accounts(first: 1) { nodes { id } } }");
    let asking = async || ana.posting(&limited).body(query.clone()).send().await.unwrap();
    assert_eq!(asking().await.status(), 200);
    other.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let started = Instant::now();
    let (status, code, _) = said(asking().await).await;
    assert_eq!((status, code.as_str()), (504, "TIMEOUT"));
    assert!((Duration::from_secs(1)..LATE).contains(&started.elapsed()), "{:?}", started.elapsed());
    let releasing = async {
        sleep(SOON).await;
        other.batch_execute("ROLLBACK").await.unwrap();
    };
    let (response, ()) = tokio::join!(asking(), releasing);
    assert_eq!(said(response).await.0, 200);
    finish(test).await;
}

/// Headers that stop in their middle.
pub async fn hold_headers() {
    let test = TestApp::start_limited(&[("HEADER_TIMEOUT_SECONDS", "1")]).await;
    let parts = ["GET /livez HTTP/1.1\r\nHost: a\r\nConnec", "tion: close\r\n\r\n"];
    let answer = tell(&test, parts).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = tell(&test, [parts[0], ""]).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    test.finish().await;
}

/// A body that stops in its middle.
pub async fn hold_body() {
    let test = TestApp::start_limited(&[("BODY_TIMEOUT_SECONDS", "1")]).await;
    let head = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 26\r\nConnection: close\r\n\r\n{\"query\":";
    let answer = tell(&test, [head, "\"{ __typename }\"}"]).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = tell(&test, [head, ""]).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"TIMEOUT\""), "{answer}");
    test.finish().await;
}

/// What the server says until it closes the connection, to a request that comes in two parts.
pub async fn tell(test: &TestApp, parts: [&str; 2]) -> String {
    let address = test.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(parts[0].as_bytes()).await.unwrap();
    sleep(SOON).await;
    stream.write_all(parts[1].as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(LATE, stream.read_to_end(&mut answer)).await.expect("the server ends it in time").unwrap();
    String::from_utf8(answer).unwrap()
}
