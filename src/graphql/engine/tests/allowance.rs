//! What a caller may ask for in all, and what an answer says of it.

use futures_util::StreamExt;
use serde_json::json;

use super::*;
use crate::graphql::guard::allowance::Rate;

const PAGE: &str = "{ items(first: 10) { nodes { id } } }";

/// Nothing comes back, so that a slow machine changes nothing.
fn bounded() -> Engine {
    engine(Limits { allowance: Some(Rate { capacity: 30, restored_per_second: 0 }), ..limits() })
}

async fn execute(engine: &Engine, query: &str, caller: Caller) -> (Outcome, Option<u64>, Value) {
    let answer = engine.execute(asking(query, &json!({})), Allowed::QueriesAndMutations, caller).await;
    (answer.outcome, answer.retry_after_seconds, serde_json::from_slice(&answer.body).unwrap())
}

#[tokio::test]
async fn an_answer_says_what_it_cost_and_what_is_left() {
    let engine = bounded();
    let (_, _, body) = execute(&engine, PAGE, somebody()).await;
    let cost = json!({ "requested": 11, "remaining": 19, "capacity": 30, "restoredPerSecond": 0 });
    assert_eq!(body["extensions"], json!({ "cost": cost }));
    execute(&engine, PAGE, somebody()).await;
    let (outcome, retry_after, body) = execute(&engine, PAGE, somebody()).await;
    assert_eq!((outcome, retry_after), (Outcome::Refused(RequestCode::RateLimited), Some(3)));
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn who_has_not_signed_in_pays_at_their_address() {
    let engine = bounded();
    let stranger = Caller { address: Some("192.0.2.1".parse().unwrap()), ..nobody() };
    for _ in 0..30 {
        assert_eq!(execute(&engine, "{ hello }", stranger.clone()).await.0, Outcome::Executed);
    }
    let (outcome, _, _) = execute(&engine, "{ hello }", stranger).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::RateLimited));
    assert_eq!(
        execute(&engine, "{ hello }", somebody()).await.0,
        Outcome::Executed,
        "a user pays for themselves"
    );
}

#[tokio::test]
async fn what_is_refused_is_paid_too_and_whoever_owes_is_not_read() {
    let rate = Rate { capacity: 30, restored_per_second: 0 };
    let engine = engine(Limits { allowance: Some(rate), refusal: 20, ..limits() });
    let outcome = async |query| execute(&engine, query, somebody()).await.0;
    for _ in 0..2 {
        assert_eq!(outcome("{ nothing }").await, Outcome::Refused(RequestCode::ValidationFailed));
    }
    for query in ["{ nothing }", "{ hello }"] {
        assert_eq!(outcome(query).await, Outcome::Refused(RequestCode::RateLimited), "10 are owed");
    }
}

#[tokio::test]
async fn what_nobody_can_pay_is_not_read_again_and_again() {
    let rate = Rate { capacity: 30, restored_per_second: 0 };
    let engine = engine(Limits { allowance: Some(rate), refusal: 20, ..limits() });
    let left = async || match execute(&engine, "{ hello }", somebody()).await {
        (Outcome::Executed, _, body) => body["extensions"]["cost"]["remaining"].as_u64(),
        _ => None,
    };
    execute(&engine, PAGE, somebody()).await;
    execute(&engine, PAGE, somebody()).await;
    assert_eq!(left().await, Some(7));
    let (outcome, _, _) = execute(&engine, PAGE, somebody()).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::RateLimited), "it costs 11");
    assert_eq!(left().await, None, "to read it cost 20");
}

#[tokio::test]
async fn a_subscription_is_paid_when_it_begins() {
    let engine = bounded();
    let ticks = "subscription { ticks(to: 3) }";
    for _ in 0..30 {
        let answers = engine.follow(asking(ticks, &json!({})), Allowed::All, somebody()).unwrap();
        assert!(answers.is_subscription);
        let events: Vec<Answer> = answers.stream.collect().await;
        assert_eq!(events.len(), 3);
        assert!(events.iter().all(|event| !String::from_utf8_lossy(&event.body).contains("cost")));
    }
    let refused = engine.follow(asking(ticks, &json!({})), Allowed::All, somebody());
    assert_eq!(refused.err().unwrap().code, RequestCode::RateLimited);
}
