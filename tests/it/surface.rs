//! The schema from the outside: whose rows it shows, how pages are walked, what a page costs, and what a wrong input answers.

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};
use crate::support::statements;
use crate::worker_faults::connect;

/// The statements that a query takes, whatever they are about; and what it answers.
async fn listen(test: &TestApp, person: &Person<'_>, query: &str) -> (Vec<String>, Value) {
    // Who asks is found out once every few seconds, whatever is asked.
    person.data("{ __typename }", json!({})).await;
    test.take_statements();
    let data = person.data(query, json!({})).await;
    (test.take_statements(), data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_takes_one_statement_for_each_relation_whatever_its_length() {
    statements::watch();
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    let purchases = connect(&test, &ana, "ana", 120).await;
    ana.fetch(purchases).await;
    test.run_jobs().await;
    let query = "{ transactions(first: 100) { nodes { id amount { amount currency }
        category { name } account { id name } email { subject } } } }";
    let (statements, _) = listen(&test, &ana, query).await;
    assert_eq!(statements.len(), 3, "page with names, links to mails, mails: {statements:#?}");
    let query = "{ transactions(first: 100) { nodes { id amount { amount currency }
        category { name kind } account { name kind } email { subject } } } }";
    let (statements, data) = listen(&test, &ana, query).await;
    assert!(data["transactions"]["nodes"].as_array().unwrap().len() == 100);
    assert_eq!(statements.len(), 5, "page, categories, accounts, links to mails, mails: {statements:#?}");
    let (statements, _) = listen(&test, &ana, "{ transactions(first: 1) { totalCount } }").await;
    assert_eq!(statements.len(), 2, "{statements:#?}");
    let query = "{ emails(first: 100) { nodes { transactions(first: 2) { nodes { merchant } pageInfo { hasNextPage } } } } }";
    let (statements, data) = listen(&test, &ana, query).await;
    assert!(data["emails"]["nodes"].as_array().unwrap().len() == 100);
    assert_eq!(statements.len(), 3, "page, what was seen in the mails, transactions: {statements:#?}");
    let query = "{ emails(first: 30) { nodes { transactions(first: 1) { totalCount } } } }";
    let (statements, data) = listen(&test, &ana, query).await;
    let counts =
        data["emails"]["nodes"].as_array().unwrap().iter().map(|mail| &mail["transactions"]["totalCount"]);
    assert!(counts.into_iter().any(|count| count == 1), "{data}");
    // The mails of no transaction may be counted before the others: they wait for none.
    assert!((4..=5).contains(&statements.len()), "those, and the counts: {statements:#?}");
    test.finish().await;
}

/// One id of each type of object that `ana` has.
fn ids(data: &Value) -> Vec<Value> {
    let first = |list: &str| data["me"][list]["nodes"][0]["id"].clone();
    let lists = ["categories", "accounts", "transactions", "connectedAccounts", "emails", "jobs"];
    let mut ids: Vec<Value> = lists.into_iter().map(first).collect();
    ids.push(data["me"]["transactions"]["nodes"][0]["extraction"]["id"].clone());
    ids.push(first("sessions"));
    ids.push(data["me"]["id"].clone());
    assert!(ids.iter().all(Value::is_string), "{ids:?}");
    ids
}

const EVERYTHING: &str = "{ me { id categories(first: 1) { nodes { id } } accounts(first: 1) { nodes { id } }
    transactions(first: 1) { nodes { id extraction { id } } } connectedAccounts(first: 1) { nodes { id } }
    emails(first: 1) { nodes { id } } jobs(first: 1) { nodes { id } } sessions(first: 1) { nodes { id } } } }";
const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
const TOTALS: &str = "{ accounts { totalCount } transactions { totalCount } connectedAccounts { totalCount }
    emails { totalCount } }";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_absent_and_an_admin_sees_it() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    ana.fetch_demo().await;
    test.run_jobs().await;
    let ids = ids(&ana.data(EVERYTHING, json!({})).await);
    let own = ana.data(NODES, json!({ "ids": ids })).await;
    let types: Vec<&str> =
        own["nodes"].as_array().unwrap().iter().map(|node| node["__typename"].as_str().unwrap()).collect();
    let wanted = [
        "Category",
        "Account",
        "Transaction",
        "ConnectedAccount",
        "Email",
        "Job",
        "Extraction",
        "Session",
        "User",
    ];
    assert_eq!(types, wanted);
    let found: Vec<&Value> = own["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
    assert_eq!(found, ids.iter().collect::<Vec<_>>());

    // An id that is there again is answered again, in its place.
    let again = json!([ids[1], "nonsense", ids[0], ids[1]]);
    let repeated = ana.data(NODES, json!({ "ids": again })).await;
    let nodes = &own["nodes"];
    assert_eq!(repeated["nodes"], json!([nodes[1], null, nodes[0], nodes[1]]));

    let strangers = bob.data(NODES, json!({ "ids": ids })).await;
    assert_eq!(strangers["nodes"], json!(vec![Value::Null; ids.len()]));
    let totals = bob.data(TOTALS, json!({})).await;
    assert!(totals.as_object().unwrap().values().all(|list| list["totalCount"] == 0), "{totals}");
    let of_ana = "query ($id: ID!) { transactions(userId: $id) { totalCount } }";
    assert_eq!(bob.error_code(of_ana, json!({ "id": ana.id })).await, "BAD_USER_INPUT");
    assert_eq!(test.nobody().error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    assert_eq!(test.nobody().error_code(node, json!({ "id": ids[0] })).await, "UNAUTHENTICATED");

    let admin = test.register_admin("root").await;
    assert_eq!(admin.data(NODES, json!({ "ids": ids })).await, own);
    let mine = admin.data("{ me { transactions { totalCount } } }", json!({})).await;
    assert_eq!(mine["me"]["transactions"]["totalCount"], 0);
    let seen = admin.data(of_ana, json!({ "id": ana.id })).await;
    assert!(seen["transactions"]["totalCount"].as_u64().unwrap() > 40);
    test.run_jobs().await;
    test.finish().await;
}

/// All rows of the list at `path`, page by page; `query` gives the next page's cursor under the name `at`.
async fn walk(person: &Person<'_>, query: &str, path: &[&str], id: &Value, is_back: bool) -> Vec<Value> {
    let (mut seen, mut at) = (Vec::new(), Value::Null);
    loop {
        let data = person.data(query, json!({ "id": id, "at": at })).await;
        let page = path.iter().fold(&data, |value, name| &value[name]);
        let mut rows = page["nodes"].as_array().unwrap().clone();
        if is_back {
            rows.append(&mut seen);
            seen = rows;
        } else {
            seen.append(&mut rows);
        }
        if page["pageInfo"]["more"] == json!(false) {
            return seen;
        }
        at = page["pageInfo"]["at"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_walk_the_ledger_both_ways_and_see_each_row_once() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let whole = ana.data("{ transactions(first: 100) { nodes { id } } }", json!({})).await;
    let whole = whole["transactions"]["nodes"].as_array().unwrap().clone();
    let ahead = "query ($at: String) { transactions(first: 7, after: $at) { nodes { id }
        pageInfo { more: hasNextPage at: endCursor } } }";
    let back = "query ($at: String) { transactions(last: 7, before: $at) { nodes { id }
        pageInfo { more: hasPreviousPage at: startCursor } } }";
    for (query, is_back) in [(ahead, false), (back, true)] {
        assert_eq!(walk(&ana, query, &["transactions"], &Value::Null, is_back).await, whole);
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transactions_of_a_mail_are_pages_like_any_list() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    // One mail of everything, as a long statement is.
    let newest = "SELECT id FROM emails ORDER BY received_at DESC, id DESC LIMIT 1";
    test.execute(&format!("UPDATE sightings SET event_key = id::text, email_id = ({newest})")).await;
    let query = "{ emails(first: 2) { nodes { id transactions(first: 100) { totalCount nodes { id } } } } }";
    let data = ana.data(query, json!({})).await;
    let (long, empty) = (&data["emails"]["nodes"][0], &data["emails"]["nodes"][1]);
    let rows = long["transactions"]["nodes"].as_array().unwrap();
    assert!(rows.len() > 40 && long["transactions"]["totalCount"] == rows.len(), "{long}");
    assert_eq!(empty["transactions"], json!({ "totalCount": 0, "nodes": [] }));
    let ahead = "query ($id: ID!, $at: String) { email(id: $id) { transactions(first: 7, after: $at) {
        nodes { id } pageInfo { more: hasNextPage at: endCursor } } } }";
    let back = "query ($id: ID!, $at: String) { email(id: $id) { transactions(last: 7, before: $at) {
        nodes { id } pageInfo { more: hasPreviousPage at: startCursor } } } }";
    for (query, is_back) in [(ahead, false), (back, true)] {
        let path = ["email", "transactions"];
        assert_eq!(&walk(&ana, query, &path, &long["id"], is_back).await, rows);
    }
    let wrong = "query ($id: ID!) { email(id: $id) { subject transactions(first: 101) { nodes { id } } } }";
    let answer = ana.ask(wrong, json!({ "id": long["id"] })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert!(answer["data"]["email"]["subject"].is_string(), "{answer}");
    let endless =
        "{ emails(first: 20) { nodes { transactions(first: 20) { nodes { email { transactions(first: 20) {
        nodes { email { subject } } } } } } } } }";
    assert_eq!(ana.error_code(endless, json!({})).await, "QUERY_TOO_COMPLEX");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_page_or_filter_is_the_callers_mistake() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for arguments in [
        "first: 0",
        "first: 101",
        "last: -1",
        "first: 1, last: 1",
        "after: \"nonsense\"",
        "before: \"AAAA\"",
        "filter: { minAmount: \"much\" }",
        "filter: { bookedFrom: \"yesterday\" }",
        "filter: { accountIds: [\"AQ\"] }",
        "filter: { text: \"a\\u0000b\" }",
    ] {
        let query = format!("{{ transactions({arguments}) {{ nodes {{ id }} }} }}");
        assert_eq!(ana.error_code(&query, json!({})).await, "BAD_USER_INPUT", "{arguments}");
    }
    let query = "query ($text: String) { emails(filter: { text: $text }) { nodes { id } } }";
    assert_eq!(ana.error_code(query, json!({ "text": "a\u{0}b" })).await, "BAD_USER_INPUT");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_trigger_returns_the_active_job() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let extract = "mutation ($user: ID) { extractEmails(input: { userId: $user }) {
        job { id user { id } } isDeduplicated userErrors { code field } } }";
    let first = ana.data(extract, json!({})).await;
    let second = ana.data(extract, json!({})).await;
    assert_eq!(first["extractEmails"]["isDeduplicated"], false);
    assert_eq!(second["extractEmails"]["isDeduplicated"], true);
    assert_eq!(first["extractEmails"]["job"], second["extractEmails"]["job"]);
    let strange = bob.data(extract, json!({ "user": ana.id })).await;
    let unknown = json!([{ "code": "NOT_FOUND", "field": ["userId"] }]);
    assert_eq!(strange["extractEmails"]["userErrors"], unknown);
    let fetch = "mutation ($id: ID!) { fetchEmails(input: { source: { connectedAccountId: $id } }) {
        job { id } userErrors { code field } } }";
    // An id of another type is as good as none.
    let wrong = ana.data(fetch, json!({ "id": ana.id })).await;
    let unknown = json!([{ "code": "NOT_FOUND", "field": ["source", "connectedAccountId"] }]);
    assert_eq!(wrong["fetchEmails"]["userErrors"], unknown);
    let admin = test.register_admin("root").await;
    let for_ana = admin.data(extract, json!({ "user": ana.id })).await;
    assert_eq!(for_ana["extractEmails"]["job"], first["extractEmails"]["job"]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_the_readme_and_introspection_pass_every_limit() {
    let test = TestApp::start().await;
    let readme = include_str!("../../README.md");
    let bodies = readme.lines().filter_map(|line| line.strip_prefix("ask '")?.split('\'').next());
    let queries: Vec<String> = bodies
        .map(|body| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["query"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(queries.len() >= 8 && queries[0].contains("register"), "{queries:?}");
    test.nobody().data(&queries[0], json!({})).await;
    let ana = test.sign_in_with("ana", "correct horse battery").await;
    test.write_import_file("ana", "takeout.mbox", &crate::worker_faults::mailbox(2));
    for query in &queries[1..] {
        let data = ana.data(query, json!({})).await;
        let refused = data.as_object().unwrap().values().find(|field| field["userErrors"][0].is_object());
        assert_eq!(refused, None, "{query}");
        test.run_jobs().await;
    }
    let of_file = "SELECT count(*) AS number FROM emails WHERE message_id LIKE 'purchase-%'";
    assert_eq!(test.number(of_file).await, 2, "the user's own file is read");
    let introspection = include_str!("../../src/graphql/engine/tests/introspection.graphql");
    let schema = ana.data(introspection, json!({})).await;
    assert_eq!(schema["__schema"]["queryType"]["name"], "Query");
    test.finish().await;
}
