//! What an operation costs.

use serde_json::json;

use super::*;

async fn cost(query: &str, variables: Value) -> u64 {
    let answer = engine(limits()).execute(asking(query, &variables), Allowed::Queries, nobody()).await;
    assert!(matches!(answer.outcome, Outcome::Executed), "{}", String::from_utf8_lossy(&answer.body));
    answer.cost
}

#[tokio::test]
async fn a_scalar_is_free_an_object_costs_one_and_a_connection_its_page() {
    let cases = [
        ("{ hello }", 0),
        ("{ item { id } }", 1),
        ("{ item { parent { id } } }", 2),
        ("{ items(first: 10) { nodes { id } } }", 11),
        ("{ items(last: 10) { edges { cursor node { id } } } }", 11),
        ("{ items(first: 10) { edges { cursor } } }", 11),
        ("{ items { nodes { id } pageInfo { hasNextPage } } }", 27),
        ("{ items(first: 10) { nodes { parent { id } items(first: 5) { nodes { id } } } } }", 81),
        (
            "{ items(first: 10) { ...C } } fragment C on ItemConnection { nodes { ...I } } fragment I on Item { parent { id } }",
            21,
        ),
        ("{ byIds(ids: [1, 2, 3]) { parent { id } } }", 6),
        ("{ items(first: -1) { nodes { id } } }", 1),
        // The page is read whatever is selected of it.
        ("{ items(first: 10) { __typename } }", 11),
        ("{ items(first: 10) { pageInfo { hasNextPage } } }", 12),
        ("{ items(first: 10) { ...C } } fragment C on ItemConnection { __typename }", 11),
        ("{ items(first: 10) { nodes { items(first: 5) { __typename } } } }", 71),
        // A count reads everything, and each alias counts anew.
        ("{ items(first: 10) { totalCount } }", 61),
        ("{ items(first: 10) { totalCount again: totalCount nodes { id } } }", 111),
        (
            "{ items(first: 10) { ... { ...C } } } fragment C on ItemConnection { totalCount edges { cursor } }",
            61,
        ),
        ("{ items(first: 2) { nodes { items(first: 5) { totalCount } } } }", 115),
        ("{ byIds(ids: [1, 1, 1]) { parent { id } } }", 6),
    ];
    for (query, expected) in cases {
        assert_eq!(cost(query, json!({})).await, expected, "{query}");
    }
}

#[tokio::test]
async fn the_page_is_priced_after_coercion() {
    let query = "query ($n: Int = 3) { items(first: $n) { nodes { id } } }";
    assert_eq!(cost(query, json!({})).await, 4);
    assert_eq!(cost(query, json!({ "n": 100 })).await, 101);
    assert_eq!(cost("query ($n: Int) { items(first: $n) { nodes { id } } }", json!({})).await, 26);
    assert_eq!(refusal(query, json!({ "n": 2_000 })).await, RequestCode::QueryTooComplex);
    let ids: Vec<u32> = (0..1_001).collect();
    let by_ids = "query ($ids: [ID!]!) { byIds(ids: $ids) { parent { id } } }";
    assert_eq!(refusal(by_ids, json!({ "ids": ids })).await, RequestCode::QueryTooComplex);
}

#[tokio::test]
async fn empty_selections_of_connections_do_not_get_by() {
    let typename = "query ($n: Int!) { items(first: $n) { nodes { items { __typename } } } }";
    assert_eq!(refusal(typename, json!({ "n": 80 })).await, RequestCode::QueryTooComplex);
    let counts = "{ items(first: 40) { nodes { items(first: 1) { totalCount } } } }";
    assert_eq!(refusal(counts, json!({})).await, RequestCode::QueryTooComplex);
}

#[tokio::test]
async fn nested_pages_multiply_and_never_overflow() {
    let page = "items(first: 2147483647) { nodes { ";
    let query = format!("{{ {} id {} }}", page.repeat(5), "} }".repeat(5));
    assert_eq!(refusal(&query, json!({})).await, RequestCode::QueryTooComplex);
    let modest = "{ items(first: 50) { nodes { items(first: 50) { nodes { id } } } } }";
    assert_eq!(refusal(modest, json!({})).await, RequestCode::QueryTooComplex);
}
