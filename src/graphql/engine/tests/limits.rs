//! The limits on size and shape, and the documents that they are there for.

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;

use super::*;

/// The documents that abort a server which hands them to the engine's parser.
fn crash_documents() -> Vec<(&'static str, String)> {
    let lists = "[".repeat(2_000);
    let objects = "{a:".repeat(1_500);
    let types = format!("{}Int{}", "[".repeat(1_000), "]".repeat(1_000));
    vec![
        ("lists in an argument", format!("{{ numbers(list: {lists}) }}")),
        ("objects in an argument", format!("{{ describe(input: {objects}) }}")),
        ("lists in a default", format!("query ($a: Int = {lists}) {{ hello }}")),
        ("objects in a default", format!("query ($a: Int = {objects}) {{ hello }}")),
        ("lists in a directive", format!("{{ hello @skip(if: {lists}) }}")),
        ("closed lists", format!("{{ numbers(list: {}{}) }}", "[".repeat(900), "]".repeat(900))),
        ("a type", format!("query ($a: {types}) {{ hello }}")),
        ("selections", format!("{}{}", "{ item ".repeat(900), "}".repeat(900))),
        ("open selections", "{a".repeat(10_000)),
        ("inline fragments", format!("{}hello{}", "{ ... ".repeat(900), "}".repeat(900))),
    ]
}

#[tokio::test]
async fn documents_that_would_crash_the_engines_parser_are_refused_at_once() {
    let engine = engine(limits());
    for (what, document) in crash_documents() {
        let started = Instant::now();
        let (outcome, _) = answer_of(&engine, &document, json!({})).await;
        let took = started.elapsed();
        assert_eq!(outcome, Outcome::Refused(RequestCode::QueryTooComplex), "{what}");
        assert!(took < bound(10), "{what} took {took:?}");
    }
}

fn fragment_bomb(levels: u32) -> String {
    let mut bomb = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(bomb, " fragment F{level} on Query {{ ...F{next} ...F{next} }}").unwrap();
    }
    write!(bomb, " fragment F{levels} on Query {{ hello }}").unwrap();
    bomb
}

#[tokio::test]
async fn a_long_argument_that_is_spread_everywhere_is_counted_everywhere() {
    let engine = engine(Limits { root_fields: 1_000, ..limits() });
    let list = "1 ".repeat(limits().tokens / 4);
    for (doublings, is_refused) in [(1, false), (3, false), (5, true), (9, true)] {
        let mut document =
            format!("{{ ...F0 }} fragment F{doublings} on Query {{ numbers(list: [{list}]) }}");
        for level in 0..doublings {
            let next = level + 1;
            write!(document, " fragment F{level} on Query {{ ...F{next} ...F{next} }}").unwrap();
        }
        let (outcome, body) = answer_of(&engine, &document, json!({})).await;
        assert_eq!(
            outcome == Outcome::Refused(RequestCode::QueryTooComplex),
            is_refused,
            "{doublings} {body}"
        );
        assert_eq!(is_refused, body.to_string().contains("values in arguments"), "{body}");
    }
}

#[tokio::test]
async fn a_fragment_bomb_costs_no_more_than_any_document_and_is_refused() {
    let engine = engine(limits());
    for levels in [12, 22, 70] {
        let started = Instant::now();
        let (outcome, _) = answer_of(&engine, &fragment_bomb(levels), json!({})).await;
        let took = started.elapsed();
        assert_eq!(outcome, Outcome::Refused(RequestCode::QueryTooComplex), "{levels} levels");
        assert!(took < bound(10), "{levels} levels took {took:?}");
    }
    assert!(fragment_bomb(22).len() < 1_100);
}

#[tokio::test]
async fn an_operation_that_is_not_selected_cannot_hurt() {
    let document = format!("query A {{ hello }} query B {}", fragment_bomb(22));
    let document = DocumentSource::Text(document);
    let incoming = Incoming { document, operation_name: Some("A".to_owned()), ..Incoming::default() };
    let started = Instant::now();
    let answer = engine(limits()).execute(incoming, Allowed::Queries, nobody()).await;
    assert_eq!(answer.body, br#"{"data":{"hello":"world"}}"#);
    assert!(started.elapsed() < bound(50));
}

/// A bound on time for the optimised build; without optimisation the same work takes about ten times as long.
fn bound(milliseconds: u64) -> Duration {
    Duration::from_millis(if cfg!(debug_assertions) { milliseconds * 15 } else { milliseconds })
}

/// A row of fragments, each of which spreads the next.
fn fragment_chain(fragments: u32) -> String {
    let mut chain = "{ ...F1 }".to_owned();
    for fragment in 1..fragments {
        write!(chain, " fragment F{fragment} on Query {{ ...F{} }}", fragment + 1).unwrap();
    }
    write!(chain, " fragment F{fragments} on Query {{ hello }}").unwrap();
    chain
}

fn nested_items(levels: usize) -> String {
    format!("{{ item {} {{ id }} {} }}", "{ parent ".repeat(levels), "} ".repeat(levels))
}

#[tokio::test]
async fn each_limit_lets_its_own_measure_pass_and_refuses_one_more() {
    let aliases =
        |count: usize| (0..count).fold("{".to_owned(), |text, alias| format!("{text} a{alias}: id")) + "}";
    let with_aliases = |count: usize| format!("{{ item {} }}", aliases(count));
    let root = |count: usize| format!("{{ {} }}", "hello ".repeat(count));
    // 20 items, each with 9 parents, each with 9 ids: 20 * (1 + 9 * (1 + 9)) is 1,820 fields, and 2 more ids 2,180.
    let fields = |more: &str| {
        let spreads = "item { ...F } ".repeat(20);
        let inner = "parent { ...G } ".repeat(9);
        let ids = "id ".repeat(9);
        format!("{{ {spreads} }} fragment F on Item {{ {inner} }} fragment G on Item {{ {ids} {more} }}")
    };
    let pass = [with_aliases(30), root(20), nested_items(10), fields(""), fragment_chain(63)];
    let refuse = [with_aliases(31), root(21), nested_items(11), fields("id id"), fragment_chain(64)];
    for query in pass {
        let (outcome, body) = ask(&query, json!({})).await;
        assert_eq!(outcome, Outcome::Executed, "{query}: {body}");
    }
    for query in refuse {
        assert_eq!(refusal(&query, json!({})).await, RequestCode::QueryTooComplex, "{query}");
    }
}

#[tokio::test]
async fn long_documents_and_many_operations_are_refused() {
    let long = format!("{{ hello }} # {}", "x".repeat(32 * 1024));
    assert_eq!(refusal(&long, json!({})).await, RequestCode::QueryTooComplex);
    let many =
        |count: usize| (0..count).fold(String::new(), |text, n| format!("{text} query Q{n} {{ hello }}"));
    assert_eq!(refusal(&many(16), json!({})).await, RequestCode::QueryTooComplex);
    assert_eq!(refusal(&many(15), json!({})).await, RequestCode::OperationResolutionFailure);
    let tokens = format!("{{ {} }}", "hello, ".repeat(1_999));
    assert_eq!(refusal(&tokens, json!({})).await, RequestCode::QueryTooComplex);
}

#[tokio::test]
async fn one_field_that_signs_in_is_allowed_in_a_request() {
    let login = "login(name: \"a\", password: \"b\")";
    assert_eq!(
        data(&format!("mutation {{ {login} }}"), json!({})).await,
        json!({ "login": "a, with 1 letters" })
    );
    for twice in [
        format!("mutation {{ {login} other: {login} }}"),
        format!("mutation {{ {login} signIn }}"),
        format!("mutation {{ ...F ...F }} fragment F on Mutation {{ {login} }}"),
    ] {
        assert_eq!(refusal(&twice, json!({})).await, RequestCode::QueryTooComplex, "{twice}");
    }
}

#[tokio::test]
async fn a_request_reports_twenty_errors_at_most() {
    let many = (0..40).fold(String::new(), |text, n| format!("{text} nothing{n}"));
    let (_, body) = refused(&format!("{{ {many} }}"), json!({})).await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 20);
}
