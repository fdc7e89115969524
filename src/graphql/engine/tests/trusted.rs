//! Trusted documents: which manifests a server starts with, and what is answered then.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::graphql::guard::source::id_of;

const COUNT: &str = "query Count($number: Int!) { count(number: $number) }";
const BOTH: &str = "query A { hello } mutation B { increment }";

fn manifest(folder: &TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("documents.json");
    std::fs::write(&file, text).unwrap();
    file
}

fn of(texts: &[&str]) -> String {
    let entries = texts.iter().map(|text| (id_of(text), json!(text)));
    Value::Object(entries.collect()).to_string()
}

fn trusting(texts: &[&str], only: bool) -> Engine {
    let folder = TempDir::new().unwrap();
    engine(limits()).trusting(&[manifest(&folder, &of(texts))], only).unwrap()
}

fn why_not(text: &str) -> String {
    let folder = TempDir::new().unwrap();
    let file = manifest(&folder, text);
    let refused = engine(limits()).trusting(std::slice::from_ref(&file), false);
    let sentence = refused.err().unwrap_or_else(|| panic!("{text} was taken")).to_string();
    assert!(sentence.contains(&file.display().to_string()), "{sentence}");
    sentence
}

async fn by_id(engine: &Engine, text: &str, variables: Value) -> (Outcome, Value) {
    let incoming = Incoming { document: DocumentSource::Id(id_of(text)), ..asking("", &variables) };
    let answer = engine.execute(incoming, Allowed::QueriesAndMutations, nobody()).await;
    (answer.outcome, serde_json::from_slice(&answer.body).unwrap())
}

#[tokio::test]
async fn a_document_is_answered_by_its_id_like_by_its_text() {
    let engine = trusting(&[COUNT, BOTH], false);
    let (_, body) = by_id(&engine, COUNT, json!({ "number": 3 })).await;
    assert_eq!(body, json!({ "data": { "count": 3 } }));
    let (outcome, _) = by_id(&engine, COUNT, json!({ "number": "three" })).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::BadUserInput), "variables are coerced");
    let (outcome, _) = by_id(&engine, COUNT, json!({ "number": "\u{0}" })).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::BadUserInput), "and looked through");
    let (outcome, _) = by_id(&engine, BOTH, json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::OperationResolutionFailure));
    let mutation = Incoming {
        document: DocumentSource::Id(id_of(BOTH)),
        operation_name: Some("B".to_owned()),
        ..Incoming::default()
    };
    let answer = engine.execute(mutation, Allowed::Queries, nobody()).await;
    assert_eq!(answer.outcome, Outcome::Refused(RequestCode::MethodNotAllowed));
    let (outcome, _) = by_id(&engine, "{ hello }", json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::PersistedQueryNotFound));
    let (outcome, _) = answer_of(&engine, "{ hello }", json!({})).await;
    assert_eq!(outcome, Outcome::Executed, "texts are answered as before");
}

#[tokio::test]
async fn a_trusted_document_pays_its_price_like_any_other() {
    let page = "query ($first: Int!) { items(first: $first) { nodes { id } } }";
    let engine = trusting(&[page], false);
    let (outcome, _) = by_id(&engine, page, json!({ "first": 5_000 })).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::QueryTooComplex));
}

#[tokio::test]
async fn only_these_means_that_no_other_text_is_answered() {
    let engine = trusting(&[COUNT], true);
    let (_, body) = answer_of(&engine, COUNT, json!({ "number": 1 })).await;
    assert_eq!(body, json!({ "data": { "count": 1 } }), "the text of a trusted one is");
    for text in ["{ hello }", "{ __schema { queryType { name } } }", "{ nothing", &format!("{COUNT} ")] {
        let (outcome, body) = answer_of(&engine, text, json!({ "number": 1 })).await;
        assert_eq!(outcome, Outcome::Refused(RequestCode::Forbidden), "{text}: {body}");
    }
    let (outcome, _) = by_id(&engine, "{ hello }", json!({})).await;
    assert_eq!(outcome, Outcome::Refused(RequestCode::PersistedQueryNotFound));
}

#[tokio::test]
async fn a_hash_without_a_text_is_answered_with_the_sentence_that_its_clients_know() {
    let incoming = Incoming { document: DocumentSource::Hash, ..Incoming::default() };
    let answer = engine(limits()).execute(incoming, Allowed::Queries, nobody()).await;
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let error = json!({ "message": "PersistedQueryNotSupported", "extensions": { "code": "PERSISTED_QUERY_NOT_FOUND" } });
    assert_eq!(body, json!({ "errors": [error] }));
}

#[tokio::test]
async fn several_manifests_are_read_as_one() {
    let folder = TempDir::new().unwrap();
    let (old, new) = (folder.path().join("old.json"), folder.path().join("new.json"));
    std::fs::write(&old, of(&[COUNT, BOTH])).unwrap();
    std::fs::write(&new, of(&[COUNT, "{ hello }"])).unwrap();
    let engine = engine(limits()).trusting(&[old, new], true).unwrap();
    assert_eq!(by_id(&engine, "{ hello }", json!({})).await.0, Outcome::Executed);
    assert_eq!(by_id(&engine, COUNT, json!({ "number": 1 })).await.0, Outcome::Executed);
}

#[test]
fn a_manifest_that_cannot_be_used_is_named_with_its_entry() {
    let gone = PathBuf::from("/nowhere/documents.json");
    let sentence = engine(limits()).trusting(&[gone], false).err().unwrap().to_string();
    assert!(sentence.contains("/nowhere/documents.json, which cannot be read"), "{sentence}");
    for text in ["", "[]", "{", "\"text\""] {
        assert!(why_not(text).contains("no JSON object of ids and texts"), "{text}");
    }
    let number = why_not(&json!({ "sha256:00": 1 }).to_string());
    assert!(number.contains("the value of sha256:00 is no text"), "{number}");
    let id = id_of("{ hello }");
    let wrong = why_not(&json!({ &id: "{ hello } " }).to_string());
    assert!(wrong.contains(&id) && wrong.contains(&id_of("{ hello } ")), "{wrong}");
}

#[test]
fn every_document_that_would_be_refused_is_named() {
    let aliases: String =
        (0..31).fold("{".to_owned(), |text, number| format!("{text} a{number}: hello")) + "}";
    let long = format!("{{ hello }} # {}", "x".repeat(40_000));
    let bad = ["{ nothing }", "{ hello", "{ word(word: \"\0\") }", &aliases, &long];
    let sentence = why_not(&of(&[&bad[..], &["{ hello }"]].concat()));
    for text in bad {
        assert!(sentence.contains(&id_of(text)), "{text}: {sentence}");
    }
    assert!(!sentence.contains(&id_of("{ hello }")), "{sentence}");
    assert!(sentence.contains("nothing") && sentence.contains("line 1, column 3"), "{sentence}");
}
