//! What a caller sees of a field that failed.

use serde_json::json;

use super::*;
use crate::telemetry::captured::Captured;

#[tokio::test]
async fn a_fault_of_ours_is_masked_and_keeps_its_path() {
    let (outcome, body) = ask("{ item { id broken } }", json!({})).await;
    assert_eq!(outcome, Outcome::Executed);
    assert_eq!(body["data"], json!({ "item": { "id": 1, "broken": null } }));
    let error = &body["errors"][0];
    assert_eq!(error["path"], json!(["item", "broken"]));
    assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
    assert_eq!(error["extensions"]["requestId"], nobody().request_id.to_string());
    let text = body.to_string();
    assert!(!text.contains("fire") && !text.contains("ana@example.org"), "{text}");
}

#[tokio::test]
async fn an_error_without_a_kind_is_masked_too() {
    let (outcome, body) = ask("{ misconfigured }", json!({})).await;
    assert_eq!(outcome, Outcome::Failed(RequestCode::Internal));
    assert!(!body.to_string().contains("i32"), "{body}");
}

#[tokio::test]
async fn the_callers_errors_keep_their_sentence_and_code() {
    let (_, body) = ask("{ hello forbidden }", json!({})).await;
    assert_eq!(body["data"], json!({ "hello": "world", "forbidden": null }));
    assert_eq!(body["errors"][0]["message"], "Admins only.");
    assert_eq!(body["errors"][0]["extensions"], json!({ "code": "FORBIDDEN" }));

    let answer =
        engine(limits()).execute(asking("{ limited }", &json!({})), Allowed::Queries, nobody()).await;
    assert_eq!(answer.outcome, Outcome::Failed(RequestCode::RateLimited));
    assert_eq!(answer.retry_after_seconds, Some(7));
    let (outcome, _) = ask("{ away }", json!({})).await;
    assert_eq!(outcome, Outcome::Failed(RequestCode::ServiceUnavailable));
}

#[tokio::test]
async fn a_resolver_that_panics_is_a_masked_fault() {
    let (outcome, body) = ask("{ panics }", json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::Internal));
    assert!(!body.to_string().contains("test schema"), "{body}");
}

#[tokio::test]
async fn a_subscription_that_panics_ends_with_a_masked_fault() {
    let engine = engine(limits());
    let incoming = asking("subscription { ticks(to: -1) }", &json!({}));
    let answers: Vec<Answer> =
        engine.follow(incoming, Allowed::All, nobody()).unwrap().stream.collect().await;
    let outcomes: Vec<Outcome> = answers.iter().map(|answer| answer.outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused(RequestCode::Internal)]);
}

/// What a query answers, and what is logged meanwhile.
async fn ask_and_listen(query: &str) -> (Value, String) {
    let log = Captured::start(tracing::Level::INFO);
    let (_, body) = ask(query, json!({})).await;
    (body, log.text())
}

#[tokio::test]
async fn a_fault_of_ours_is_logged_once_under_its_request_id_and_the_callers_are_not() {
    let (body, log) = ask_and_listen("{ item { broken } forbidden word(word: \"a secret\") }").await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 3, "{body}");
    assert_eq!(log.lines().count(), 1, "{log}");
    for part in ["the disk is on fire", "reading the row", &nobody().request_id.to_string()] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }
}

#[tokio::test]
async fn a_fault_that_many_rows_share_is_logged_once() {
    let (body, log) = ask_and_listen("{ rows(count: 7) { number related } item { broken } }").await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 8, "{body}");
    for error in body["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
        assert_eq!(error["extensions"]["requestId"], nobody().request_id.to_string());
    }
    assert_eq!(log.matches("reading the related rows").count(), 1, "{log}");
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[tokio::test]
async fn an_answer_reports_twenty_failed_fields_at_most() {
    let (outcome, body) = ask("{ rows(count: 30) { number related } }", json!({})).await;
    assert_eq!(outcome, Outcome::Executed);
    assert_eq!(body["errors"].as_array().unwrap().len(), 20);
    let rows = body["data"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row["related"].is_null() && row["number"].is_i64()), "{body}");
}
