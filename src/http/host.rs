//! The header `Host`, which a request of HTTP/1.1 has exactly once (RFC 9112, section 3.2).

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::{StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::problem::Problem;

/// Refuses a request that names no host, or several: with those, a proxy and this server may take it for different ones.
pub async fn require_one(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() != Version::HTTP_11) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::BAD_REQUEST, format!("A request has one Host header, and this one has {hosts}."))
        .into_response()
}
