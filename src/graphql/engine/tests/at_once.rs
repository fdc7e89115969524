//! An object that is read at once is answered as the engine would answer it.

use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Request};
use serde_json::json;
use tokio::task::yield_now;

use super::*;
use crate::graphql::at_once::{AllAtOnce, AsksOnce, AtOnce, Ready};

struct Thing(i32);

impl Ready for Thing {
    const WAITING: &'static [&'static str] = &["slow", "below", "slowFails"];
}

#[derive(Interface)]
#[graphql(field(name = "number", ty = "&i32"))]
enum Numbered {
    Thing(Thing),
    Other(Other),
}

struct Other(i32);

#[Object]
impl Other {
    async fn number(&self) -> &i32 {
        &self.0
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Thing {
    async fn number(&self) -> &i32 {
        &self.0
    }
    async fn slow(&self, #[graphql(default = 1)] times: i32) -> i32 {
        yield_now().await;
        self.0 * times
    }
    async fn below(&self) -> Option<AtOnce<Thing>> {
        yield_now().await;
        (self.0 > 0).then(|| AtOnce(Thing(self.0 - 1)))
    }
    async fn may_fail(&self) -> Option<async_graphql::Result<i32>> {
        (self.0 != 2).then_some(Err("no luck".into()))
    }
    async fn fails(&self) -> async_graphql::Result<i32> {
        Err("gone".into())
    }
    async fn slow_fails(&self) -> async_graphql::Result<i32> {
        yield_now().await;
        Err("gone".into())
    }
}

struct Query;

#[Object]
impl Query {
    async fn at_once(&self) -> AllAtOnce<Thing> {
        AllAtOnce((0..3).map(Thing).collect())
    }
    async fn each_of(&self) -> Vec<AtOnce<Thing>> {
        (0..3).map(|number| AtOnce(Thing(number))).collect()
    }
    async fn engine(&self) -> Vec<Thing> {
        (0..3).map(Thing).collect()
    }
    async fn numbered(&self) -> Option<Numbered> {
        Some(Thing(2).into())
    }
    async fn alone(&self) -> Option<AtOnce<Thing>> {
        Some(AtOnce(Thing(2)))
    }
    async fn with_sentence(&self) -> AtOnce<Sentence> {
        AtOnce(Sentence)
    }
}

struct Sentence;

impl Ready for Sentence {
    const WAITING: &'static [&'static str] = &[];
}

const SENTENCE: &str = "a \"quoted\" \\ line\n\u{1}\u{1f600} </script>";

#[Object]
impl Sentence {
    async fn text(&self) -> &str {
        SENTENCE
    }
}

fn schema() -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription)
}

/// The body of the answer, with the field in the place of `list`.
async fn answered(engine: &Engine, field: &str, document: &str) -> String {
    let document = document.replace("list", &format!("list: {field}"));
    let answer = engine.execute(asking(&document, &Value::Null), Allowed::Queries, nobody()).await;
    String::from_utf8(answer.body).unwrap()
}

const FRAGMENTS: &str = "fragment F on Thing { number below { ...G } } fragment G on Numbered { number }
    fragment O on Other { wrong: number } fragment N on Numbered { ...O ... on Thing { slow } }
    fragment B on Thing { below { slow below { number } } }";

#[tokio::test]
async fn objects_are_answered_as_the_engine_would() {
    let engine = Engine::new(schema(), Limits::default(), Box::new(|_, _| {})).unwrap();
    for document in [
        "{ list { number } }",
        "{ list { __typename slow number a: slow(times: 3) b: slow(times: 4) } }",
        "{ list { below { below { number slow } } number } }",
        "{ list { ...F slow } }",
        "{ list { number ...N __typename } }",
        "{ list { ... { number ... on Numbered { n: number ... on Other { wrong: number } } } } }",
        "{ list { number number slow slow } }",
        "{ list { below { number } below { slow below { number } } } }",
        "{ list { number @skip(if: true) slow @include(if: true) below @include(if: false) { number } } }",
        "{ list { below { number } below @include(if: true) { slow } } }",
        "{ list { ... @include(if: true) { below { slow } } ...F @skip(if: false) } }",
        "{ list { ... @include(if: false) { below { slow } } ...F @skip(if: true) number } }",
        "{ list { mayFail number below { mayFail } } }",
        "{ list { mayFail below { number } below { slow } } }",
        "{ list { ...F number ...G slow slow } }",
        "{ list { ...F ...B ...F ...B below { __typename } } }",
        "{ list { number } list { slow } ... on Query { list { below { ...G } } } }",
        "{ list { number } ... @include(if: true) { list { slow } } }",
        "{ list { number ... @include(if: true) { below { slow } } slow below { number } } }",
        "{ numbered { ... on Thing { below { ... on Numbered { ... on Other { wrong: number } } } } ... on Thing { below { number } } } }",
        "{ numbered { ... on Thing { below { number @skip(if: true) } } ... on Thing { below { slow } slow } } }",
        "{ list { below { number @include(if: false) } } }",
        "{ list { number below { fails } } }",
        "{ list { fails number } }",
        "{ list { below { number } } numbered { number ... on Thing { below { slow } } ... on Thing { below { number } } ...N ...O } }",
        "query ($yes: Boolean = true) { list { slow @include(if: $yes) slow @skip(if: $yes) below { n: number } } numbered { __typename } }",
    ] {
        let document = format!("{document} {}", spread_in(document));
        let theirs = answered(&engine, "engine", &document).await;
        for field in ["atOnce", "eachOf"] {
            let ours = answered(&engine, field, &document).await;
            assert_eq!(in_order(&ours), in_order(&theirs), "{document}");
        }
        // And so does the engine when no guard has put the document together.
        let raw = document.replace("list", "list: engine");
        let alone = schema().validation_mode(ValidationMode::Fast).finish().execute(raw).await;
        let mut text = b"{\"data\":".to_vec();
        crate::graphql::json::write(&alone.data, &mut text);
        assert!(theirs.as_bytes().starts_with(&text), "{theirs} {}", String::from_utf8_lossy(&text));
    }
}

/// The data as it was written, and the errors by their places in the text: those of fields that wait may come first, and of a field
/// that takes its row with it the engine tells only which row it was.
fn in_order(body: &str) -> (&str, Vec<String>) {
    let data = body.split(",\"errors\":").next().unwrap();
    let answer: Value = serde_json::from_str(body).unwrap();
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let mut errors: Vec<String> =
        errors.iter().map(|error| format!("{} {}", error["locations"], error["path"][1])).collect();
    errors.sort();
    (data, errors)
}

#[tokio::test]
async fn an_error_names_the_field_that_it_is_of() {
    let engine = Engine::new(schema(), Limits::default(), Box::new(|_, _| {})).unwrap();
    for (document, path) in [
        ("{ atOnce { number fails } }", json!(["atOnce", 0, "fails"])),
        ("{ atOnce { below { fails } } }", json!(["atOnce", 1, "below", "fails"])),
        ("{ atOnce { below { mayFail } } }", json!(["atOnce", 1, "below", "mayFail"])),
        ("{ a: alone { b: slowFails } }", json!(["a", "b"])),
        ("{ alone { lost: below { slowFails } } }", json!(["alone", "lost", "slowFails"])),
    ] {
        let body: Value = serde_json::from_str(&answered(&engine, "", document).await).unwrap();
        assert_eq!(body["errors"][0]["path"], path, "{document} {body}");
    }
}

/// The fragments that the document reaches: others are not allowed in it.
fn spread_in(document: &str) -> String {
    let mut reached = String::new();
    let all: Vec<&str> = FRAGMENTS.split("fragment ").skip(1).collect();
    loop {
        let is_new = |fragment: &&&str| {
            let name = fragment.split(' ').next().unwrap();
            let is_spread = [document, &reached].iter().any(|text| text.contains(&format!("...{name} ")));
            is_spread && !reached.contains(&format!("fragment {name} "))
        };
        let Some(fragment) = all.iter().find(is_new) else { return reached };
        reached = format!("{reached} fragment {fragment} ");
    }
}

#[tokio::test]
async fn what_is_written_down_is_the_json_that_serde_would_write() {
    let engine = Engine::new(schema(), Limits::default(), Box::new(|_, _| {})).unwrap();
    let body = answered(&engine, "", "{ withSentence { text } }").await;
    let data = json!({ "withSentence": { "text": SENTENCE } });
    assert_eq!(body, json!({ "data": data }).to_string());
}

#[tokio::test]
#[should_panic(expected = "Wrong.slow waits, and is not said to")]
async fn a_field_that_waits_and_is_not_said_to_is_found_by_the_tests() {
    struct Wrong;

    impl Ready for Wrong {
        const WAITING: &'static [&'static str] = &[];
    }

    #[Object]
    impl Wrong {
        async fn slow(&self) -> i32 {
            yield_now().await;
            1
        }
    }

    struct Root;

    #[Object]
    impl Root {
        async fn wrong(&self) -> AtOnce<Wrong> {
            AtOnce(Wrong)
        }
    }

    let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
    schema.execute(Request::new("{ wrong { slow } }").data(AsksOnce)).await;
}
