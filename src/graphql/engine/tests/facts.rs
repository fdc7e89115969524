//! The facts about the engine that the guard stands on: an upgrade has to keep them, or change the guard.

use serde_json::json;

use super::*;

#[test]
fn the_printed_schema_is_stable_valid_and_names_what_it_needs() {
    let engine = engine(limits());
    assert_eq!(engine.sdl(), super::test_schema::engine(limits()).sdl());
    for line in ["input Choice @oneOf {", "scalar Word @specifiedBy(url: \"https://example.org/word\")"] {
        assert!(engine.sdl().contains(line), "{line} is missing in\n{}", engine.sdl());
    }
}

#[tokio::test]
async fn on_its_own_the_engine_reads_an_omitted_variable_as_null() {
    let response = bare().execute("query ($m: Int) { marked(mark: $m) }").await;
    assert_eq!(response.data.into_json().unwrap(), json!({ "marked": "null" }));
    assert_eq!(data("query ($m: Int) { marked(mark: $m) }", json!({})).await, json!({ "marked": "absent" }));
}

#[tokio::test]
async fn the_operations_resolver_data_comes_from_attach() {
    let engine = engine(limits());
    let answer = engine.execute(asking("{ greeting }", &json!({})), Allowed::Queries, somebody()).await;
    assert_eq!(answer.body, br#"{"data":{"greeting":"hello, you"}}"#);
}

#[tokio::test]
async fn a_nullable_field_has_to_be_an_option_of_a_result() {
    let (_, body) = ask("{ item { id nulled } }", json!({})).await;
    assert_eq!(body["data"], json!(null), "a result of an option nulls its parent");
    let (_, body) = ask("{ item { id broken } }", json!({})).await;
    assert_eq!(body["data"], json!({ "item": { "id": 1, "broken": null } }));
}

struct Quoted;

#[async_graphql::Object]
impl Quoted {
    #[graphql(deprecation = "Use \"new\".")]
    async fn old(&self) -> i32 {
        1
    }
}

#[test]
fn a_double_quote_in_a_deprecation_reason_stops_the_start() {
    let builder = Schema::build(Quoted, async_graphql::EmptyMutation, async_graphql::EmptySubscription);
    assert!(Engine::new(builder, limits(), Box::new(Data::insert)).is_err());
}

#[test]
fn requests_can_be_executed_on_any_thread() {
    fn is_sendable(_: impl Send) {}
    let engine = engine(limits());
    is_sendable(engine.execute(Incoming::default(), Allowed::All, nobody()));
}
