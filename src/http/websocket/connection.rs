//! One socket from its first message to its last: who it is, its operations, its signs of life, and how it ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use futures_util::stream::StreamExt;
use serde_json::{Map, Value};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_stream::StreamMap;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::graphql::engine::{Allowed, Answer, Caller, Incoming, Outcome, Refusal, RequestCode};
use crate::http::arrival::Arrival;
use crate::http::lasting::Lasting;
use crate::http::lasting::occupancy::Place;
use crate::http::lasting::operation::{Event, Operation};
use crate::http::lasting::term::{Ending, Term};
use crate::http::outcome;
use crate::http::websocket::close::Close;
use crate::http::websocket::message::{self, ClientMessage, parse};
use crate::metrics::{Transport, Underway};

/// How long the other side may take to close after it was told to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An open socket whose client has said who it is.
struct Connection<'a> {
    lasting: &'a Lasting,
    socket: &'a mut WebSocket,
    caller: Caller,
    operations: StreamMap<String, Operation>,
    has_heard: bool,
    _place: Place,
}

/// Serves a socket until either side ends it, or the server stops.
pub async fn run(lasting: Lasting, stop: CancellationToken, arrival: Arrival, mut socket: WebSocket) {
    let close = match serve(&lasting, &stop, arrival, &mut socket).await {
        Ok(never) => match never {},
        Err(close) => close,
    };
    end(&mut socket, close).await;
}

/// Says why, and reads on until the other side has closed: a connection that is dropped with something unread loses the
/// reason on its way. What the other side has closed is answered by reading on, too.
async fn end(socket: &mut WebSocket, close: Close) {
    let saying = async {
        if let Some(frame) = close.frame() {
            tracing::debug!(code = frame.code, reason = %frame.reason, "a socket is closed");
            if socket.send(Message::Close(Some(frame))).await.is_err() {
                return;
            }
        }
        while let Some(Ok(_)) = socket.recv().await {}
    };
    let _ = timeout(LAST_WORDS, saying).await;
}

async fn serve(
    lasting: &Lasting,
    stop: &CancellationToken,
    arrival: Arrival,
    socket: &mut WebSocket,
) -> Result<Infallible, Close> {
    if socket.protocol().is_none() {
        return Err(Close::Subprotocol);
    }
    let init = tokio::select! {
        init = timeout(lasting.limits.init_within, wait_for_init(lasting, socket)) => {
            init.unwrap_or(Err(Close::InitTimeout))?
        }
        () = stop.cancelled() => return Err(Close::Restart),
    };
    let caller = sign_in(lasting, arrival, &init).await?;
    let place = lasting.enter(&caller).map_err(Close::TooMany)?;
    let term = lasting.term(&caller, stop.clone());
    let operations = StreamMap::new();
    let mut connection = Connection { lasting, socket, caller, operations, has_heard: true, _place: place };
    connection.send(Message::text(message::connection_ack())).await?;
    connection.run(term).await
}

async fn wait_for_init(lasting: &Lasting, socket: &mut WebSocket) -> Result<Map<String, Value>, Close> {
    loop {
        match next_message(lasting, socket).await? {
            Some(ClientMessage::ConnectionInit(payload)) => return Ok(payload),
            Some(ClientMessage::Subscribe { .. }) => return Err(Close::Unauthorized),
            Some(ClientMessage::Ping(payload)) => {
                let pong = Message::text(message::pong(payload));
                socket.send(pong).await.map_err(|_| Close::Gone)?;
            }
            Some(ClientMessage::Pong | ClientMessage::Complete { .. }) | None => {}
        }
    }
}

/// The next message of the protocol; `None` for a sign of life that is none.
async fn next_message(lasting: &Lasting, socket: &mut WebSocket) -> Result<Option<ClientMessage>, Close> {
    let limit = lasting.limits.message_bytes;
    match socket.recv().await {
        Some(Err(error)) => Err(broken(error, limit)),
        Some(Ok(Message::Text(text))) if text.len() > limit => Err(Close::TooLong(limit)),
        Some(Ok(Message::Text(text))) => parse(&text).map(Some),
        Some(Ok(Message::Binary(_))) => Err(Close::BadRequest("it is binary".to_owned())),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        None | Some(Ok(Message::Close(_))) => Err(Close::Gone),
    }
}

fn broken(error: axum::Error, limit: usize) -> Close {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Close::TooLong(limit),
        Some(tungstenite::Error::Io(_)) | None => Close::Gone,
        Some(_) => Close::Broken,
    }
}

/// The token comes with the first message, because a browser can send none with the handshake; other clients may.
async fn sign_in(
    lasting: &Lasting,
    mut arrival: Arrival,
    init: &Map<String, Value>,
) -> Result<Caller, Close> {
    let given = init.iter().find(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
    match given {
        None | Some((_, Value::Null)) => {}
        Some((_, value)) => {
            let header = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
            arrival.headers.insert(AUTHORIZATION, header.ok_or(Close::Forbidden)?);
        }
    }
    let request_id = arrival.request_id;
    (lasting.authenticate)(arrival).await.map_err(|error| match error {
        Error::Unauthenticated | Error::Forbidden(_) => Close::Forbidden,
        Error::Unavailable(_) | Error::RateLimited { .. } => Close::Unavailable,
        error => {
            tracing::error!(%error, %request_id, "who opens a socket could not be found out");
            Close::Internal
        }
    })
}

impl Connection<'_> {
    async fn run(&mut self, mut term: Term) -> Result<Infallible, Close> {
        let mut pings = self.pings();
        loop {
            tokio::select! {
                message = next_message(self.lasting, self.socket) => {
                    self.has_heard = true;
                    if let Some(message) = message? {
                        self.take(message).await?;
                    }
                }
                Some((id, event)) = self.operations.next(), if !self.operations.is_empty() => {
                    self.give(id, event).await?;
                }
                _ = pings.tick() => {
                    if !std::mem::take(&mut self.has_heard) {
                        return Err(Close::Silent);
                    }
                    self.send(Message::Ping(axum::body::Bytes::new())).await?;
                }
                ending = term.over() => return Err(match ending {
                    Ending::Expired => Close::Forbidden,
                    // What ended the session may itself be under way on this socket, and has its answer to give.
                    Ending::Changed => self.wind_up(Close::Forbidden).await,
                    Ending::Stopping => self.wind_up(Close::Restart).await,
                }),
            }
        }
    }

    /// The socket ends for `reason`: subscriptions at once, since their clients go on from where they were. A query or a
    /// mutation that is under way has its time, because nobody could know otherwise whether it happened.
    async fn wind_up(&mut self, reason: Close) -> Close {
        let subscriptions = self.operations.iter().filter(|(_, operation)| operation.is_subscription);
        for id in subscriptions.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.operations.remove(&id);
        }
        while let Some((id, event)) = self.operations.next().await {
            if let Err(close) = self.give(id, event).await {
                return close;
            }
        }
        reason
    }

    fn pings(&self) -> Interval {
        let every = self.lasting.limits.ping_every;
        let mut pings = interval_at(Instant::now() + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings
    }

    async fn take(&mut self, message: ClientMessage) -> Result<(), Close> {
        match message {
            ClientMessage::ConnectionInit(_) => Err(Close::TwoInits),
            ClientMessage::Ping(payload) => self.send(Message::text(message::pong(payload))).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, .. } if self.operations.contains_key(&id) => {
                Err(Close::Duplicate(id))
            }
            ClientMessage::Subscribe { id, incoming } => self.begin(id, incoming).await,
        }
    }

    async fn begin(&mut self, id: String, incoming: Incoming) -> Result<(), Close> {
        let underway = self.lasting.metrics.request(Transport::WebSocket);
        let limit = self.lasting.limits.operations;
        if self.operations.len() >= limit {
            let sentence = format!("At most {limit} operations may run on a socket at a time.");
            return self.refuse(&id, &Refusal::new(RequestCode::RateLimited, sentence), underway).await;
        }
        let request_id = self.lasting.clock.new_id();
        let mut caller = Caller { request_id, ..self.caller.clone() };
        caller.viewer = caller.viewer.map(|viewer| crate::viewer::Viewer { request_id, ..viewer });
        match self.lasting.engine.follow(incoming, Allowed::All, caller) {
            Ok(answers) => {
                self.operations.insert(id, Operation::start(answers, self.lasting.within, underway));
                Ok(())
            }
            Err(refusal) => self.refuse(&id, &refusal, underway).await,
        }
    }

    async fn refuse(&mut self, id: &str, refusal: &Refusal, underway: Underway) -> Result<(), Close> {
        outcome::count(underway, Outcome::Refused(refusal.code));
        self.send(Message::text(message::error(id, &refusal.body()))).await
    }

    async fn give(&mut self, id: String, event: Event) -> Result<(), Close> {
        match event {
            Event::End => {
                self.operations.remove(&id);
                self.send(Message::text(message::complete(&id))).await
            }
            // The operation did not begin, and this is all that it says.
            Event::Answer(Answer { outcome: Outcome::Refused(_), body, .. }) => {
                self.operations.remove(&id);
                self.send(Message::text(message::error(&id, &body))).await
            }
            Event::Answer(answer) => {
                let text = message::next(&id, &answer.body).try_into().map_err(|_| Close::Internal)?;
                self.send(Message::Text(text)).await
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Close> {
        match timeout(self.lasting.limits.send_within, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| Close::Gone),
            Err(_) => Err(Close::TooSlow),
        }
    }
}
