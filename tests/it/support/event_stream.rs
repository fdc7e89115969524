//! A client of graphql-sse in its distinct connections mode, raw enough to see every line.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// One open stream.
pub struct EventStream {
    response: reqwest::Response,
    unread: Vec<u8>,
}

/// What the server says.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A `next` with its answer.
    Next(Value),
    /// `complete`.
    Complete,
    /// A comment.
    SignOfLife,
    /// Nothing more comes.
    End,
    /// The connection broke off.
    Broken,
}

impl EventStream {
    /// Begins an operation by POST; the response, where that is no stream.
    pub async fn begin(
        address: &str,
        token: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Result<Self, reqwest::Response> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.post(format!("{address}/graphql")).header("accept", "text/event-stream");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let body = json!({ "query": query, "variables": variables });
        let response = request.json(&body).send().await.unwrap();
        if is_stream(&response) { Ok(Self::of(response)) } else { Err(response) }
    }

    /// The stream of a response that is one.
    pub fn of(response: reqwest::Response) -> Self {
        assert!(is_stream(&response), "{response:?}");
        Self { response, unread: Vec::new() }
    }

    /// The headers of the response.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// Waits for what the server says next.
    pub async fn hear(&mut self) -> Heard {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                return read(std::str::from_utf8(&event).unwrap());
            }
            match timeout(PATIENCE, self.response.chunk()).await.expect("the server says something") {
                Ok(Some(bytes)) => self.unread.extend_from_slice(&bytes),
                Ok(None) => {
                    assert!(self.unread.is_empty(), "half an event came");
                    return Heard::End;
                }
                Err(_) => return Heard::Broken,
            }
        }
    }

    /// The next answer; `None` when the operation is complete and the response has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match self.hear().await {
                Heard::Next(answer) => return Some(answer),
                Heard::SignOfLife => {}
                Heard::Complete => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(self.hear().await, Heard::End);
        None
    }

    /// The code of the one error that comes next, without data.
    pub async fn error_code(&mut self) -> String {
        let answer = self.next().await.expect("an answer");
        assert_eq!(answer.get("data"), None, "{answer}");
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

fn is_stream(response: &reqwest::Response) -> bool {
    let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap());
    (response.status().as_u16(), content_type) == (200, Some("text/event-stream; charset=utf-8"))
}

fn read(event: &str) -> Heard {
    match event.strip_suffix("\n\n").unwrap().split_once('\n') {
        None if event == ":\n\n" => Heard::SignOfLife,
        Some(("event: next", data)) => {
            let data = data.strip_prefix("data: ").expect("data on one line");
            Heard::Next(serde_json::from_str(data).unwrap())
        }
        Some(("event: complete", "data: ")) => Heard::Complete,
        _ => panic!("{event:?}"),
    }
}
