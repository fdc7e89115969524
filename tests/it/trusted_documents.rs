//! Trusted documents from the outside: the client's own manifest, answered by id over every transport, and nothing else.

use std::path::Path;

use pennypost::config::TrustedDocumentSettings;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::event_stream::EventStream;
use crate::support::socket::Said;

const GRAPHQL: &str = "application/graphql-response+json";
const UNKNOWN: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A server that answers the documents of the client of this version, and no other.
async fn only_these() -> TestApp {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend-codegen/src/generated/persisted-documents.json");
    TestApp::start_with(|app| {
        app.config.trusted_documents = TrustedDocumentSettings { manifests: vec![manifest], only: true };
    })
    .await
}

/// The id and the text of the client's operation.
fn document(operation: &str) -> (String, String) {
    let manifest = include_str!("../../frontend-codegen/src/generated/persisted-documents.json");
    let manifest: serde_json::Map<String, Value> = serde_json::from_str(manifest).unwrap();
    let (id, text) = manifest
        .into_iter()
        .find(|(_, text)| {
            let text = text.as_str().unwrap();
            ["query", "mutation", "subscription"].iter().any(|kind| {
                [" {", "("].iter().any(|next| text.contains(&format!("{kind} {operation}{next}")))
            })
        })
        .unwrap();
    (id, text.as_str().unwrap().to_owned())
}

struct Asking<'a> {
    test: &'a TestApp,
    token: String,
    client: Client,
}

impl Asking<'_> {
    fn send(&self, accept: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(format!("{}/graphql", self.test.address)).header("accept", accept);
        request.bearer_auth(&self.token).json(body)
    }

    async fn post(&self, accept: &str, body: Value) -> (u16, Value) {
        read(self.send(accept, &body).send().await.unwrap()).await
    }

    async fn get(&self, accept: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let mut address = reqwest::Url::parse(&format!("{}/graphql", self.test.address)).unwrap();
        address.query_pairs_mut().extend_pairs(parameters);
        let request = self.client.get(address).header("accept", accept).bearer_auth(&self.token);
        read(request.send().await.unwrap()).await
    }

    async fn stream(&self, body: Value) -> EventStream {
        EventStream::of(self.send("text/event-stream", &body).send().await.unwrap())
    }
}

async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// Somebody who has registered, by the ids of the client's own documents.
async fn register(test: &TestApp) -> Asking<'_> {
    let nobody = Asking { test, token: String::new(), client: Client::builder().no_proxy().build().unwrap() };
    let input = json!({
        "username": "ana", "email": "ana@mail.example", "password": "a rather long pass phrase",
        "timeZone": "Europe/Berlin",
    });
    let body = json!({ "documentId": document("Register").0, "variables": { "input": input } });
    let request = nobody.client.post(format!("{}/graphql", test.address)).json(&body);
    let (_, answer) = read(request.send().await.unwrap()).await;
    let token = answer["data"]["register"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
    Asking { token: token.to_owned(), ..nobody }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_answered_by_its_id_over_every_transport() {
    let test = only_these().await;
    let ana = register(&test).await;
    let (me, _) = document("Me");
    for accept in [GRAPHQL, "application/json"] {
        let (status, answer) = ana.post(accept, json!({ "documentId": me, "operationName": "Me" })).await;
        assert_eq!((status, &answer["data"]["me"]["username"]), (200, &json!("ana")), "{answer}");
        let (status, answer) = ana.get(accept, &[("documentId", &me), ("operationName", "")]).await;
        assert_eq!((status, &answer["data"]["me"]["username"]), (200, &json!("ana")), "{answer}");
    }
    let (logout, _) = document("Logout");
    assert_eq!(ana.get(GRAPHQL, &[("documentId", &logout)]).await.0, 405, "GET changes nothing");
    let mut stream = ana.stream(json!({ "documentId": me })).await;
    assert_eq!(stream.next().await.unwrap()["data"]["me"]["username"], "ana");
    assert_eq!(stream.next().await, None);
    let mut socket = test.holder_of(&ana.token).socket().await;
    let subscribe = |payload: Value| json!({ "id": "x", "type": "subscribe", "payload": payload });
    socket.say(subscribe(json!({ "documentId": me }))).await;
    assert_eq!(socket.next("x").await.unwrap()["data"]["me"]["username"], "ana");
    assert_eq!(socket.next("x").await, None);
    // A subscription, too: this one is for admins, so it begins and is refused by its own resolver.
    let (stats, _) = document("QueueStats");
    socket.say(subscribe(json!({ "documentId": stats }))).await;
    let Said::Message(said) = socket.hear().await else { panic!("the socket is closed") };
    assert_eq!(
        (&said["type"], &said["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("FORBIDDEN"))
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_id_has_its_code_and_its_status() {
    let test = only_these().await;
    let ana = register(&test).await;
    for (accept, wanted) in [(GRAPHQL, 400), ("application/json", 200)] {
        let (status, answer) = ana.post(accept, json!({ "documentId": UNKNOWN })).await;
        assert_eq!((status, code(&answer)), (wanted, "PERSISTED_QUERY_NOT_FOUND"));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        let (status, answer) = ana.get(accept, &[("documentId", UNKNOWN)]).await;
        assert_eq!((status, code(&answer)), (wanted, "PERSISTED_QUERY_NOT_FOUND"));
        let hash = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00" } } });
        let (status, answer) = ana.post(accept, hash).await;
        assert_eq!((status, code(&answer)), (wanted, "PERSISTED_QUERY_NOT_FOUND"));
        let (me, query) = document("Me");
        for body in
            [json!({ "documentId": me, "query": query }), json!({ "documentId": "sha256:12" }), json!({})]
        {
            let (status, answer) = ana.post(accept, body).await;
            assert_eq!((status, code(&answer)), (400, "BAD_REQUEST"));
        }
    }
    let mut stream = ana.stream(json!({ "documentId": UNKNOWN })).await;
    assert_eq!(code(&stream.next().await.unwrap()), "PERSISTED_QUERY_NOT_FOUND");
    let mut socket = test.holder_of(&ana.token).socket().await;
    for payload in [json!({ "documentId": UNKNOWN }), json!({ "extensions": { "persistedQuery": {} } })] {
        socket.say(json!({ "id": "x", "type": "subscribe", "payload": payload })).await;
        let Said::Message(said) = socket.hear().await else { panic!("the socket is closed") };
        assert_eq!(said["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{said}");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_text_is_answered_and_the_page_is_gone() {
    let test = only_these().await;
    let ana = register(&test).await;
    let (_, me) = document("Me");
    assert_eq!(ana.post(GRAPHQL, json!({ "query": me })).await.0, 200, "the text of a trusted document");
    for text in ["{ me { id } }", "{ __schema { queryType { name } } }"] {
        let (status, answer) = ana.post(GRAPHQL, json!({ "query": text })).await;
        assert_eq!((status, code(&answer)), (403, "FORBIDDEN"));
        assert_eq!(test.holder_of(&ana.token).refused_stream(text, json!({})).await, 403);
        let mut socket = test.holder_of(&ana.token).socket().await;
        socket.subscribe("x", text, json!({})).await;
        let Said::Message(said) = socket.hear().await else { panic!("the socket is closed") };
        assert_eq!(said["payload"][0]["extensions"]["code"], "FORBIDDEN", "{said}");
    }
    let page = ana.client.get(format!("{}/graphiql", test.address)).send().await.unwrap();
    assert_eq!(page.status(), 404);
    test.run_jobs().await;
    test.finish().await;
}
