//! An object that is read at once is answered as the engine would answer it.

use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Response, Schema, ValidationMode};
use tokio::task::yield_now;

use crate::graphql::at_once::{AtOnce, Ready};

struct Thing(i32);

impl Ready for Thing {
    const WAITING: &'static [&'static str] = &["slow", "below"];
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
    async fn below(&self) -> Option<Thing> {
        yield_now().await;
        (self.0 > 0).then(|| Thing(self.0 - 1))
    }
    async fn may_fail(&self) -> Option<async_graphql::Result<i32>> {
        (self.0 != 2).then_some(Err("no luck".into()))
    }
    async fn fails(&self) -> async_graphql::Result<i32> {
        Err("gone".into())
    }
}

struct Query;

#[Object]
impl Query {
    async fn at_once(&self) -> Vec<AtOnce<Thing>> {
        (0..3).map(|number| AtOnce(Thing(number))).collect()
    }
    async fn engine(&self) -> Vec<Thing> {
        (0..3).map(Thing).collect()
    }
    async fn numbered(&self) -> Option<Numbered> {
        None
    }
}

async fn answers(selection: &str, fragments: &str) -> [Response; 2] {
    let schema =
        Schema::build(Query, EmptyMutation, EmptySubscription).validation_mode(ValidationMode::Fast).finish();
    let execute = async |field: &str| {
        schema.execute(format!("{{ list: {field} {{ {selection} }} }} {fragments}")).await
    };
    [execute("atOnce").await, execute("engine").await]
}

#[tokio::test]
async fn an_object_is_answered_as_the_engine_would() {
    let fragments = "fragment F on Thing { number below { ...G } } fragment G on Numbered { number }
        fragment O on Other { wrong: number } fragment N on Numbered { ...O ... on Thing { slow } }";
    for selection in [
        "number",
        "__typename slow number a: slow(times: 3) b: slow(times: 4)",
        "below { below { number slow } } number",
        "...F slow",
        "number ...N __typename",
        "... { number ... on Numbered { n: number } } ... on Other { wrong: number }",
        "number number slow slow",
        "below { number } below { slow below { number } }",
        "number @skip(if: true) slow @include(if: true) below @include(if: false) { number }",
        "mayFail number below { mayFail }",
        "mayFail below { number } below { slow }",
        "...F number ...G slow slow",
        "number below { fails }",
        "fails number",
    ] {
        let [ours, theirs] = answers(selection, fragments).await;
        assert_eq!(ours.data.to_string(), theirs.data.to_string(), "{selection}");
        assert_eq!(ours.errors.len(), theirs.errors.len(), "{selection}");
        let said = |error: &async_graphql::ServerError| (error.message.clone(), error.path.clone());
        let mut pairs = ours.errors.iter().zip(&theirs.errors);
        assert!(pairs.all(|(one, other)| said(one) == said(other)), "{selection} {ours:?} {theirs:?}");
    }
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

    Schema::new(Root, EmptyMutation, EmptySubscription).execute("{ wrong { slow } }").await;
}
