//! Every limit is a setting, and holds where it says: what is just within passes, what is just above is refused.

pub mod clocks;
mod documents;
mod sockets;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use pennypost::config::SETTINGS;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::app::TestApp;

/// The settings that hold no caller of the API to anything.
const NO_LIMITS: [&str; 37] = [
    "ENV",
    "LISTEN",
    "DATA_DIR",
    "DATABASE_URL",
    "DATABASE_POOL_SIZE",
    "REDIS_BASE_URL",
    "REDIS_EMAIL_URL",
    "REDIS_EVENTS_URL",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "SEALING_KEY",
    "SEALING_KEY_FILE",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "REFRESH_TOKEN_EXPIRE_DAYS",
    "REGISTRATION",
    "TRUSTED_PROXIES",
    "IMPORT_DIR",
    "CORS_ORIGINS",
    "CORS_CREDENTIALS",
    "GRAPHIQL",
    "TRUSTED_DOCUMENTS",
    "TRUSTED_DOCUMENTS_ONLY",
    "METRICS_LISTEN",
    "METRICS_TOKEN",
    "FRONTEND_URL",
    "LOG_LEVEL",
    "SMTP_URL",
    "SMTP_FROM",
    "MAIL_AUTHSERV_IDS",
    "MAX_EMAIL_BYTES",
    "EMAIL_SOURCE_RETENTION_DAYS",
    "WORKER_BASE_SLOTS",
    "WORKER_EMAIL_SLOTS",
    "JOB_TIME_SLICE_SECONDS",
    "JOB_LEASE_SECONDS",
    "JOB_RETENTION_DAYS",
    "SHUTDOWN_GRACE_SECONDS",
];

/// Holds a server to one limit. A setting that is new needs an arm here, or a place among [`NO_LIMITS`].
async fn hold(setting: &str) {
    match setting {
        "MAX_HEAD_BYTES" => documents::hold_head().await,
        "MAX_BODY_BYTES" => documents::hold(setting, 1_024, (413, "PAYLOAD_TOO_LARGE")).await,
        "MAX_DOCUMENT_BYTES" => documents::hold(setting, 256, documents::TOO_COMPLEX).await,
        "MAX_DOCUMENT_TOKENS" => documents::hold(setting, 10, documents::TOO_COMPLEX).await,
        "MAX_DOCUMENT_NESTING" | "MAX_OPERATIONS" | "MAX_ROOT_FIELDS" => {
            documents::hold(setting, 3, documents::TOO_COMPLEX).await;
        }
        "MAX_ALIASES" | "MAX_DEPTH" => documents::hold(setting, 2, documents::TOO_COMPLEX).await,
        "MAX_FIELDS" => documents::hold(setting, 7, documents::TOO_COMPLEX).await,
        "MAX_COMPLEXITY" => documents::hold(setting, 100, documents::TOO_COMPLEX).await,
        "MAX_ERRORS" => documents::hold_errors().await,
        "INTROSPECTION" => documents::hold_introspection().await,
        "COST_CAPACITY" => documents::hold_cost(1, 1_000..=2_000).await,
        "COST_RESTORED_PER_SECOND" => documents::hold_cost(1_000, 1..=2).await,
        "REQUEST_TIMEOUT_SECONDS" => clocks::hold_request().await,
        "HEADER_TIMEOUT_SECONDS" => clocks::hold_headers().await,
        "BODY_TIMEOUT_SECONDS" => clocks::hold_body().await,
        "WEBSOCKETS_PER_USER" => sockets::hold_sockets().await,
        "WEBSOCKET_MAX_OPERATIONS" => sockets::hold_operations().await,
        "WEBSOCKET_MAX_MESSAGE_BYTES" => sockets::hold_message().await,
        "WEBSOCKET_INIT_SECONDS" => sockets::hold_init().await,
        "WEBSOCKET_PING_SECONDS" => sockets::hold_ping().await,
        other => panic!("{other} has no case"),
    }
}

/// How long a case may take; a socket that should be closed and is not would be listened to for ever.
const IN_ALL: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_limits_a_caller_holds_at_its_value() {
    let exempt = HashSet::from(NO_LIMITS);
    let limits = SETTINGS.iter().map(|setting| setting.name).filter(|name| !exempt.contains(name));
    // A few at a time: some of them look at the clock.
    let mut held = stream::iter(limits)
        .map(|name| async move { (name, tokio::spawn(timeout(IN_ALL, hold(name))).await) })
        .buffer_unordered(3);
    let (mut count, mut failed) = (0, Vec::new());
    while let Some((name, held)) = held.next().await {
        failed.extend((!matches!(held, Ok(Ok(())))).then_some(name));
        count += 1;
    }
    assert!(failed.is_empty() && count >= 21, "of {count} settings these do not hold: {failed:?}");
}

/// What a response says: the status, the code of its first error, and the answer.
async fn said(response: reqwest::Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    let answer: Value = response.json().await.unwrap();
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    (status, code, answer)
}

/// Ends a test whose people have their first letters still to come.
async fn finish(test: TestApp) {
    test.run_jobs().await;
    test.finish().await;
}

/// The body of a request.
fn body(query: impl Into<String>) -> String {
    json!({ "query": query.into() }).to_string()
}
