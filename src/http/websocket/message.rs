//! The messages of graphql-transport-ws: what a client says, and how the server writes its own.

use serde_json::{Map, Value, json};

use crate::graphql::engine::Incoming;
use crate::http::parameters::from_parameters;
use crate::http::websocket::close::Close;

/// What a client says.
#[derive(Debug)]
pub enum ClientMessage {
    /// Who it is.
    ConnectionInit(Map<String, Value>),
    /// Asks for a sign of life.
    Ping(Option<Value>),
    /// Gives one.
    Pong,
    /// Begins an operation.
    Subscribe {
        /// The client's name for it.
        id: String,
        /// The operation.
        incoming: Incoming,
    },
    /// Ends an operation.
    Complete {
        /// The client's name for it.
        id: String,
    },
}

/// Reads a message; `BadRequest` for whatever is none.
pub fn parse(text: &str) -> Result<ClientMessage, Close> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(bad("it is not a JSON object"));
    };
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let payload = match message.remove("payload") {
        None | Some(Value::Null) => None,
        Some(Value::Object(payload)) => Some(payload),
        Some(_) => return Err(bad("its payload is not an object")),
    };
    match kind.as_str() {
        "connection_init" => Ok(ClientMessage::ConnectionInit(payload.unwrap_or_default())),
        "ping" => Ok(ClientMessage::Ping(payload.map(Value::Object))),
        "pong" => Ok(ClientMessage::Pong),
        "subscribe" => {
            let mut payload = payload.ok_or_else(|| bad("a subscribe has a payload"))?;
            let incoming = from_parameters(&mut payload)
                .map_err(|_| bad("the payload of a subscribe is not a GraphQL request"))?;
            Ok(ClientMessage::Subscribe { id: id(&mut message)?, incoming })
        }
        "complete" => Ok(ClientMessage::Complete { id: id(&mut message)? }),
        _ => Err(bad("its type is none that a client sends")),
    }
}

/// `connection_ack`.
pub fn connection_ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// `pong`, with what the ping carried.
pub fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// `next`: one answer of an operation. `body` is JSON already, and is not read again.
pub fn next(id: &str, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len() + id.len() + 40);
    text.extend_from_slice(b"{\"id\":");
    text.extend_from_slice(json!(id).to_string().as_bytes());
    text.extend_from_slice(b",\"type\":\"next\",\"payload\":");
    text.extend_from_slice(body);
    text.push(b'}');
    text
}

/// `error`: an operation that did not begin. `body` is the answer that says why.
pub fn error(id: &str, body: &[u8]) -> String {
    let errors =
        serde_json::from_slice(body).ok().and_then(|mut body: Value| body.get_mut("errors").map(Value::take));
    json!({ "id": id, "type": "error", "payload": errors.unwrap_or_else(|| json!([])) }).to_string()
}

/// `complete`: an operation has ended.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(bad("its id is not a string of one character or more")),
    }
}

fn bad(why: &str) -> Close {
    Close::BadRequest(why.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_message_says_why() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"connection_init","payload":"token"}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(matches!(parse(text), Err(Close::BadRequest(_))), "{text}");
        }
    }

    #[test]
    fn an_answer_is_wrapped_as_it_is() {
        let text = String::from_utf8(next("a\"b", br#"{"data":{"x":1}}"#)).unwrap();
        assert_eq!(text, r#"{"id":"a\"b","type":"next","payload":{"data":{"x":1}}}"#);
        let text = error("1", br#"{"data":null,"errors":[{"message":"no"}]}"#);
        let wrapped: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(wrapped, json!({ "id": "1", "type": "error", "payload": [{ "message": "no" }] }));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            drop(parse(&text));
        }
    }
}
