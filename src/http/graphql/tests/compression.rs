//! Answers are compressed for whoever takes that, and for nobody else.

use std::io::Read;

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use flate2::read::GzDecoder;
use serde_json::json;

use super::Server;

#[tokio::test]
async fn a_long_answer_is_compressed_for_whoever_takes_that() {
    let server = Server::start().await;
    let ask = async |query: &str, encodings: &'static str| {
        let request = server.client.post(server.url("/graphql")).header(ACCEPT_ENCODING, encodings);
        let response = request.json(&json!({ "query": query })).send().await.unwrap();
        assert_eq!(response.status(), 200, "{encodings}");
        let encoding =
            response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
        let varies = response.headers().get_all(VARY).iter().any(|value| value == "accept-encoding");
        (encoding, varies, response.bytes().await.unwrap())
    };
    let (_, _, plain) = ask("{ long }", "identity").await;
    for (encodings, expected) in [
        ("gzip", Some("gzip")),
        ("gzip, deflate, br", Some("br")),
        ("gzip, br;q=0.5", Some("gzip")),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("", None),
        // Who refuses even the plain answer gets it: the request has been carried out.
        ("identity;q=0", None),
        ("*;q=0", None),
        ("identity;q=0, zstd", None),
        ("identity;q=0, gzip", Some("gzip")),
        ("identity;q=0, *", Some("br")),
        ("*;q=0, br", Some("br")),
        ("*;q=0, identity", None),
    ] {
        let (encoding, varies, body) = ask("{ long }", encodings).await;
        assert_eq!(encoding.as_deref(), expected, "{encodings}");
        assert!(varies, "a cache has to keep them apart");
        match expected {
            Some("gzip") => {
                let mut text = Vec::new();
                GzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
                assert!(text == plain && body.len() < plain.len() / 100, "{}", body.len());
            }
            Some(_) => assert!(body.len() < plain.len() / 100, "{}", body.len()),
            None => assert!(body == plain),
        }
    }
    assert_eq!(ask("{ hello }", "gzip, br").await.0, None, "a short answer fits into a packet as it is");
}
