//! The page at `/graphiql`: GraphiQL, built from npm, which the binary carries and no other host is asked for.

use std::io::Read;
use std::sync::OnceLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

use crate::clock::Clock;
use crate::http::negotiation::accepts_gzip;
use crate::http::page::files::FILES;
use crate::http::problem::Problem;
use crate::http::request_id;

mod files;

/// One file of the page.
pub struct File {
    name: &'static str,
    media_type: &'static str,
    gzipped: &'static [u8],
}

/// The one file without a hash in its name: it names the others.
const PAGE: &str = "index.html";

/// Each file of the table as it was before gzip, from the first request on that takes none: anyone may ask, and to inflate
/// is dearer than to keep 5 MB. `None` for one that cannot be inflated.
static PLAIN: [OnceLock<Option<Bytes>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// Everything comes from this server, and nothing that stands in a piece of text runs or styles. `'self'` lets the page
/// reach the sockets of this host, too. The editor's icons are a font, and a few are pictures inside its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; font-src 'self'; connect-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A file whose name holds its hash never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The page is asked for again each time: a new version names other files.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The paths of the page, for everyone; none when it is off.
pub fn router(is_on: bool, clock: Clock) -> Router {
    if !is_on {
        return Router::new();
    }
    Router::new()
        // Relative, so that the page may lie below another path of a proxy.
        .route("/", get(|| async { Redirect::temporary("graphiql") }))
        .route("/graphiql/", get(|| async { Redirect::temporary("../graphiql") }))
        .route("/graphiql", get(|headers: HeaderMap| async move { answer(PAGE, ASK_AGAIN, &headers) }))
        .route("/graphiql/{name}", get(part))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This path takes GET and HEAD.")
        })
        .layer(from_fn_with_state(clock, request_id::assign))
}

async fn part(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == PAGE { nothing() } else { answer(&name, FOR_EVER, &headers) }
}

fn answer(name: &str, cache: HeaderValue, headers: &HeaderMap) -> Response {
    let Some((file, plain)) = FILES.iter().zip(&PLAIN).find(|(file, _)| file.name == name) else {
        return nothing();
    };
    let mut response = if accepts_gzip(headers) {
        ([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))], file.gzipped).into_response()
    } else {
        match plain.get_or_init(|| inflated(file.gzipped).ok().map(Bytes::from)) {
            Some(bytes) => bytes.clone().into_response(),
            // The binary carries it, and a test inflates each of them.
            None => return broken(),
        }
    };
    for (header, value) in [
        (CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
        (CACHE_CONTROL, cache),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (VARY, HeaderValue::from_static("Accept-Encoding")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ] {
        response.headers_mut().insert(header, value);
    }
    response
}

fn inflated(gzipped: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(gzipped).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn nothing() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.").into_response()
}

fn broken() -> Response {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be read.").into_response()
}

#[cfg(test)]
mod tests;
