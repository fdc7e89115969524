//! A list reads as much of its rows as is asked for: each field says the same whatever else is asked beside it.

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

/// Each field of a transaction, with all that a row alone holds of it.
const WHOLE: &str = "__typename id bookedOn occurredAt amount { amount currency } originalAmount { amount currency } direction
    merchant description notes account { __typename id name kind currency } category { __typename id name kind parent { name } }
    email { id } extraction { id } job { id } source state editedFields createdAt updatedAt";

/// Selections that want little of a row, or one thing that only the whole row has.
const PARTS: [&str; 26] = [
    "id",
    "__typename id bookedOn",
    "occurredAt",
    "amount { amount } direction",
    "originalAmount { amount }",
    "merchant",
    "description",
    "notes",
    "account { id }",
    "account { __typename name }",
    "account { kind }",
    "account { id } account { name } ...Kind",
    "category { id }",
    "category { __typename name } account { name }",
    "category { kind } account { name }",
    "category { name } account { currency }",
    "category { parent { name } }",
    "...Names",
    "... on Node { id ...Names }",
    "email { id }",
    "extraction { id } job { id }",
    "source",
    "state",
    "editedFields",
    "createdAt",
    "updatedAt account { id } category { id name }",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_field_of_a_listed_transaction_is_the_same_alone_and_beside_all_others() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let (euros, sport) = (ana.account("Euros", "EUR").await, ana.category("Sport", "EXPENSE").await);
    let below = json!({ "name": "Tennis", "kind": "EXPENSE", "parentId": sport });
    ana.done("createCategory", below, "").await;
    let edited = ana.book(&euros, "-3", "2026-11-02", Some(&sport)).await;
    ana.book(&euros, "4", "2026-11-03", None).await;
    let changes = json!({ "id": edited, "state": "VOID", "notes": "Wrong", "description": "A ball" });
    ana.done("updateTransaction", changes, "").await;
    let whole = listed(&ana, "nodes", WHOLE).await;
    assert!(whole.len() > 60, "{}", whole.len());
    for part in PARTS {
        for rows in [listed(&ana, "nodes", part).await, listed(&ana, "edges { node", part).await] {
            assert_eq!(rows.len(), whole.len(), "{part}");
            for (row, whole) in rows.iter().zip(&whole) {
                assert!(agrees(row, whole), "{part}: {row} of {whole}");
            }
        }
    }
    // The same list twice, and once as somebody's own.
    let query = "{ transactions(first: 100) { nodes { id } edges { node { account { id } } } }
        transactions(first: 100) { nodes { account { kind } } edges { node { category { name kind } notes } } }
        me { transactions(first: 100) { nodes { account { name } } } } }";
    let data = ana.data(query, json!({})).await;
    let pages = [
        (&data["transactions"]["nodes"], ""),
        (&data["transactions"]["edges"], "/node"),
        (&data["me"]["transactions"]["nodes"], ""),
    ];
    for (rows, path) in pages {
        for (row, whole) in rows.as_array().unwrap().iter().zip(&whole) {
            let row = row.pointer(path).unwrap();
            assert!(row.as_object().unwrap().len() <= 3 && agrees(row, whole), "{row} of {whole}");
        }
    }
    let twice = &data["transactions"]["edges"][0]["node"];
    assert!(twice["account"]["id"].is_string() && twice.get("notes").is_some(), "{twice}");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_names_its_category_or_account_as_the_row_of_it_does() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let period = "period: { from: \"2020-01-01\", to: \"2029-12-31\" }, first: 100";
    for group in ["CATEGORY", "ACCOUNT", "MERCHANT"] {
        let sums = async |selection: &str| {
            let query = format!("{{ spending({period}, groupBy: {group}) {{ {selection} }} }}");
            ana.data(&query, json!({})).await["spending"].as_array().unwrap().clone()
        };
        let whole =
            sums("category { id name kind } account { id name currency } merchant spent { amount }").await;
        assert!(whole.len() > 2, "{group} {}", whole.len());
        for part in [
            "category { name } account { name }",
            "category { id kind } account { id }",
            "account { currency }",
        ] {
            let rows = sums(part).await;
            assert!(
                rows.iter().zip(&whole).all(|(row, whole)| agrees(row, whole)),
                "{group} {part} {rows:?}"
            );
        }
    }
    test.finish().await;
}

/// The rows of a list, in `nodes` or in `edges { node`, with what is selected of each.
async fn listed(person: &Person<'_>, place: &str, selection: &str) -> Vec<Value> {
    let closed = if place.contains('{') { "} }" } else { "}" };
    let names = if selection.contains("...Names") {
        "fragment Names on Transaction { account { name } category { id name } }"
    } else {
        ""
    };
    let kind =
        if selection.contains("...Kind") { "fragment Kind on Transaction { account { kind } }" } else { "" };
    let query =
        format!("{{ transactions(first: 100) {{ {place} {{ {selection} {closed} }} }} {names} {kind}");
    let data = person.data(&query, json!({})).await;
    let page = &data["transactions"];
    match (&page["nodes"], &page["edges"]) {
        (Value::Array(nodes), _) => nodes.clone(),
        (_, edges) => edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect(),
    }
}

/// True when `whole` says all that `part` says.
fn agrees(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|other| agrees(value, other)))
        }
        _ => part == whole,
    }
}
