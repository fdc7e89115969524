//! The metrics as Prometheus reads them: each with its help, moved by what happens, and without a word of a person's.

use std::collections::{BTreeMap, BTreeSet};

use pennypost::config::Secret;
use serde_json::json;

use crate::support::app::TestApp;

/// Every label that there may be, with the values that it may have. What is not listed here has no bound.
const LABELS: &[(&str, &[&str])] = &[
    ("transport", &["http", "event_stream", "websocket"]),
    ("outcome", &["executed", "failed", "refused", "dropped"]),
    (
        "code",
        &[
            "OK",
            "NONE",
            "GRAPHQL_PARSE_FAILED",
            "GRAPHQL_VALIDATION_FAILED",
            "OPERATION_RESOLUTION_FAILURE",
            "BAD_USER_INPUT",
            "BAD_REQUEST",
            "UNSUPPORTED_MEDIA_TYPE",
            "NOT_ACCEPTABLE",
            "METHOD_NOT_ALLOWED",
            "PAYLOAD_TOO_LARGE",
            "QUERY_TOO_COMPLEX",
            "PERSISTED_QUERY_NOT_FOUND",
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "RATE_LIMITED",
            "TIMEOUT",
            "SERVICE_UNAVAILABLE",
            "INTERNAL_SERVER_ERROR",
        ],
    ),
    ("queue", &["base", "email"]),
    ("kind", &["FETCH_EMAILS", "EXTRACT_EMAILS", "SEND_EMAIL", "RETENTION", "DELETE_USER", "OTHER"]),
    (
        "state",
        &["SCHEDULED", "QUEUED", "RUNNING", "RETRYING", "SUCCESS", "FAILED", "CANCELLED", "idle", "used"],
    ),
    ("server", &["base", "email", "events"]),
    ("kept", &["trusted", "cached"]),
    ("version", &[env!("CARGO_PKG_VERSION")]),
];

/// A scrape, read like Prometheus reads it: each sample under its name and labels, as they are written.
struct Scrape {
    samples: BTreeMap<String, f64>,
    text: String,
}

impl Scrape {
    async fn of(test: &TestApp) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.get(format!("{}/metrics", test.address)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let page = response.text().await.unwrap();
        let (mut helped, mut types, mut samples) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        for line in page.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, sentence) = help.split_once(' ').unwrap();
                assert!(sentence.len() > 10 && helped.insert(name), "{line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(types.insert(name, kind).is_none(), "{line}");
            } else {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                assert_family(sample.split('{').next().unwrap(), &helped, &types);
                assert_labels(sample);
                assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line} twice");
            }
        }
        Self { samples, text: page }
    }

    /// The value of a sample; 0 for one that is not there yet.
    fn value(&self, sample: &str) -> f64 {
        self.samples.get(sample).copied().unwrap_or_default()
    }
}

/// A sample belongs to a family that has said what it is, and its name keeps the conventions.
fn assert_family(name: &str, helped: &BTreeSet<&str>, types: &BTreeMap<&str, &str>) {
    let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
    let family = histogram.filter(|family| types.get(family) == Some(&"histogram")).unwrap_or(name);
    assert!(helped.contains(family), "{name} has no help");
    assert!(family.starts_with("pennypost_") || family.starts_with("process_"), "{name}");
    match types.get(family) {
        Some(&"counter") => assert!(family.ends_with("_total"), "{name}"),
        Some(&"histogram") => assert!(family.ends_with("_seconds"), "{name}"),
        Some(&"gauge") => assert!(!family.ends_with("_total"), "{name}"),
        other => panic!("{name} is {other:?}"),
    }
}

fn assert_labels(sample: &str) {
    let Some((_, labels)) = sample.split_once('{') else { return };
    for label in labels.strip_suffix('}').unwrap().split(',') {
        let (name, value) = label.split_once('=').unwrap();
        let value = value.trim_matches('"');
        let values = LABELS.iter().find(|(known, _)| *known == name).map(|(_, values)| *values);
        let is_bucket = name == "le" && (value == "+Inf" || value.parse::<f64>().is_ok());
        assert!(is_bucket || values.is_some_and(|values| values.contains(&value)), "{sample} has no bound");
    }
}

fn requests(transport: &str, outcome: &str, code: &str) -> String {
    format!(
        r#"pennypost_graphql_requests_total{{transport="{transport}",outcome="{outcome}",code="{code}"}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_moves_the_counts_and_names_nobody() {
    let test = TestApp::start().await;
    let before = Scrape::of(&test).await;
    let ana = test.register("ana").await;
    ana.data("{ me { username } }", json!({})).await;
    ana.ask("{ ana_s_secret }", json!({})).await;
    test.nobody().ask("{ me { id } }", json!({})).await;
    assert_eq!(test.holder_of("ana.s.secret").ask("{ me { id } }", json!({})).await["data"], json!(null));
    let mut stream = ana.stream("subscription { myJobEvents { state } }", json!({})).await;
    let mut socket = ana.socket().await;
    socket.subscribe("x", "{ me { id } }", json!({})).await;
    assert!(socket.next("x").await.is_some());
    ana.fetch_demo().await;
    assert!(stream.next().await.is_some());
    let busy = Scrape::of(&test).await;
    let moved = |sample: &str| busy.value(sample) - before.value(sample);
    let is = |sample: &str, by: f64| assert!((moved(sample) - by).abs() < 0.01, "{sample}: {}", busy.text);
    // To register, to ask for oneself, to connect a mailbox, to fetch it.
    is(&requests("http", "executed", "OK"), 4.0);
    is(&requests("http", "refused", "GRAPHQL_VALIDATION_FAILED"), 1.0);
    is(&requests("http", "refused", "UNAUTHENTICATED"), 1.0);
    is(&requests("websocket", "executed", "OK"), 1.0);
    is(&requests("event_stream", "executed", "OK"), 1.0);
    is(r#"pennypost_graphql_request_duration_seconds_count{transport="http"}"#, 7.0);
    is(r#"pennypost_connections_open{transport="websocket"}"#, 1.0);
    is(r#"pennypost_connections_open{transport="event_stream"}"#, 1.0);
    is(r#"pennypost_jobs{queue="email",kind="FETCH_EMAILS",state="QUEUED"}"#, 1.0);
    is("pennypost_database_connections_max", 0.0);
    for up in ["pennypost_database_up", r#"pennypost_redis_up{server="events"}"#, "process_open_fds"] {
        assert!(busy.value(up) >= 1.0, "{up}: {}", busy.text);
    }
    assert!(moved(r#"pennypost_documents{kept="cached"}"#) >= 4.0, "{}", busy.text);
    for word in ["ana", "secret", "mail.example", "127.0.0.1"] {
        assert!(!busy.text.contains(word), "{word} is in {}", busy.text);
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ends_is_counted_by_its_kind_and_its_end() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let connect =
        "mutation { createConnectedAccount(input: { provider: DEMO }) { connectedAccount { id } } }";
    let made = ana.data(connect, json!({})).await;
    let job = ana.fetch(made["createConnectedAccount"]["connectedAccount"]["id"].clone()).await;
    let cancel =
        "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { state } userErrors { code } } }";
    let data = ana.data(cancel, json!({ "id": job["id"] })).await;
    assert_eq!(data["cancelJob"]["job"]["state"], "CANCELLED", "{data}");
    let scrape = Scrape::of(&test).await;
    let ended = r#"pennypost_jobs_ended_total{kind="FETCH_EMAILS",state="CANCELLED"}"#;
    assert!((scrape.value(ended) - 1.0).abs() < 0.01, "{}", scrape.text);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_only_who_shows_the_token_reads() {
    let test = TestApp::start_with(|app| app.environment = pennypost::config::Environment::Production).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("{}/metrics", test.address)).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    test.finish().await;
    let test =
        TestApp::start_with(|app| app.config.metrics.token = Some(Secret::new("0123456789abcdef"))).await;
    let read = || client.get(format!("{}/metrics", test.address));
    assert_eq!(read().send().await.unwrap().status(), 401);
    assert_eq!(read().bearer_auth("0123456789abcdef").send().await.unwrap().status(), 200);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_without_postgresql_says_so_and_is_no_error() {
    let test = TestApp::start().await;
    test.app.pool.close();
    let scrape = Scrape::of(&test).await;
    assert_eq!(scrape.samples.get("pennypost_database_up"), Some(&0.0), "{}", scrape.text);
    assert!(!scrape.text.contains("pennypost_jobs{"), "{}", scrape.text);
}
