//! A request over HTTP for each code of a top-level error.

use axum::http::HeaderMap;
use diesel_async::SimpleAsyncConnection;
use pennypost::db::pool::connect;
use pennypost::graphql::engine::RequestCode;
use serde_json::{Value, json};

use crate::limits;
use crate::support::app::{Person, TestApp};

/// A server on which every code can be reached, with somebody who is signed in.
pub struct Scene {
    test: TestApp,
    token: String,
    reading_token: String,
}

/// What the server said.
pub struct Said {
    pub status: u16,
    pub code: String,
    pub body: Value,
    headers: HeaderMap,
}

impl Said {
    /// What a response says.
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body: Value = response.json().await.unwrap();
        let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
        Self { status, code, body, headers }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Holds the headers and extensions that come with a code.
    pub fn has_what_belongs_to(&self, code: RequestCode) {
        let extensions = &self.body["errors"][0]["extensions"];
        match code {
            RequestCode::RateLimited => {
                let seconds = self.header("retry-after").unwrap();
                assert!(seconds.parse::<u64>().unwrap() > 0);
                assert_eq!(extensions["retryAfterSeconds"].to_string(), seconds);
            }
            RequestCode::MethodNotAllowed => assert_eq!(self.header("allow"), Some("POST")),
            RequestCode::Unauthenticated => assert!(self.header("www-authenticate").is_some()),
            RequestCode::Internal => {
                assert_eq!(extensions["requestId"].as_str(), self.header("x-request-id"));
                let text = self.body.to_string();
                assert!(!text.contains("accounts\\\"") && !text.contains("relation"), "{text}");
            }
            _ => {}
        }
    }
}

impl Scene {
    /// A server with little patience, and with enough allowance for a hundred small requests.
    pub async fn start() -> Self {
        let settings = [
            ("REQUEST_TIMEOUT_SECONDS", "2"),
            ("BODY_TIMEOUT_SECONDS", "1"),
            ("COST_CAPACITY", "2000"),
            ("COST_RESTORED_PER_SECOND", "1"),
        ];
        let test = TestApp::start_limited(&settings).await;
        let ana = test.register("ana").await;
        let token = ana.token();
        let wanted = json!({ "name": "reader", "scopes": ["READ"] });
        let made = ana.done("createApiToken", wanted, "token").await;
        let reading_token = made["token"].as_str().unwrap().to_owned();
        Self { test, token, reading_token }
    }

    fn ana(&self) -> Person<'_> {
        self.test.holder_of(&self.token)
    }

    /// What the server says to a body.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> Said {
        Said::of(self.ana().post(body).await).await
    }

    async fn query(&self, query: &str) -> Said {
        self.post(json!({ "query": query }).to_string()).await
    }

    /// The status that belongs to a code, and what the server says to a request that should get it.
    pub async fn reach(&self, code: RequestCode) -> (u16, Said) {
        let address = &self.test.address;
        let mutation = json!({ "query": "mutation { logout { userErrors { code } } }" }).to_string();
        match code {
            RequestCode::ParseFailed => (400, self.query("{ me ").await),
            RequestCode::ValidationFailed => (400, self.query("{ nothing }").await),
            RequestCode::OperationResolutionFailure => {
                (400, self.query("query A { __typename } query B { __typename }").await)
            }
            RequestCode::BadUserInput => (400, self.query("query ($id: ID!) { node(id: $id) { id } }").await),
            RequestCode::BadRequest => (400, self.post("[]").await),
            RequestCode::UnsupportedMediaType => {
                (415, self.plain(mutation, "text/plain", "application/json").await)
            }
            RequestCode::NotAcceptable => (406, self.plain(mutation, "application/json", "text/html").await),
            RequestCode::MethodNotAllowed => {
                let get = reqwest::get(format!(
                    "{address}/graphql?query=mutation%7Blogout%7BuserErrors%7Bcode%7D%7D%7D"
                ));
                (405, Said::of(get.await.unwrap()).await)
            }
            RequestCode::PayloadTooLarge => (413, self.post("x".repeat(262_145)).await),
            RequestCode::QueryTooComplex => {
                (400, self.query("{ accounts(first: 5000) { nodes { id } } }").await)
            }
            RequestCode::PersistedQueryNotFound => {
                let unknown = format!("sha256:{}", "0".repeat(64));
                (400, self.post(json!({ "documentId": unknown }).to_string()).await)
            }
            RequestCode::Unauthenticated => {
                let stranger = self.test.holder_of("a.bad.token");
                (401, Said::of(stranger.post(mutation).await).await)
            }
            RequestCode::Forbidden => {
                let reader = self.test.holder_of(&self.reading_token);
                (403, Said::of(reader.post(mutation).await).await)
            }
            RequestCode::RateLimited => (429, self.spend().await),
            RequestCode::Timeout => (504, self.wait().await),
            RequestCode::SlowRequest => (408, self.dawdle().await),
            RequestCode::ServiceUnavailable => (503, self.take_all_connections().await),
            RequestCode::Internal => (200, self.break_a_table().await),
        }
    }

    /// What the server says to a request that is said to be of `content_type` and wants `accept`.
    async fn plain(&self, body: String, content_type: &str, accept: &str) -> Said {
        let request = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(format!("{}/graphql", self.test.address))
            .body(body);
        let request = request.header("content-type", content_type).header("accept", accept);
        Said::of(request.send().await.unwrap()).await
    }

    /// More than somebody else has left of their allowance.
    async fn spend(&self) -> Said {
        let spender = self.test.register("spender").await;
        let lists = (0..15)
            .map(|number| format!("a{number}: accounts(first: 99) {{ nodes {{ id }} }} "))
            .collect::<Vec<_>>()
            .concat();
        let body = json!({ "query": format!("{{ {lists} }}") }).to_string();
        assert_eq!(spender.post(body.clone()).await.status(), 200);
        Said::of(spender.post(body).await).await
    }

    /// A request that waits for a lock.
    async fn wait(&self) -> Said {
        let mut other = connect(&self.test.app.database_url).await.unwrap();
        other.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let said = self.query("{ accounts(first: 1) { nodes { id } } }").await;
        other.batch_execute("ROLLBACK").await.unwrap();
        said
    }

    /// A body that stops in its middle.
    async fn dawdle(&self) -> Said {
        let head = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
        let text = limits::clocks::tell(&self.test, [head, ""]).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
        Said { status, code, body, headers: HeaderMap::new() }
    }

    /// A request while somebody else has every connection of the pool.
    async fn take_all_connections(&self) -> Said {
        // Who asks is known from here on.
        self.query("{ __typename }").await;
        let mut taken = Vec::new();
        while let Ok(connection) = self.test.app.pool.connection().await {
            taken.push(connection);
        }
        self.query("{ accounts(first: 1) { nodes { id } } }").await
    }

    /// A statement that fails for no reason that anybody outside could know.
    async fn break_a_table(&self) -> Said {
        self.test.execute("ALTER TABLE accounts RENAME TO gone").await;
        let said = self.query("{ accounts(first: 1) { nodes { id } } }").await;
        self.test.execute("ALTER TABLE gone RENAME TO accounts").await;
        said
    }

    /// Ends the test.
    pub async fn finish(self) {
        self.test.run_jobs().await;
        self.test.finish().await;
    }
}
