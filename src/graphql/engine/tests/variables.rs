//! Variables: absent, null and a value are three things, in literals and on their own.

use serde_json::json;

use super::*;

#[tokio::test]
async fn absent_null_and_a_value_are_three_things() {
    let query = "query ($note: String) { describe(input: {name: \"a\", note: $note}) }";
    for (variables, note) in
        [(json!({}), "absent"), (json!({ "note": null }), "null"), (json!({ "note": "x" }), "x")]
    {
        let expected = format!("a note={note} size=7");
        assert_eq!(data(query, variables).await["describe"], expected.as_str());
    }
}

#[tokio::test]
async fn an_omitted_variable_is_dropped_at_every_depth() {
    let query = "query ($note: String, $size: Int) { ...Q } fragment Q on Query { \
         describe(input: {name: \"a\", child: {name: \"b\", note: $note, size: $size}}) \
         all(inputs: [{name: \"c\", note: $note}]) }";
    let data = data(query, json!({})).await;
    assert_eq!(data["describe"], "a note=absent size=7 [b note=absent size=7]");
    assert_eq!(data["all"][0], "c note=absent size=7");
}

#[tokio::test]
async fn an_omitted_variable_leaves_the_default_of_the_argument() {
    let query = "query ($n: Int) { count(number: $n) }";
    assert_eq!(data(query, json!({})).await, json!({ "count": 5 }));
    assert_eq!(data(query, json!({ "n": 6 })).await, json!({ "count": 6 }));
    assert_eq!(data("query ($n: Int = 4) { count(number: $n) }", json!({})).await, json!({ "count": 4 }));
}

#[tokio::test]
async fn an_omitted_variable_in_a_list_is_null() {
    let query = "query ($n: Int) { numbers(list: [1, $n]) }";
    assert_eq!(data(query, json!({})).await, json!({ "numbers": "[Some(1), None]" }));
}

#[tokio::test]
async fn variables_that_their_type_does_not_hold_are_refused() {
    let cases = [
        ("query ($n: Int!) { count(number: $n) }", json!({})),
        ("query ($n: Int!) { count(number: $n) }", json!({ "n": null })),
        ("query ($n: Int!) { count(number: $n) }", json!({ "n": "1" })),
        ("query ($n: Int!) { count(number: $n) }", json!({ "n": 2_147_483_648_u32 })),
        ("query ($i: Nested!) { describe(input: $i) }", json!({ "i": {} })),
        ("query ($i: Nested!) { describe(input: $i) }", json!({ "i": { "name": "a", "other": 1 } })),
        ("query ($i: Nested!) { describe(input: $i) }", json!({ "i": { "name": "a", "color": "BLUE" } })),
        ("query ($i: Nested!) { describe(input: $i) }", json!({ "i": { "name": "a", "child": {} } })),
        ("query ($i: Nested!) { describe(input: $i) }", json!({ "i": [] })),
        ("query ($w: [[String!]!]) { words(list: $w) }", json!({ "w": [[null]] })),
    ];
    for (query, variables) in cases {
        assert_eq!(refusal(query, variables).await, RequestCode::BadUserInput, "{query}");
    }
}

#[tokio::test]
async fn input_objects_are_coerced_with_their_defaults_and_single_items() {
    let query = "query ($i: Nested!) { describe(input: $i) }";
    let input = json!({ "i": { "name": "a", "color": "GREEN", "tags": "x", "choice": { "id": 4 } } });
    assert_eq!(data(query, input).await["describe"], "a note=absent size=7 green tags=x id=4");
}

#[tokio::test]
async fn a_refused_variable_is_not_quoted() {
    let query = "mutation ($p: String!) { login(name: \"ana\", password: $p) }";
    let (code, body) = refused(query, json!({ "p": { "secret": "hunter2: to type" } })).await;
    assert_eq!(code, RequestCode::BadUserInput);
    assert_eq!(body["errors"][0]["message"], "could not coerce variable p to type String");
}

#[tokio::test]
async fn a_nullable_variable_with_a_default_is_the_callers_fault_when_it_is_null() {
    let (_, body) = ask("query ($n: Int = 4) { count(number: $n) }", json!({ "n": null })).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}");
}

#[tokio::test]
async fn a_scalar_that_refuses_a_value_is_the_callers_fault() {
    for (query, variables) in [
        ("{ word(word: \"a b\") }", json!({})),
        ("query ($w: Word!) { word(word: $w) }", json!({ "w": "a b" })),
    ] {
        let (outcome, body) = ask(query, variables).await;
        assert!(!matches!(outcome, Outcome::Refused(_)));
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}");
    }
}

#[tokio::test]
async fn skip_and_include_follow_their_variables() {
    let query = "query ($a: Boolean!, $b: Boolean! = true) { hello @skip(if: $a) count @include(if: $b) }";
    assert_eq!(data(query, json!({ "a": true })).await, json!({ "count": 5 }));
    assert_eq!(data(query, json!({ "a": false, "b": false })).await, json!({ "hello": "world" }));
}

#[tokio::test]
async fn a_field_stands_once_in_an_input_object() {
    for twice in [
        "{ describe(input: {name: \"a\", name: \"b\"}) }",
        "{ describe(input: {name: \"a\", child: {name: \"b\", size: 1, size: $undeclared}}) }",
        "query ($i: Nested! = {name: \"a\", name: \"a\"}) { describe(input: $i) }",
        "{ ...F } fragment F on Query { all(inputs: [{name: \"a\", tags: [], tags: []}]) }",
    ] {
        assert_eq!(refusal(twice, json!({})).await, RequestCode::ValidationFailed, "{twice}");
    }
}

#[tokio::test]
async fn one_of_takes_exactly_one_key() {
    assert_eq!(data("{ choose(by: {id: 1}) }", json!({})).await, json!({ "choose": "id" }));
    let given = "query ($n: String!) { choose(by: {name: $n}) }";
    assert_eq!(data(given, json!({ "n": "x" })).await, json!({ "choose": "name" }));
    let whole = "query ($by: Choice!) { choose(by: $by) }";
    assert_eq!(data(whole, json!({ "by": { "id": "x" } })).await, json!({ "choose": "id" }));

    for literal in [
        "{ choose(by: {}) }",
        "{ choose(by: {id: 1, name: \"x\"}) }",
        "{ choose(by: {id: null}) }",
        "{ choose(by: {id: 1, name: null}) }",
        "query ($n: String) { choose(by: {name: $n}) }",
        "query ($n: String, $m: ID!) { choose(by: {name: $n, id: $m}) }",
        "query ($by: Choice! = {id: 1, name: \"x\"}) { choose(by: $by) }",
        "{ ...F } fragment F on Query { describe(input: {name: \"a\", child: {name: \"b\", choice: {}}}) }",
        "{ ... { all(inputs: [{name: \"a\", choice: {id: null}}]) } }",
    ] {
        let variables = json!({ "n": "x", "m": "y" });
        assert_eq!(refusal(literal, variables).await, RequestCode::ValidationFailed, "{literal}");
    }
    for variable in [json!({}), json!({ "id": null }), json!({ "id": 1, "name": "x" })] {
        assert_eq!(refusal(whole, json!({ "by": variable })).await, RequestCode::BadUserInput);
        let inner = json!({ "i": [{ "name": "a", "child": { "name": "b", "choice": variable } }] });
        let nested = "query ($i: [Nested!]!) { all(inputs: $i) }";
        assert_eq!(refusal(nested, inner).await, RequestCode::BadUserInput);
    }
}
