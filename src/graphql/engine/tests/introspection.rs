//! Introspection: it passes the limits, does not multiply, and follows its setting.

use serde_json::json;

use super::*;

const INTROSPECTION: &str = include_str!("introspection.graphql");

#[tokio::test]
async fn the_standard_introspection_query_passes_every_limit() {
    let data = data(INTROSPECTION, json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    let choice = types.iter().find(|ty| ty["name"] == "Choice").unwrap();
    assert_eq!(choice["isOneOf"], true);
    let word = types.iter().find(|ty| ty["name"] == "Word").unwrap();
    assert_eq!(word["specifiedByURL"], "https://example.org/word");
}

#[tokio::test]
async fn introspection_that_multiplies_is_refused() {
    let query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(refusal(query, json!({})).await, RequestCode::QueryTooComplex);
}

#[tokio::test]
async fn introspection_follows_the_setting() {
    for (setting, anonymous, signed_in) in [
        (Introspection::Everyone, true, true),
        (Introspection::SignedIn, false, true),
        (Introspection::Nobody, false, false),
    ] {
        let engine = engine(Limits { introspection: setting, ..limits() });
        for query in [
            "{ __schema { queryType { name } } }",
            "{ ...F } fragment F on Query { __type(name: \"Item\") { name } }",
        ] {
            for (caller, allowed) in [(nobody(), anonymous), (somebody(), signed_in)] {
                let answer = engine.execute(asking(query, &json!({})), Allowed::Queries, caller).await;
                let passed = answer.outcome == Outcome::Executed;
                assert_eq!(passed, allowed, "{setting:?}: {}", String::from_utf8_lossy(&answer.body));
            }
        }
        let answer = engine.execute(asking("{ __typename }", &json!({})), Allowed::Queries, nobody()).await;
        assert_eq!(answer.body, br#"{"data":{"__typename":"Query"}}"#);
    }
}
