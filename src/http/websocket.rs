//! GraphQL over WebSocket: the handshake of graphql-transport-ws.
//!
//! The protocol is PROTOCOL.md of the npm package graphql-ws.

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::UPGRADE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::arrival::Arrival;
use crate::http::lasting::Lasting;
use crate::http::problem::Problem;
use crate::http::serve::Life;
use crate::metrics::Transport;

pub mod close;
pub mod connection;
pub mod message;

/// The subprotocol.
const SUBPROTOCOL: &str = "graphql-transport-ws";
/// What a socket reads and writes at a time, in bytes. The usual 128 KiB of each would be most of what a socket costs.
const BUFFER: usize = 4 * 1024;
/// A message above the limit is still read to its end up to this many times the limit, so that its sender sees why the
/// socket closes.
const READ_ABOVE: usize = 4;

/// True for a request that wants to be a WebSocket.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers the handshake; what follows runs in a task of its own.
pub async fn answer(lasting: Lasting, arrival: Arrival, request: Request) -> Response {
    if !lasting.origins.admit(&arrival.headers) {
        let detail = "Pages of this origin may not open a socket here; CORS_ORIGINS names the ones that may.";
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    let (mut parts, _) = request.into_parts();
    let life = parts.extensions.get::<Life>().cloned().unwrap_or_default();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let rejected = rejection.into_response();
            let detail =
                "This is not a WebSocket handshake that the server can answer (RFC 6455, version 13).";
            return Problem::new(rejected.status(), detail).into_response();
        }
    };
    let largest_read = lasting.limits.message_bytes.saturating_mul(READ_ABOVE);
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_frame_size(largest_read)
        .max_message_size(largest_read);
    // Counted from here on: a server that stops waits for the socket that is just being made.
    let Life { stop, sockets: open, .. } = life;
    let token = open.token();
    let counted = lasting.metrics.open(Transport::WebSocket);
    upgrade.on_upgrade(async move |socket| {
        connection::run(lasting, stop, arrival, socket).await;
        drop((token, counted));
    })
}

#[cfg(test)]
mod tests;
