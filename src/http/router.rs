//! The paths, and what stands around all of them: request ids, CORS, and compression.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn_with_state, map_request};
use axum::routing::{any, get};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::clock::Clock;
use crate::error::Result;
use crate::http::graphql::GraphqlEndpoint;
use crate::http::health::{self, Readiness};
use crate::http::negotiation;
use crate::http::origin::{Origins, invalid};
use crate::http::problem::Problem;
use crate::http::request_id::{self, X_REQUEST_ID};

/// Which web pages may call this server from a browser.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// The origins, as browsers send them; `*` alone is every origin.
    pub origins: Vec<String>,
    /// Whether browsers may send credentials along.
    pub credentials: bool,
}

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_KEPT: Duration = Duration::from_hours(1);

impl Cors {
    /// Reads the settings; an error names an origin that is none.
    pub fn layer(&self) -> Result<CorsLayer> {
        let origin = match Origins::parse(&self.origins)? {
            Origins::Any if self.credentials => {
                return Err(invalid("* and CORS_CREDENTIALS exclude each other: name the origins"));
            }
            Origins::Any => AllowOrigin::any(),
            Origins::Listed(listed) => AllowOrigin::list(listed),
        };
        Ok(CorsLayer::new()
            .allow_origin(origin)
            .allow_credentials(self.credentials)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([ACCEPT, AUTHORIZATION, CONTENT_TYPE, X_REQUEST_ID])
            .expose_headers([RETRY_AFTER, X_REQUEST_ID])
            .max_age(PREFLIGHT_KEPT))
    }
}

/// All paths of the server.
pub fn router(endpoint: GraphqlEndpoint, readiness: Readiness, cors: CorsLayer, clock: Clock) -> Router {
    let endpoint = Arc::new(endpoint);
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(move || health::ready(readiness.clone())))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method.")
        })
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.") })
        .route(
            "/graphql",
            any(move |request: Request| {
                let endpoint = Arc::clone(&endpoint);
                async move { endpoint.answer(request).await }
            }),
        )
        // From the outermost in, as one layer: a router boxes each, for each request.
        .layer((
            from_fn_with_state(clock, request_id::assign),
            cors,
            map_request(negotiation::encode_at_least_plainly),
            compression(),
        ))
}

/// The shortest answer that is compressed, in bytes: below this it would not take fewer packets.
const SHORTEST_COMPRESSED: u64 = 1_024;

/// Compresses answers for clients that take it, at the least effort, because it happens where requests are answered. Never
/// an event stream: its events would wait for one another.
fn compression() -> CompressionLayer<impl Predicate> {
    let which = SizeAbove::new(SHORTEST_COMPRESSED).and(NotForContentType::SSE);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(which)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_no_browser_sends_stops_the_start() {
        let cors = |origins: &[&str], credentials| {
            Cors { origins: origins.iter().map(|&origin| origin.to_owned()).collect(), credentials }.layer()
        };
        assert!(cors(&[], true).is_ok());
        assert!(cors(&["http://localhost:3000", "https://app.example.org"], true).is_ok());
        assert!(cors(&["*"], false).is_ok());
        for (origins, credentials) in
            [(["*"], true), (["https://a.example/"], false), (["a.example"], false), (["https://a b"], false)]
        {
            assert!(cors(&origins, credentials).is_err(), "{origins:?}");
        }
    }
}
