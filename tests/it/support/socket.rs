//! A client of graphql-transport-ws, raw enough to break every rule of it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// One open socket.
pub struct Socket {
    pub(super) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What the server says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// A message of the protocol.
    Message(Value),
    /// The socket is closed: the code and the reason.
    Closed(u16, String),
}

impl Socket {
    /// Opens a socket at `http://host:port` and says nothing yet.
    pub async fn open(address: &str) -> Self {
        Self::try_open(address, Some("graphql-transport-ws"), None).await.unwrap()
    }

    /// Opens a socket with that subprotocol from a page of that origin; the status of a refusal otherwise.
    pub async fn try_open(
        address: &str,
        protocol: Option<&'static str>,
        origin: Option<&'static str>,
    ) -> Result<Self, u16> {
        let url = format!("{}/graphql", address.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.unwrap() {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            // The client minds that the server chose no subprotocol; the test wants to see what the server does then.
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and signs in; nobody without a token.
    pub async fn signed_in(address: &str, token: Option<&str>) -> Self {
        let mut socket = Self::open(address).await;
        let payload =
            token.map_or_else(|| json!({}), |token| json!({ "Authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, Said::Message(json!({ "type": "connection_ack" })));
        socket
    }

    /// Sends a message of the protocol.
    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await;
    }

    /// Sends a text. A server that has closed meanwhile is for `hear` to find out.
    pub async fn say_text(&mut self, text: impl Into<String>) {
        let _ = self.stream.send(Message::text(text.into())).await;
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Waits for what the server says next; pings are answered on the way.
    pub async fn hear(&mut self) -> Said {
        loop {
            let heard = timeout(PATIENCE, self.stream.next()).await.expect("the server says something");
            match heard {
                Some(Ok(Message::Text(text))) => return Said::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Said::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The payload of the next `next` of the operation; `None` when it is complete.
    pub async fn next(&mut self, id: &str) -> Option<Value> {
        match self.hear().await {
            Said::Message(mut message) if message["id"] == id && message["type"] == "next" => {
                Some(message["payload"].take())
            }
            Said::Message(message) if message["id"] == id && message["type"] == "complete" => None,
            other => panic!("{other:?}"),
        }
    }
}
