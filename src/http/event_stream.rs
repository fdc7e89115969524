//! GraphQL over server-sent events: one operation, whose answers are the events of one response.
//!
//! The protocol is PROTOCOL.md of the npm package graphql-sse, in its distinct connections mode.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;

use crate::graphql::engine::{Allowed, Answer, Answers, Caller, Incoming, Refusal};
use crate::http::event_stream::pump::Pump;
use crate::http::lasting::Lasting;
use crate::http::lasting::occupancy::Place;
use crate::http::lasting::operation::Operation;
use crate::http::lasting::term::Term;
use crate::http::negotiation::MediaType;
use crate::http::outcome;
use crate::http::serve::Life;
use crate::metrics::{Transport, Underway};

pub mod event;
pub mod pump;

/// What tells a proxy, nginx above all, to pass each event on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// When somebody with too many streams may look whether one has ended.
const PLACE_MAY_BE_FREE: Duration = Duration::from_secs(5);

/// An operation that may begin, as far as anybody knows who has not read its document.
pub struct Start {
    /// The operation.
    pub incoming: Incoming,
    /// The kinds that its method allows.
    pub allowed: Allowed,
    /// Who sends it.
    pub caller: Caller,
}

/// Begins an operation and answers with its events; the answer that refuses it otherwise.
///
/// A subscription counts among the lasting connections of its user. A query ends by itself and does not.
pub fn begin(lasting: &Lasting, start: Start, life: Life, underway: Underway) -> Result<Response, Answer> {
    let (answers, lasts) = match admit(lasting, start, life.stop) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let answer = Answer::refused(&refusal);
            outcome::count(underway, answer.outcome);
            return Err(answer);
        }
    };
    let operation = Operation::start(answers, lasting.within, underway);
    let open = lasting.metrics.open(Transport::EventStream);
    let frames = Pump { operation, lasts, open, limits: lasting.limits, connection: life.connection }.start();
    Ok(response(Body::from_stream(frames)))
}

/// The answers, and for a subscription its place and how long it may go on.
fn admit(
    lasting: &Lasting,
    start: Start,
    stop: CancellationToken,
) -> Result<(Answers, Option<(Place, Term)>), Refusal> {
    let Start { incoming, allowed, caller } = start;
    let answers = lasting.engine.follow(incoming, allowed, caller.clone())?;
    if !answers.is_subscription {
        return Ok((answers, None));
    }
    let place = lasting.enter(&caller).map_err(too_many)?;
    Ok((answers, Some((place, lasting.term(&caller, stop)))))
}

/// A stream of one answer, to an operation that did not begin.
pub fn of_one(answer: &Answer) -> Response {
    response(Body::from([event::next(&answer.body), event::complete()].concat()))
}

fn too_many(limit: usize) -> Refusal {
    Refusal::limited(
        format!("At most {limit} sockets and event streams may be open at a time."),
        PLACE_MAY_BE_FREE,
    )
}

fn response(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, MediaType::EventStream.content_type()),
        // Whoever compresses a stream on its way holds events back.
        (CACHE_CONTROL, "no-cache, no-transform"),
        (X_ACCEL_BUFFERING, "no"),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), body).into_response()
}

#[cfg(test)]
mod tests;
