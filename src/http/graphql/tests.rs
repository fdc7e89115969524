//! GraphQL over HTTP against a running server: methods, media types, statuses, limits and time-outs.

mod compression;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, HeaderName, ORIGIN};
use futures_util::FutureExt;
use futures_util::future::ready;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::error::Error;
use crate::graphql::engine::test_schema;
use crate::http::lasting::test_server::authenticate;
use crate::http::router::{Cors, router};
use crate::http::serve::{ConnectionLimits, serve};
use crate::telemetry::captured::Captured;

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

struct Server {
    address: SocketAddr,
    client: Client,
    is_ready: Arc<AtomicBool>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        let is_ready = Arc::new(AtomicBool::new(true));
        let engine = Arc::new(test_schema::engine(test_schema::limits()));
        let who: Authenticate = Arc::new(|arrival| ready(authenticate(&arrival)).boxed());
        let limits = LimitSettings::default();
        let endpoint = GraphqlEndpoint {
            body: BodyLimits { within: Duration::from_millis(300), ..BodyLimits::from(&limits) },
            within: Duration::from_millis(300),
            ..GraphqlEndpoint::new(engine, who, Origins::Any, Clock::System, &limits)
        };
        let flag = Arc::clone(&is_ready);
        let readiness = Arc::new(move || {
            let is_ready = flag.load(Ordering::SeqCst);
            async move {
                if is_ready { Ok(()) } else { Err(Error::Unavailable("Redis is away.".to_owned())) }
            }
            .boxed()
        });
        let cors = Cors { origins: vec!["http://localhost:3000".to_owned()], credentials: true };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(endpoint, readiness, cors.layer().unwrap(), Clock::System);
        let connection_limits = ConnectionLimits {
            head_within: Duration::from_millis(300),
            stop_within: Duration::from_secs(5),
            ..ConnectionLimits::from(&LimitSettings::default())
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router, connection_limits, stop.clone()));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, client, is_ready, stop, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn post(&self, accept: &str, body: impl Into<reqwest::Body>) -> Reply {
        let request =
            self.client.post(self.url("/graphql")).header(CONTENT_TYPE, JSON).header(ACCEPT, accept);
        Reply::of(request.body(body).send().await.unwrap()).await
    }

    async fn query(&self, accept: &str, query: &str) -> Reply {
        self.post(accept, json!({ "query": query }).to_string()).await
    }

    async fn with_token(&self, token: &str) -> Reply {
        let body = json!({ "query": "{ greeting }" });
        let request = self.client.post(self.url("/graphql")).bearer_auth(token).json(&body);
        Reply::of(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Reply {
        Reply::of(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    /// What the server answers to these bytes until it closes the connection.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap()
    }

    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert_eq!(self.body.get("data"), None);
    }
}

#[tokio::test]
async fn the_media_type_decides_the_status_of_a_refused_document() {
    let server = Server::start().await;
    let cases = [
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { count(number: $n) }", "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("{ items(first: 5000) { nodes { id } } }", "QUERY_TOO_COMPLEX"),
    ];
    for (query, code) in cases {
        let reply = server.query(GRAPHQL, query).await;
        reply.is(400, code);
        assert_eq!(reply.header(&CONTENT_TYPE), Some("application/graphql-response+json; charset=utf-8"));
        let reply = server.query(JSON, query).await;
        reply.is(200, code);
        assert_eq!(reply.header(&CONTENT_TYPE), Some("application/json; charset=utf-8"));
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_400_in_either_media_type() {
    let server = Server::start().await;
    for accept in [GRAPHQL, JSON] {
        for body in ["", "{", "[]", "[{\"query\":\"{hello}\"}]", "{}", "{\"query\":1}", "\u{feff}{}"] {
            server.post(accept, body).await.is(400, "BAD_REQUEST");
        }
        server.post(accept, &b"{\"query\":\"\xff\"}"[..]).await.is(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn nothing_but_json_is_taken_and_nothing_but_ours_is_answered() {
    let server = Server::start().await;
    let body = json!({ "query": "mutation { increment }" }).to_string();
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16"]
    {
        let request = server.client.post(server.url("/graphql")).header(CONTENT_TYPE, content_type);
        Reply::of(request.body(body.clone()).send().await.unwrap()).await.is(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let gzipped = server
        .client
        .post(server.url("/graphql"))
        .header(CONTENT_TYPE, JSON)
        .header(CONTENT_ENCODING, "gzip");
    let gzipped = Reply::of(gzipped.body(body.clone()).send().await.unwrap()).await;
    gzipped.is(415, "UNSUPPORTED_MEDIA_TYPE");
    assert!(gzipped.body.to_string().contains("Content-Encoding"), "{}", gzipped.body);
    let without = server.client.post(server.url("/graphql")).body(body.clone());
    Reply::of(without.send().await.unwrap()).await.is(415, "UNSUPPORTED_MEDIA_TYPE");
    server.post("text/html", body).await.is(406, "NOT_ACCEPTABLE");
    let reply = server.query(JSON, "mutation { increment }").await;
    assert_eq!(reply.body, json!({ "data": { "increment": 1 } }), "no refused request was executed");
}

#[tokio::test]
async fn get_is_for_queries_only() {
    let server = Server::start().await;
    let reply = server.get("/graphql?query=query%20A%7Bhello%7Dquery%20B%7Bcount%7D&operationName=B").await;
    assert_eq!((reply.status, reply.body), (200, json!({ "data": { "count": 5 } })));
    let reply = server.get("/graphql?query=mutation%7Bincrement%7D").await;
    reply.is(405, "METHOD_NOT_ALLOWED");
    assert_eq!(reply.header(&ALLOW), Some("POST"));
    server.get("/graphql").await.is(400, "BAD_REQUEST");
    let reply = Reply::of(server.client.put(server.url("/graphql")).send().await.unwrap()).await;
    reply.is(405, "METHOD_NOT_ALLOWED");
    assert_eq!(reply.header(&ALLOW), Some("GET, POST"));
}

#[tokio::test]
async fn a_null_character_is_refused_however_it_comes() {
    let server = Server::start().await;
    for query in ["{ word(word: \"a\0b\") }", "{ hello } # \0", "{ hello\0 }", "{ word(word: \"a\\u0000\") }"]
    {
        server.query(GRAPHQL, query).await.is(400, "BAD_USER_INPUT");
        let mut address = reqwest::Url::parse(&server.url("/graphql")).unwrap();
        address.query_pairs_mut().append_pair("query", query);
        assert!(address.query().unwrap().contains("00"), "{address}");
        let request = server.client.get(address).header(ACCEPT, GRAPHQL);
        Reply::of(request.send().await.unwrap()).await.is(400, "BAD_USER_INPUT");
    }
    // In the body itself it is no JSON.
    server.post(GRAPHQL, "{\"query\":\"{ hello }\0\"}").await.is(400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_bad_token_is_401_and_none_is_a_stranger() {
    let server = Server::start().await;
    assert_eq!(server.with_token("good").await.body["data"]["greeting"], "hello, you");
    assert_eq!(server.query(JSON, "{ greeting }").await.body["data"]["greeting"], "hello, stranger");
    let reply = server.with_token("expired").await;
    reply.is(401, "UNAUTHENTICATED");
    assert_eq!(reply.header(&WWW_AUTHENTICATE), Some("Bearer error=\"invalid_token\""));
    server.with_token("away").await.is(503, "SERVICE_UNAVAILABLE");
    let reply = server.with_token("busy").await;
    reply.is(429, "RATE_LIMITED");
    assert_eq!(reply.header(&RETRY_AFTER), Some("3"));
    assert_eq!(reply.body["errors"][0]["extensions"]["retryAfterSeconds"], 3);
    let reply = server.with_token("broken").await;
    reply.is(500, "INTERNAL_SERVER_ERROR");
    assert!(!reply.body.to_string().contains("detail"));
    let id = reply.body["errors"][0]["extensions"]["requestId"].as_str();
    assert_eq!(id, reply.header(&crate::http::request_id::X_REQUEST_ID));
}

#[tokio::test]
async fn failures_of_the_whole_execution_have_their_status_and_partial_ones_are_200() {
    let server = Server::start().await;
    for (query, status) in
        [("{ away }", 503), ("{ limited }", 429), ("{ hello forbidden }", 200), ("{ misconfigured }", 200)]
    {
        assert_eq!(server.query(GRAPHQL, query).await.status, status, "{query}");
    }
    assert_eq!(server.query(GRAPHQL, "{ limited }").await.header(&RETRY_AFTER), Some("7"));
    server.query(GRAPHQL, "{ panics }").await.is(500, "INTERNAL_SERVER_ERROR");
    assert_eq!(server.query(GRAPHQL, "{ hello }").await.status, 200, "the server lives on");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_stopped() {
    let server = Server::start().await;
    server.query(GRAPHQL, "{ slow }").await.is(504, "TIMEOUT");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_read_to_its_end_and_refused() {
    let server = Server::start().await;
    let fits =
        format!("{{\"query\":\"{{ hello }}\",\"extensions\":{{\"x\":\"{}\"}}}}", "x".repeat(250 * 1024));
    assert_eq!(server.post(JSON, fits).await.status, 200);
    server.post(JSON, "x".repeat(256 * 1024 + 1)).await.is(413, "PAYLOAD_TOO_LARGE");
    // More than the buffers of a socket hold, from a client that reads only when it has written all.
    let mut long = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\nConnection: close\r\n\r\n".to_vec();
    long.resize(long.len() + 4_000_000, b'x');
    let answer = server.raw(&long).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
    // So is one whose answer the client would not take.
    let mut unacceptable = b"POST /graphql HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nContent-Length: 4000000\r\nConnection: close\r\n\r\n".to_vec();
    unacceptable.resize(unacceptable.len() + 4_000_000, b'x');
    let answer = server.raw(&unacceptable).await;
    assert!(answer.starts_with("HTTP/1.1 406 ") && answer.contains("NOT_ACCEPTABLE"), "{answer}");
    let waiting = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    let answer = server.raw(waiting.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_dawdles_is_cut_off() {
    let server = Server::start().await;
    let answer = server.raw(b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Le").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let idle = server.raw(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200 "), "{idle}");
    let slow_body =
        "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{";
    let answer = server.raw(slow_body.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"TIMEOUT\""), "{answer}");
}

#[tokio::test]
async fn each_answer_carries_the_id_of_its_request() {
    let server = Server::start().await;
    let header = crate::http::request_id::X_REQUEST_ID;
    let sent = |id: &'static str| server.client.get(server.url("/livez")).header(header.clone(), id).send();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(sent(id).await.unwrap().headers()[&header], id);
    let made = sent("a line\tthat is no id").await.unwrap().headers()[&header].to_str().unwrap().to_owned();
    assert!(Uuid::parse_str(&made).is_ok(), "{made}");
}

#[tokio::test]
async fn what_is_logged_of_a_request_carries_its_id_and_not_its_document() {
    let server = Server::start().await;
    let log = Captured::start(tracing::Level::DEBUG);
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let address = server.url("/graphql?query=%7B%20misconfigured%20word(word:%22secret%22)%20%7D");
    let header = crate::http::request_id::X_REQUEST_ID;
    let answer = server.client.get(address).header(header.clone(), id).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let elsewhere = server.client.get(server.url("/secret/token")).header(header, id).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404);
    let log = log.text();
    let ours: Vec<&str> = log.lines().filter(|line| line.contains("pennypost::")).collect();
    assert!(ours.iter().any(|line| line.contains("path=\"none of ours\" status=404")), "{log}");
    assert!(ours.iter().any(|line| line.contains("a field failed")), "{log}");
    assert!(
        ours.iter().any(|line| line.contains("answered method=GET path=\"/graphql\" status=200")),
        "{log}"
    );
    assert!(ours.iter().all(|line| line.contains(&format!("request{{id={id}}}"))), "{log}");
    assert!(!ours.concat().contains("secret"), "{log}");
}

#[tokio::test]
async fn health_follows_its_check_and_other_paths_are_problems() {
    let server = Server::start().await;
    assert_eq!(server.get("/livez").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.is_ready.store(false, Ordering::SeqCst);
    let reply = server.get("/readyz").await;
    assert_eq!((reply.status, reply.header(&CONTENT_TYPE)), (503, Some("application/problem+json")));
    assert!(!reply.body.to_string().contains("Redis"), "what is away is for the log");
    let reply = server.get("/nothing").await;
    assert_eq!((reply.status, &reply.body["status"]), (404, &json!(404)));
    assert_eq!(reply.header(&CONTENT_TYPE), Some("application/problem+json"));
    let reply = Reply::of(server.client.post(server.url("/livez")).send().await.unwrap()).await;
    assert_eq!((reply.status, reply.header(&CONTENT_TYPE)), (405, Some("application/problem+json")));
}

#[tokio::test]
async fn a_browser_may_call_from_the_listed_origins_only() {
    let server = Server::start().await;
    let preflight = |origin: &'static str| {
        let url = server.url("/graphql");
        let request = server.client.request(Method::OPTIONS, url).header(ORIGIN, origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type").send()
    };
    let allowed = preflight("http://localhost:3000").await.unwrap();
    assert_eq!(allowed.status(), 200);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "http://localhost:3000");
    assert_eq!(allowed.headers()["access-control-allow-credentials"], "true");
    let refused = preflight("http://evil.example").await.unwrap();
    assert_eq!(refused.headers().get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_stopping_server_finishes_what_is_under_way() {
    let server = Server::start().await;
    let url = server.url("/graphql");
    let under_way = server.client.post(url).json(&json!({ "query": "{ nap }" })).send();
    let under_way = tokio::spawn(under_way);
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.cancel();
    let reply = Reply::of(under_way.await.unwrap().unwrap()).await;
    assert_eq!(reply.body, json!({ "data": { "nap": 1 } }));
    timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
}
