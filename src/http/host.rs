//! The header `Host`, which a request of HTTP/1.1 has exactly once (RFC 9112, section 3.2).

use axum::http::header::HOST;
use axum::http::{Request, StatusCode, Version};

use crate::http::problem::Problem;

/// What a request is answered that names no host, or several: a proxy and this server may take it for different ones.
pub fn refusal<B>(request: &Request<B>) -> Option<Problem> {
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() != Version::HTTP_11) {
        return None;
    }
    let detail = format!("A request has one Host header, and this one has {hosts}.");
    Some(Problem::new(StatusCode::BAD_REQUEST, detail))
}
