//! Carries the answers of one operation into the body of its response, with signs of life between them, until it ends, its
//! term is over, or its client reads nothing.
//!
//! It runs in a task of its own: while a client does not read, nobody polls the body, and somebody has to look at the clock.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::error::Error;
use crate::graphql::engine::{Answer, Refusal, RequestCode};
use crate::http::event_stream::event;
use crate::http::lasting::LastingLimits;
use crate::http::lasting::occupancy::Place;
use crate::http::lasting::operation::{Event, Operation};
use crate::http::lasting::term::{Ending, Term};
use crate::metrics::Open;

/// One operation on its way into a response.
pub struct Pump {
    /// The operation.
    pub operation: Operation,
    /// The place that it takes, and how long it may go on; nothing for what ends by itself.
    pub lasts: Option<(Place, Term)>,
    /// Counts the stream for as long as it is open.
    pub open: Open,
    /// What the stream may take.
    pub limits: LastingLimits,
    /// Cancelled to drop the connection.
    pub connection: CancellationToken,
}

/// The frames of a response. When it is dropped, everything behind it ends.
pub struct Frames {
    frames: mpsc::Receiver<Bytes>,
    task: AbortHandle,
}

impl Pump {
    /// Starts to carry.
    pub fn start(self) -> Frames {
        // One frame waits while the connection writes the one before.
        let (sender, frames) = mpsc::channel(1);
        let task = tokio::spawn(self.run(sender).in_current_span());
        Frames { frames, task: task.abort_handle() }
    }

    async fn run(mut self, sender: mpsc::Sender<Bytes>) {
        // The first one at once: some browsers tell a page that the stream is open only when something has come.
        let mut signs = interval(self.limits.ping_every);
        signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (frame, is_last) = tokio::select! {
                event = self.operation.next() => match event {
                    Some(Event::Answer(answer)) => (event::next(&answer.body), false),
                    Some(Event::End) | None => (event::complete(), true),
                },
                _ = signs.tick() => (event::SIGN_OF_LIFE, false),
                ending = over(&mut self.lasts) => (farewell(ending), true),
            };
            match timeout(self.limits.send_within, sender.send(frame)).await {
                Ok(Ok(())) if is_last => return,
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => {
                    tracing::debug!("an event stream whose client reads nothing is dropped");
                    return self.connection.cancel();
                }
            }
        }
    }
}

async fn over(lasts: &mut Option<(Place, Term)>) -> Ending {
    match lasts {
        Some((_, term)) => term.over().await,
        None => std::future::pending().await,
    }
}

/// The last that a client hears of a stream which the server ends: an answer that says why, and the end. A stream that just
/// broke off would be begun again by itself, with the events that the client has had.
fn farewell(ending: Ending) -> Bytes {
    let refusal = match ending {
        Ending::Expired | Ending::Changed => {
            Refusal::new(RequestCode::Unauthenticated, Error::Unauthenticated.to_string())
        }
        Ending::Stopping => Refusal::new(
            RequestCode::ServiceUnavailable,
            "The server restarts; come again, and go on with afterVersion.",
        ),
    };
    [event::next(&Answer::refused(&refusal).body), event::complete()].concat().into()
}

impl Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.task.abort();
    }
}
