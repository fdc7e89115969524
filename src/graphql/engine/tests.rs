//! What the engine and its guard promise, and how the tests ask.

mod allowance;
mod arbitrary;
mod at_once;
mod coercion;
mod document;
mod errors;
mod facts;
mod generated;
mod introspection;
mod limits;
mod price;
mod trusted;
mod values;
mod variables;

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::test_schema::{bare, engine, limits};
use super::*;
use crate::graphql::guard::limits::Introspection;
use crate::viewer::{Credential, Role};

fn nobody() -> Caller {
    Caller { viewer: None, address: None, user_agent: None, request_id: Uuid::from_u128(7), good_for: None }
}

fn somebody() -> Caller {
    let request_id = Uuid::from_u128(8);
    let viewer = Viewer {
        user_id: Uuid::from_u128(1),
        role: Role::User,
        credential: Credential::Session(Uuid::from_u128(2)),
        scopes: crate::viewer::Scopes::ALL,
        address: None,
        request_id,
    };
    Caller { viewer: Some(viewer), address: None, user_agent: None, request_id, good_for: None }
}

fn asking(query: &str, variables: &Value) -> Incoming {
    Incoming {
        document: DocumentSource::Text(query.to_owned()),
        variables: variables.as_object().cloned().unwrap_or_default(),
        ..Incoming::default()
    }
}

async fn answer_of(engine: &Engine, query: &str, variables: Value) -> (Outcome, Value) {
    let answer = engine.execute(asking(query, &variables), Allowed::QueriesAndMutations, nobody()).await;
    (answer.outcome, serde_json::from_slice(&answer.body).unwrap())
}

async fn ask(query: &str, variables: Value) -> (Outcome, Value) {
    answer_of(&engine(limits()), query, variables).await
}

async fn data(query: &str, variables: Value) -> Value {
    let (outcome, body) = ask(query, variables).await;
    assert_eq!(outcome, Outcome::Executed, "{query}: {body}");
    assert_eq!(body.get("errors"), None, "{query}");
    body["data"].clone()
}

async fn refused(query: &str, variables: Value) -> (RequestCode, Value) {
    let (outcome, body) = ask(query, variables).await;
    let Outcome::Refused(code) = outcome else { panic!("{query} was not refused: {body}") };
    assert_eq!(body.get("data"), None, "a refused request has no data");
    assert_eq!(body["errors"][0]["extensions"]["code"], code.as_str());
    (code, body)
}

async fn refusal(query: &str, variables: Value) -> RequestCode {
    refused(query, variables).await.0
}
