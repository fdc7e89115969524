//! One operation of a connection, in a task of its own: it goes on while the connection writes, and ends with this value.
//!
//! An operation that nobody polls would keep what it holds, such as a connection to the database, for as long as a slow
//! client takes to read.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::Instrument;

use crate::graphql::engine::{Answer, Answers, Refusal};
use crate::http::outcome;
use crate::metrics::Underway;

/// What an operation brings.
pub enum Event {
    /// An answer.
    Answer(Answer),
    /// Nothing more.
    End,
}

/// A running operation.
pub struct Operation {
    /// True for a subscription, which may go on for ever.
    pub is_subscription: bool,
    answers: mpsc::Receiver<Answer>,
    task: AbortHandle,
    is_ended: bool,
}

impl Operation {
    /// Runs an operation, which is `underway` already. A query or a mutation has its time.
    pub fn start(answers: Answers, within: Duration, underway: Underway) -> Self {
        // One answer waits while the connection writes the one before.
        let (sender, receiver) = mpsc::channel(1);
        let Answers { is_subscription, mut stream } = answers;
        let running = async move {
            if !is_subscription {
                let answer = timeout(within, stream.next()).await.ok().flatten();
                let answer = answer.unwrap_or_else(|| Answer::refused(&Refusal::timed_out(within)));
                outcome::count(underway, answer.outcome);
                let _ = sender.send(answer).await;
                return;
            }
            let mut underway = Some(underway.lasting());
            while let Some(answer) = stream.next().await {
                if let Some(underway) = underway.take() {
                    outcome::count(underway, answer.outcome);
                }
                if sender.send(answer).await.is_err() {
                    return;
                }
            }
        };
        let task = tokio::spawn(running.in_current_span());
        Self { is_subscription, answers: receiver, task: task.abort_handle(), is_ended: false }
    }
}

impl Stream for Operation {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        self.answers.poll_recv(context).map(|answer| {
            self.is_ended = answer.is_none();
            Some(answer.map_or(Event::End, Event::Answer))
        })
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.task.abort();
    }
}
