//! Health: `/livez` says that the process runs, `/readyz` that it can answer requests.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use crate::error::Result;
use crate::http::problem::Problem;

/// Checks what the server depends on; an error says in a sentence what is away.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// How long a check of readiness may take; who asks has a limit of its own.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

/// Answers as long as the process runs.
pub async fn live() -> &'static str {
    "alive\n"
}

/// Answers 200 when everything that the server depends on answers, else 503.
pub async fn ready(readiness: Readiness) -> Response {
    match timeout(LONGEST_CHECK, readiness()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "A service that this server depends on is away.")
                .into_response()
        }
        Err(_) => {
            tracing::warn!("not ready: the check took too long");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "A service that this server depends on is slow.")
                .into_response()
        }
    }
}
