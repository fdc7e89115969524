//! What a caller sees of a field that failed.

use serde_json::json;

use super::*;

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
    assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    let (outcome, _) = ask("{ away }", json!({})).await;
    assert_eq!(outcome, Outcome::Failed(RequestCode::ServiceUnavailable));
}

#[tokio::test]
async fn a_resolver_that_panics_is_a_masked_fault() {
    let (outcome, body) = ask("{ panics }", json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::Internal));
    assert!(!body.to_string().contains("test schema"), "{body}");
}
