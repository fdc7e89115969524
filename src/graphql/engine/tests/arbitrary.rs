//! Whatever comes, no panic.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ask(&text, json!({})));
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut variables = Map::new();
        variables.insert("a".to_owned(), value);
        runtime.block_on(ask(&tokens.join(" "), Value::Object(variables)));
    }
}
