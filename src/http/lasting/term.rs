//! How long a connection may go on: until its token ends, its viewer is no longer who they were, or the server stops.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// A token that is good for ever, as far as a connection is concerned.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 365);

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The token is not good any more.
    Expired,
    /// The session, the role or the user has changed.
    Changed,
    /// The server stops.
    Stopping,
}

/// The time that a connection has.
pub struct Term {
    expiry: Pin<Box<Sleep>>,
    changed: BoxFuture<'static, ()>,
    stop: CancellationToken,
}

impl Term {
    /// Until the token ends, where there is one, until `changed` ends, or until `stop` is cancelled.
    pub fn new(good_for: Option<Duration>, changed: BoxFuture<'static, ()>, stop: CancellationToken) -> Self {
        let expiry = Box::pin(sleep(good_for.unwrap_or(LONGEST_LIFE).min(LONGEST_LIFE)));
        Self { expiry, changed, stop }
    }

    /// Waits until it is over. Nobody waits for it once more after that.
    pub async fn over(&mut self) -> Ending {
        tokio::select! {
            () = &mut self.expiry => Ending::Expired,
            () = &mut self.changed => Ending::Changed,
            () = self.stop.cancelled() => Ending::Stopping,
        }
    }
}
