//! Tests of the page: what its answers carry, with gzip and without, and that it can be turned off.

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_ENCODING, ALLOW, LOCATION};
use axum::http::{HeaderName, Method, Request};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::*;
use crate::http::request_id::X_REQUEST_ID;

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

async fn ask(is_on: bool, method: Method, path: &str, encodings: &str) -> Reply {
    let request = Request::builder().method(method).uri(path).header(ACCEPT_ENCODING, encodings);
    let service = TowerToHyperService::new(router(is_on, Clock::System));
    let response = service.call(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Reply { status: head.status, headers: head.headers, body }
}

async fn get_with(path: &str, encodings: &str) -> Reply {
    ask(true, Method::GET, path, encodings).await
}

#[tokio::test]
async fn the_page_allows_nothing_that_is_not_of_this_server() {
    let page = get_with("/graphiql", "gzip").await;
    assert_eq!((page.status, page.header(&CONTENT_TYPE)), (StatusCode::OK, "text/html; charset=utf-8"));
    let policy = page.header(&CONTENT_SECURITY_POLICY);
    for directive in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.split("; ").any(|found| found == directive), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    assert_eq!(page.header(&X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(page.header(&REFERRER_POLICY), "no-referrer");
    assert_eq!(page.header(&CACHE_CONTROL), "no-cache");
    assert!(page.headers.contains_key(X_REQUEST_ID));
}

#[tokio::test]
async fn the_page_names_its_script_its_styles_its_licences_and_three_workers() {
    let page = get_with("/graphiql", "").await;
    let named: Vec<&str> =
        FILES.iter().map(|file| file.name).filter(|name| page.text().contains(name)).collect();
    assert_eq!(named.len(), 6, "{named:?}");
    assert_eq!(page.text().matches("{{").count(), 0);
}

#[tokio::test]
async fn a_file_is_the_same_with_gzip_and_without() {
    for file in FILES.iter().filter(|file| file.name != PAGE) {
        let path = format!("/graphiql/{}", file.name);
        let (gzipped, plain) = (get_with(&path, "br, gzip").await, get_with(&path, "identity").await);
        assert_eq!((gzipped.status, plain.status), (StatusCode::OK, StatusCode::OK), "{path}");
        assert_eq!((gzipped.header(&CONTENT_ENCODING), plain.header(&CONTENT_ENCODING)), ("gzip", ""));
        assert_eq!(inflated(&gzipped.body).unwrap(), plain.body, "{path}");
        for reply in [&gzipped, &plain] {
            assert_eq!(reply.header(&CONTENT_TYPE), file.media_type);
            assert_eq!(reply.header(&CACHE_CONTROL), "public, max-age=31536000, immutable");
            assert_eq!(reply.header(&VARY), "Accept-Encoding");
            assert!(reply.headers.contains_key(CONTENT_SECURITY_POLICY));
        }
    }
}

#[tokio::test]
async fn the_root_and_a_slash_too_many_lead_to_the_page() {
    for (path, location) in [("/", "graphiql"), ("/graphiql/", "../graphiql")] {
        let reply = get_with(path, "").await;
        assert_eq!(
            (reply.status, reply.header(&LOCATION)),
            (StatusCode::TEMPORARY_REDIRECT, location),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    for path in ["/graphiql/nothing.js", "/graphiql/index.html", "/graphiql/..%2fCargo.toml"] {
        let reply = get_with(path, "gzip").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(reply.header(&CONTENT_TYPE), "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn the_page_is_only_read() {
    for path in ["/", "/graphiql", "/graphiql/any.js"] {
        let reply = ask(true, Method::POST, path, "").await;
        assert_eq!(
            (reply.status, reply.header(&ALLOW)),
            (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"),
            "{path}"
        );
        assert_eq!(reply.header(&CONTENT_TYPE), "application/problem+json");
    }
    let head = ask(true, Method::HEAD, "/graphiql", "gzip").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_page_that_is_off_is_not_there() {
    for path in ["/", "/graphiql", "/graphiql/"] {
        assert_eq!(ask(false, Method::GET, path, "gzip").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
