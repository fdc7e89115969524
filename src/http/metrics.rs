//! `/metrics`: what the process counts of itself, in the text format of Prometheus, for whoever looks after the server.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, FORWARDED, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::config::Secret;
use crate::error::Result;
use crate::http::problem::Problem;
use crate::http::request_id;
use crate::metrics;

/// Who may read the metrics.
#[derive(Clone, Debug)]
pub enum Readers {
    /// Whoever reaches the address.
    Everyone,
    /// Programs on this machine that come straight here, through no proxy.
    ThisMachine,
    /// Whoever shows the token.
    Holders(Secret),
}

/// Finds out what is to be read.
pub type Scrape = Arc<dyn Fn() -> BoxFuture<'static, Result<String>> + Send + Sync>;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The path for its readers; nothing where nobody may read.
pub fn router(readers: Option<Readers>, scrape: Scrape, clock: Clock) -> Router {
    let Some(readers) = readers else { return Router::new() };
    let handler = move |request: Request| {
        let refusal = refusal(&readers, &request);
        let scrape = Arc::clone(&scrape);
        async move {
            match refusal {
                Some(refusal) => refusal,
                None => answer(&scrape).await,
            }
        }
    };
    Router::new()
        .route("/metrics", get(handler))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This path takes GET and HEAD.")
        })
        .layer(from_fn_with_state(clock, request_id::assign))
}

fn refusal(readers: &Readers, request: &Request) -> Option<Response> {
    match readers {
        Readers::Everyone => None,
        Readers::ThisMachine if is_direct(request) => None,
        // Like a path that is not there.
        Readers::ThisMachine => {
            Some(Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.").into_response())
        }
        Readers::Holders(token) if shows(request.headers(), token) => None,
        Readers::Holders(_) => {
            let detail = "This path needs the bearer token of METRICS_TOKEN.";
            let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
            Some((challenge, Problem::new(StatusCode::UNAUTHORIZED, detail)).into_response())
        }
    }
}

async fn answer(scrape: &Scrape) -> Response {
    match scrape().await {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, metrics::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
            (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be read.").into_response()
        }
    }
}

fn is_direct(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let headers = request.headers();
    peer.is_some_and(|peer| peer.0.ip().is_loopback())
        && !headers.contains_key(FORWARDED)
        && !headers.contains_key(X_FORWARDED_FOR)
}

/// Hashes are compared, so the time that it takes says nothing about the token.
fn shows(headers: &HeaderMap, token: &Secret) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.split_once(' '));
    shown.is_some_and(|(scheme, shown)| {
        scheme.eq_ignore_ascii_case("bearer")
            && Sha256::digest(shown.trim()) == Sha256::digest(token.expose())
    })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use futures_util::FutureExt;
    use futures_util::future::ready;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    async fn ask(
        readers: Option<Readers>,
        headers: &[(HeaderName, &str)],
        peer: &str,
    ) -> (u16, HeaderMap, String) {
        let router = router(readers, Arc::new(|| ready(Ok("up 1\n".to_owned())).boxed()), Clock::System);
        let mut request = Request::get("/metrics");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let peer: SocketAddr = peer.parse().unwrap();
        let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
        let (head, body) = TowerToHyperService::new(router).call(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10_000).await.unwrap();
        (head.status.as_u16(), head.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    const HERE: &str = "127.0.0.1:5000";
    const ELSEWHERE: &str = "10.0.0.7:5000";

    #[tokio::test]
    async fn the_text_says_what_it_is() {
        let (status, headers, text) = ask(Some(Readers::Everyone), &[], ELSEWHERE).await;
        assert_eq!((status, text.as_str()), (200, "up 1\n"));
        assert_eq!(headers[CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    }

    #[tokio::test]
    async fn nobody_reads_unless_a_setting_lets_them() {
        assert_eq!(ask(None, &[], HERE).await.0, 404);
    }

    #[tokio::test]
    async fn a_token_opens_and_nothing_like_it() {
        let readers = || Some(Readers::Holders(Secret::new("0123456789abcdef")));
        for value in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef"] {
            assert_eq!(ask(readers(), &[(AUTHORIZATION, value)], ELSEWHERE).await.0, 200, "{value}");
        }
        for value in ["Bearer 0123456789abcde", "Basic 0123456789abcdef", "0123456789abcdef", "Bearer "] {
            let (status, headers, text) = ask(readers(), &[(AUTHORIZATION, value)], HERE).await;
            assert_eq!(status, 401, "{value}");
            assert_eq!(headers[WWW_AUTHENTICATE], "Bearer");
            assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
            assert!(!text.contains("up 1"), "{text}");
        }
        assert_eq!(ask(readers(), &[], HERE).await.0, 401);
    }

    #[tokio::test]
    async fn this_machine_means_no_proxy_on_it() {
        let readers = || Some(Readers::ThisMachine);
        assert_eq!(ask(readers(), &[], HERE).await.0, 200);
        assert_eq!(ask(readers(), &[], "[::1]:5000").await.0, 200);
        assert_eq!(ask(readers(), &[], ELSEWHERE).await.0, 404);
        assert_eq!(ask(readers(), &[(X_FORWARDED_FOR, "10.0.0.7")], HERE).await.0, 404);
        assert_eq!(ask(readers(), &[(FORWARDED, "for=10.0.0.7")], HERE).await.0, 404);
    }
}
