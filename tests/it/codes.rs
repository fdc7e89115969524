//! Every stable code, reached by a request; a code that is new and that no request reaches fails here.

mod outcomes;
mod requests;

use std::collections::BTreeSet;

use pennypost::graphql::engine::RequestCode;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::postgres::PrivatePostgres;
use requests::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_a_request_is_reached_with_its_status() {
    let scene = Scene::start().await;
    for code in RequestCode::ALL.iter().copied() {
        let (status, response) = scene.reach(code).await;
        assert_eq!((response.code.as_str(), response.status), (code.as_str(), status), "{:#}", response.body);
        response.has_what_belongs_to(code);
    }
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_an_outcome_is_reached() {
    let test = TestApp::start().await;
    let query = "{ __type(name: \"UserErrorCode\") { enumValues { name } } }";
    let listed = test.nobody().data(query, json!({})).await;
    let codes: Vec<&str> = listed["__type"]["enumValues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["name"].as_str().unwrap())
        .collect();
    assert!(codes.len() >= 10, "{codes:?}");
    let ana = test.register("ana").await;
    for code in codes {
        assert_eq!(outcomes::reach(&test, &ana, code).await, code);
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_has_stopped_is_said_to_be_away() {
    let server = PrivatePostgres::start();
    let test = TestApp::start_on(TestDatabase::create_on(server.url()).await, |_| {}).await;
    let ana = test.register("ana").await;
    let accounts = "{ accounts(first: 1) { nodes { id } } }";
    ana.data(accounts, json!({})).await;
    server.stop_at_once();
    let away = requests::Said::of(ana.post(json!({ "query": accounts }).to_string()).await).await;
    assert_eq!((away.status, away.code.as_str()), (503, "SERVICE_UNAVAILABLE"), "{:#}", away.body);
    server.restart();
    let back = requests::Said::of(ana.post(json!({ "query": accounts }).to_string()).await).await;
    assert!([200, 503].contains(&back.status), "{:#}", back.body);
    ana.data(accounts, json!({})).await;
}

/// The words in capitals of one paragraph of the README's section on errors.
fn named_in_readme(start: &str) -> BTreeSet<String> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("\n## Errors\n").unwrap();
    let paragraphs = section.split("\n## ").next().unwrap().split("\n\n");
    let paragraph = paragraphs.map(str::trim).find(|text| text.starts_with(start)).unwrap();
    let is_code = |word: &&str| {
        word.len() > 4 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let words = paragraph.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(is_code).map(str::to_owned).collect()
}

#[test]
fn the_readme_lists_every_code_and_no_other() {
    let ours: BTreeSet<String> = RequestCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(named_in_readme("Top-level errors"), ours);
    let schema = include_str!("../../schema.graphql");
    let (_, values) = schema.split_once("\nenum UserErrorCode {\n").unwrap();
    let values = values.split("\n}").next().unwrap().lines().map(str::trim);
    let is_name = |line: &&str| {
        !line.is_empty() && line.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let outcomes: BTreeSet<String> = values.filter(is_name).map(str::to_owned).collect();
    assert_eq!(named_in_readme("Expected outcomes"), outcomes);
}
