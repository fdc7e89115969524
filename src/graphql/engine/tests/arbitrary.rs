//! Whatever comes, no panic and no document that takes long; and what the guard lets pass, the engine executes.

use std::cell::Cell;
use std::sync::LazyLock;

use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, json};

use super::generated::{Made, Maker};
use super::*;
use crate::graphql::schema::without_database;

/// An engine, and its schema as the guard reads it.
struct Known {
    engine: Engine,
    schema: Valid<TypedSchema>,
}

impl Known {
    fn of(engine: Engine) -> Self {
        let schema = typed(engine.sdl()).unwrap();
        Self { engine, schema }
    }
}

static SMALL: LazyLock<Known> = LazyLock::new(|| Known::of(engine(limits())));
static WHOLE: LazyLock<Known> = LazyLock::new(|| Known::of(without_database(limits()).unwrap()));

/// What a request may cost the guard, in processor time of the optimised build; without optimisation the same work takes
/// ten to fifteen times as long.
const BUDGET: Duration = Duration::from_millis(if cfg!(debug_assertions) { 50 * 15 } else { 50 });

/// The fields of the small schema that fail or wait on purpose.
const FAULTY: [&str; 16] = [
    "panics",
    "slow",
    "nap",
    "long",
    "later",
    "forbidden",
    "away",
    "limited",
    "misconfigured",
    "nulled",
    "broken",
    "related",
    "forEver",
    "flood",
    "refused",
    "ticks",
];

/// The processor time that this thread has had. Other tests run at the same time, so the clock says nothing.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// Has the guard look at a request twice, the second time perhaps from its cache; true when it lets it pass.
fn look_at(known: &Known, query: &str, variables: &Map<String, Value>) -> bool {
    let look = || {
        let incoming = Incoming {
            document: DocumentSource::Text(query.to_owned()),
            variables: variables.clone(),
            ..Incoming::default()
        };
        let begun = processor_time();
        let admitted = known.engine.guard.admit(incoming, Allowed::All, true).is_ok();
        let took = processor_time().saturating_sub(begun);
        assert!(took < BUDGET, "{took:?} for {query}");
        admitted
    };
    let admitted = look();
    assert_eq!(look(), admitted, "{query}");
    admitted
}

#[tokio::test]
async fn deeply_nested_variables_are_answered() {
    let mut input = json!({ "name": "leaf" });
    for _ in 0..100 {
        input = json!({ "name": "x", "child": input });
    }
    let body: Value = serde_json::from_str(&json!({ "i": input }).to_string()).unwrap();
    let (outcome, _) = ask("query ($i: Nested!) { describe(input: $i) }", body).await;
    assert_eq!(outcome, Outcome::Executed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_the_guard_panic(text in ".{0,200}") {
        look_at(&SMALL, &text, &Map::new());
    }

    #[test]
    fn no_bytes_make_the_guard_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        look_at(&SMALL, &String::from_utf8_lossy(&bytes), &Map::new());
    }

    #[test]
    fn no_row_of_tokens_makes_the_guard_panic(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "...", "=", "&", "|", "query", "mutation", "fragment",
            "subscription", "on", "Query", "Item", "hello", "item", "items", "first", "choose", "by", "describe",
            "input", "name", "id", "$a", "$a: Int", "$a: Choice!", "skip", "if", "true", "null", "1", "-0", "1e400",
            "\"x\"", "\"\"\"y\"\"\"", "\"\\u{110000}\"", "{ hello }", "{name: \"a\"}", "{id: $a}", "...F", "#", "\n", "\u{feff}",
        ]), 0..60),
        value in prop::sample::select(vec![json!(null), json!(1), json!("x"), json!([[]]), json!({"id": 1}), json!(1e300)]),
    ) {
        let mut variables = Map::new();
        variables.insert("a".to_owned(), value);
        look_at(&SMALL, &tokens.join(" "), &variables);
    }
}

/// Runs `check` with that many requests against a schema; how many of them it was true for.
fn requests(
    cases: u32,
    known: &Known,
    avoided: &[&str],
    may_be_wrong: bool,
    check: impl Fn(Made) -> bool,
) -> u32 {
    let passed = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let ran = runner.run(&prop::collection::vec(any::<u8>(), 0..400), |bytes| {
        let made = Maker::new(&known.schema, &bytes, avoided, may_be_wrong).make();
        passed.set(passed.get() + u32::from(check(made)));
        Ok(())
    });
    ran.unwrap();
    passed.get()
}

#[test]
fn no_document_of_the_whole_schema_takes_the_guard_long() {
    let look = |made: Made| look_at(&WHOLE, &made.query, &made.variables);
    let (right, any) = (requests(150, &WHOLE, &[], false, look), requests(150, &WHOLE, &[], true, look));
    assert!(right > 30 && any > 10, "too few pass to say anything: {right}, and {any} with wrong variables");
}

#[test]
fn what_the_guard_lets_pass_the_engine_executes_without_an_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let execute = |made: Made| {
        if !look_at(&SMALL, &made.query, &made.variables) {
            return false;
        }
        let (outcome, body) =
            runtime.block_on(answer_of(&SMALL.engine, &made.query, Value::Object(made.variables.clone())));
        assert!(outcome == Outcome::Executed && body.get("errors").is_none(), "{made:?}: {body}");
        true
    };
    let passed = requests(300, &SMALL, &FAULTY, false, execute);
    assert!(passed > 100, "too few pass to say anything: {passed}");
}
