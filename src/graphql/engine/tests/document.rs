//! Which documents are executed, and as what.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_query_is_answered() {
    assert_eq!(data("{ hello }", json!({})).await, json!({ "hello": "world" }));
}

#[tokio::test]
async fn a_document_from_the_cache_is_answered_like_a_new_one() {
    let engine = engine(limits());
    let query = "query ($n: Int!) { count(number: $n) }";
    for number in 1..4 {
        let (_, body) = answer_of(&engine, query, json!({ "n": number })).await;
        assert_eq!(body, json!({ "data": { "count": number } }));
    }
}

#[tokio::test]
async fn what_is_not_graphql_is_refused_with_its_place_in_the_text() {
    let (code, body) = refused("{ hello", json!({})).await;
    assert_eq!(code, RequestCode::ParseFailed);
    assert_eq!(body["errors"][0]["locations"][0]["line"], 1);
}

#[tokio::test]
async fn an_unknown_field_is_refused() {
    assert_eq!(refusal("{ nothing }", json!({})).await, RequestCode::ValidationFailed);
}

#[tokio::test]
async fn a_document_without_operations_is_refused() {
    for query in ["", "   ", "# nothing\n"] {
        let code = refusal(query, json!({})).await;
        assert!(
            matches!(code, RequestCode::ParseFailed | RequestCode::OperationResolutionFailure),
            "{code:?}"
        );
    }
    let lone_fragment = "fragment A on Query { hello }";
    assert_eq!(refusal(lone_fragment, json!({})).await, RequestCode::ValidationFailed);
}

#[tokio::test]
async fn the_named_operation_alone_is_executed() {
    let engine = engine(limits());
    let both = "query A { hello } mutation B { increment }";
    let named = |name: &str| Incoming {
        document: DocumentSource::Text(both.to_owned()),
        operation_name: Some(name.to_owned()),
        ..Incoming::default()
    };
    let answer = engine.execute(named("A"), Allowed::Queries, nobody()).await;
    assert_eq!(answer.body, br#"{"data":{"hello":"world"}}"#);
    let answer = engine.execute(named("B"), Allowed::QueriesAndMutations, nobody()).await;
    assert_eq!(answer.body, br#"{"data":{"increment":1}}"#);
    let answer = engine.execute(named("B"), Allowed::Queries, nobody()).await;
    assert_eq!(answer.outcome, Outcome::Refused(RequestCode::MethodNotAllowed));
    let answer = engine.execute(named("C"), Allowed::Queries, nobody()).await;
    assert_eq!(answer.outcome, Outcome::Refused(RequestCode::OperationResolutionFailure));
    let (outcome, _) = answer_of(&engine, both, json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::OperationResolutionFailure));
}

#[tokio::test]
async fn what_stands_twice_is_done_once_in_the_order_of_the_text() {
    let engine = engine(limits());
    let document = "mutation ($yes: Boolean = true) { a: increment increment @include(if: $yes) ...F
        increment b: increment @skip(if: $yes) c: increment ... @include(if: false) { d: increment } }
        fragment F on Mutation { a: increment e: increment }";
    let answer = engine.execute(asking(document, &json!({})), Allowed::QueriesAndMutations, nobody()).await;
    assert_eq!(String::from_utf8(answer.body).unwrap(), r#"{"data":{"a":1,"increment":2,"e":3,"c":4}}"#);
}

#[tokio::test]
async fn a_subscription_is_followed_and_not_executed() {
    assert_eq!(refusal("subscription { ticks(to: 3) }", json!({})).await, RequestCode::BadRequest);
    let engine = engine(limits());
    let answers: Vec<Answer> = engine
        .follow(
            asking("subscription ($n: Int!) { ticks(to: $n) }", &json!({ "n": 2 })),
            Allowed::QueriesAndSubscriptions,
            nobody(),
        )
        .unwrap()
        .stream
        .collect()
        .await;
    let bodies: Vec<_> = answers.iter().map(|answer| String::from_utf8_lossy(&answer.body)).collect();
    assert_eq!(bodies, [r#"{"data":{"ticks":1}}"#, r#"{"data":{"ticks":2}}"#]);
    let refused = |query: &str| {
        let answers = engine.follow(asking(query, &json!({})), Allowed::QueriesAndSubscriptions, nobody());
        answers.err().map(|refusal| refusal.code)
    };
    assert_eq!(refused("{ nothing }"), Some(RequestCode::ValidationFailed));
    assert_eq!(refused("mutation { increment }"), Some(RequestCode::MethodNotAllowed));
    assert_eq!(refused("{ hello }"), None);
}
