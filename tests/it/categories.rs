//! Categories: made, changed and deleted by their owner, in a tree that stays one.

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};
use crate::support::mutation::refusal;
use crate::support::statements;

async fn below(person: &Person<'_>, name: &str, parent: &Value) -> Value {
    let input = json!({ "name": name, "kind": "EXPENSE", "parentId": parent });
    person.done("createCategory", input, "category { id }").await["category"]["id"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_is_made_with_what_was_given_and_what_is_wrong_is_named() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let wanted = "category { name kind colour icon parent { id } }";
    let input = json!({ "name": "  Bikes ", "kind": "EXPENSE", "colour": "#AABBCC", "icon": "bike" });
    let made = ana.done("createCategory", input, wanted).await;
    let category =
        json!({ "name": "Bikes", "kind": "EXPENSE", "colour": "#aabbcc", "icon": "bike", "parent": null });
    assert_eq!(made["category"], category);
    for (input, field, code) in [
        (json!({ "name": "bikes", "kind": "EXPENSE" }), "name", "TAKEN"),
        (json!({ "name": " ", "kind": "EXPENSE" }), "name", "TOO_SHORT"),
        (json!({ "name": "x".repeat(101), "kind": "EXPENSE" }), "name", "TOO_LONG"),
        (json!({ "name": "a\u{7}b", "kind": "EXPENSE" }), "name", "INVALID"),
        (json!({ "name": "New", "kind": "EXPENSE", "colour": "red" }), "colour", "INVALID"),
        (json!({ "name": "New", "kind": "EXPENSE", "icon": "x".repeat(51) }), "icon", "TOO_LONG"),
        (json!({ "name": "New", "kind": "EXPENSE", "parentId": "nonsense" }), "parentId", "NOT_FOUND"),
    ] {
        assert_eq!(ana.refused("createCategory", input).await, refusal(field, code));
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_is_left_and_what_is_null_is_cleared() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let top = ana.category("Sport", "EXPENSE").await;
    let id = below(&ana, "Bikes", &top).await;
    let wanted = "category { name colour parent { id } }";
    let coloured = json!({ "id": id, "colour": "#112233", "name": "Cycling" });
    let now = ana.done("updateCategory", coloured, wanted).await;
    assert_eq!(now["category"], json!({ "name": "Cycling", "colour": "#112233", "parent": { "id": top } }));
    let cleared = json!({ "id": id, "colour": null, "parentId": null });
    let now = ana.done("updateCategory", cleared, wanted).await;
    assert_eq!(now["category"], json!({ "name": "Cycling", "colour": null, "parent": null }));
    let unchanged = ana.done("updateCategory", json!({ "id": id }), wanted).await;
    assert_eq!(unchanged["category"]["name"], "Cycling");
    assert_eq!(
        ana.refused("updateCategory", json!({ "id": id, "name": null })).await,
        refusal("name", "INVALID")
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_no_circle_and_one_kind_a_branch() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let top = ana.category("Sport", "EXPENSE").await;
    let middle = below(&ana, "Bikes", &top).await;
    let bottom = below(&ana, "Tyres", &middle).await;
    let pay = ana.category("Pay", "INCOME").await;
    for (input, field, code) in [
        (json!({ "id": top, "parentId": bottom }), "parentId", "INVALID"),
        (json!({ "id": top, "parentId": top }), "parentId", "INVALID"),
        (json!({ "id": bottom, "parentId": pay }), "parentId", "INVALID"),
        (json!({ "id": bottom, "kind": "INCOME" }), "parentId", "INVALID"),
        (json!({ "id": top, "kind": "INCOME" }), "kind", "IN_USE"),
    ] {
        assert_eq!(ana.refused("updateCategory", input).await, refusal(field, code));
    }
    let other = json!({ "name": "Bonus", "kind": "EXPENSE", "parentId": pay });
    assert_eq!(ana.refused("createCategory", other).await, refusal("parentId", "INVALID"));
    let moved = json!({ "id": bottom, "parentId": pay, "kind": "INCOME" });
    ana.done("updateCategory", moved, "category { id }").await;
    let mut above = top.clone();
    for level in 2..=8 {
        above = below(&ana, &format!("Level {level}"), &above).await;
    }
    let deeper = json!({ "name": "Level 9", "kind": "EXPENSE", "parentId": above });
    assert_eq!(ana.refused("createCategory", deeper).await, refusal("parentId", "LIMIT_EXCEEDED"));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_at_once_make_no_circle() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (one, two) = (ana.category("One", "EXPENSE").await, ana.category("Two", "EXPENSE").await);
    let first = ana.mutate("updateCategory", json!({ "id": one, "parentId": two }), "");
    let second = ana.mutate("updateCategory", json!({ "id": two, "parentId": one }), "");
    let (first, second) = tokio::join!(first, second);
    let refused = [first, second].iter().filter(|payload| payload["userErrors"] != json!([])).count();
    assert_eq!(refused, 1);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_category_asks_where_its_transactions_and_children_go() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = ana.account("Giro", "EUR").await;
    let (sport, other) = (ana.category("Sport", "EXPENSE").await, ana.category("Leisure", "EXPENSE").await);
    let child = below(&ana, "Bikes", &sport).await;
    let booked = ana.book(&account, "-5", "2026-11-01", Some(&sport)).await;
    assert_eq!(
        ana.refused("deleteCategory", json!({ "id": sport })).await,
        refusal("transactionsTo", "IN_USE")
    );
    let to_other = json!({ "categoryId": other });
    for (input, field, code) in [
        (json!({ "id": sport, "transactionsTo": to_other }), "childrenTo", "IN_USE"),
        (json!({ "id": sport, "transactionsTo": { "categoryId": sport } }), "transactionsTo", "INVALID"),
        (json!({ "id": sport, "transactionsTo": { "nowhere": false } }), "transactionsTo", "INVALID"),
        (json!({ "id": sport, "transactionsTo": { "categoryId": account } }), "transactionsTo", "NOT_FOUND"),
        (
            json!({ "id": sport, "transactionsTo": to_other, "childrenTo": { "categoryId": child } }),
            "childrenTo",
            "INVALID",
        ),
    ] {
        assert_eq!(ana.refused("deleteCategory", input).await, refusal(field, code));
    }
    let input = json!({ "id": sport, "transactionsTo": to_other, "childrenTo": { "nowhere": true } });
    let deleted = ana.done("deleteCategory", input, "deletedCategoryId").await;
    assert_eq!(deleted["deletedCategoryId"], sport);
    let query = "query ($a: ID!, $b: ID!, $c: ID!) { transaction(id: $a) { category { id } editedFields }
        category(id: $b) { parent { id } } gone: category(id: $c) { id } }";
    let data = ana.data(query, json!({ "a": booked, "b": child, "c": sport })).await;
    let wanted = json!({ "transaction": { "category": { "id": other }, "editedFields": ["CATEGORY"] },
        "category": { "parent": null }, "gone": null });
    assert_eq!(data, wanted);
    let nowhere = json!({ "id": other, "transactionsTo": { "nowhere": true } });
    ana.done("deleteCategory", nowhere, "").await;
    let data =
        ana.data("query ($a: ID!) { transaction(id: $a) { category { id } } }", json!({ "a": booked })).await;
    assert_eq!(data["transaction"]["category"], Value::Null);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_category_is_answered_like_one_that_never_was() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    let anas = ana.category("Sport", "EXPENSE").await;
    let bobs = bob.category("Sport", "EXPENSE").await;
    let count = "SELECT md5(string_agg(c::text, ',' ORDER BY id)) AS text FROM categories c";
    let before = test.texts(count).await;
    for stranger in [&bob, &admin] {
        assert_eq!(
            stranger.refused("updateCategory", json!({ "id": anas, "name": "X" })).await,
            refusal("id", "NOT_FOUND")
        );
        assert_eq!(
            stranger.refused("deleteCategory", json!({ "id": anas })).await,
            refusal("id", "NOT_FOUND")
        );
    }
    let below = json!({ "name": "X", "kind": "EXPENSE", "parentId": anas });
    assert_eq!(bob.refused("createCategory", below).await, refusal("parentId", "NOT_FOUND"));
    let moved = json!({ "id": bobs, "parentId": anas });
    assert_eq!(bob.refused("updateCategory", moved).await, refusal("parentId", "NOT_FOUND"));
    let deleted = json!({ "id": bobs, "transactionsTo": { "categoryId": anas } });
    assert_eq!(bob.refused("deleteCategory", deleted).await, refusal("transactionsTo", "NOT_FOUND"));
    assert_eq!(test.texts(count).await, before);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_are_filtered_and_ordered_and_lead_to_what_is_in_them() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = ana.account("Giro", "EUR").await;
    let sport = ana.category("Sport", "EXPENSE").await;
    let children = [below(&ana, "Bikes", &sport).await, below(&ana, "Skis", &sport).await];
    let days = ["2026-11-03", "2026-11-01", "2026-11-02"];
    for day in days {
        ana.book(&account, "-5", day, Some(&sport)).await;
    }
    let query = "query ($id: ID!) { category(id: $id) { children(first: 1) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
        transactions(first: 2) { totalCount nodes { bookedOn } pageInfo { hasNextPage endCursor } } } }";
    let data = ana.data(query, json!({ "id": sport })).await;
    let category = &data["category"];
    assert_eq!(
        (&category["children"]["totalCount"], &category["children"]["nodes"][0]["id"]),
        (&json!(2), &children[0])
    );
    let transactions = &category["transactions"];
    assert_eq!(transactions["nodes"], json!([{ "bookedOn": "2026-11-03" }, { "bookedOn": "2026-11-02" }]));
    assert_eq!(
        (&transactions["totalCount"], &transactions["pageInfo"]["hasNextPage"]),
        (&json!(3), &json!(true))
    );
    let next = "query ($id: ID!, $after: String) { category(id: $id) { transactions(after: $after) { nodes { bookedOn } } } }";
    let rest = ana.data(next, json!({ "id": sport, "after": transactions["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["category"]["transactions"]["nodes"], json!([{ "bookedOn": "2026-11-01" }]));
    let query = "query ($filter: CategoryFilter) { categories(filter: $filter, orderBy: CREATED_AT_DESC) { nodes { id } } }";
    let ids = async |filter: Value| {
        let data = ana.data(query, json!({ "filter": filter })).await;
        data["categories"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(json!({ "parentIds": [sport] })).await, [children[1].clone(), children[0].clone()]);
    assert_eq!(ids(json!({ "text": "sKi" })).await, [children[1].clone()]);
    assert_eq!(ids(json!({ "kinds": ["TRANSFER"] })).await.len(), 1);
    assert_eq!(ids(json!({ "isAtTop": false })).await.len(), 2);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_many_rows_takes_as_many_statements_as_what_hangs_on_one() {
    statements::watch();
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for number in 0..8 {
        let account = ana.account(&format!("Account {number}"), "EUR").await;
        let category = ana.category(&format!("Category {number}"), "EXPENSE").await;
        below(&ana, "Below", &category).await;
        ana.book(&account, "-5", "2026-11-01", Some(&category)).await;
    }
    let listen = async |first: i32| {
        test.take_statements();
        let query = "query ($first: Int!) { categories(last: $first, filter: { isAtTop: true }) { nodes {
            children(first: 1) { totalCount nodes { id } } transactions(first: 2) { totalCount nodes { id } } } }
            accounts(first: $first) { nodes { balance { amount } masks { mask } transactions(first: 2) { totalCount nodes { id } } } } }";
        let data = ana.data(query, json!({ "first": first })).await;
        assert_eq!(data["categories"]["nodes"][0]["transactions"]["totalCount"], 1);
        test.take_statements()
    };
    let (few, many) = (listen(1).await, listen(8).await);
    assert!(many.len() <= few.len() + 2, "{few:#?} {many:#?}");
    test.run_jobs().await;
    test.finish().await;
}
