//! The id of a request: taken from `X-Request-Id` when it is a UUID, else made, sent back, and in the log.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::clock::Clock;

/// The header in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// Gives each request an id, and each answer the id of its request.
///
/// A client's id is taken only in the form of a UUID, so that nothing else of theirs reaches the log by this way. Whatever is
/// logged while the request is under way carries it.
pub async fn assign(State(clock): State<Clock>, mut request: Request, next: Next) -> Response {
    let sent =
        request.headers().get(X_REQUEST_ID).and_then(|value| Uuid::try_parse_ascii(value.as_bytes()).ok());
    let id = sent.unwrap_or_else(|| clock.new_id());
    request.extensions_mut().insert(RequestId(id));
    // Of the address only which of our paths it is: a client may have put anything into the rest, a document or a token.
    let path =
        request.extensions().get::<MatchedPath>().map_or("none of ours", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let answering = async {
        let response = next.run(request).await;
        tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
        response
    };
    let mut response = answering.instrument(tracing::info_span!("request", %id)).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}
