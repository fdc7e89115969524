//! What connections that outlast one answer share, sockets and event streams: who may open one, what each may take, and
//! how long it goes on.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::pending;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::LimitSettings;
use crate::graphql::engine::{Caller, Engine};
use crate::http::arrival::{Authenticate, UntilChanged};
use crate::http::origin::Origins;
use crate::metrics::Metrics;

pub mod occupancy;
pub mod operation;
pub mod term;

use occupancy::{Occupancy, Owner, Place};
use term::Term;

/// What one connection, and one user, may take.
#[derive(Clone, Copy, Debug)]
pub struct LastingLimits {
    /// How long the client of a socket may take to say who it is.
    pub init_within: Duration,
    /// Between two pings of a socket, and between two comments in an event stream. The client of a socket that gives no sign
    /// of life from one ping to the next is gone.
    pub ping_every: Duration,
    /// How long a client may take to read what it is sent.
    pub send_within: Duration,
    /// The longest message on a socket, in bytes.
    pub message_bytes: usize,
    /// Operations at a time on one socket.
    pub operations: usize,
    /// Connections at a time of one user.
    pub connections_of_user: usize,
    /// Connections at a time from one address that nobody has signed in on.
    pub connections_of_address: usize,
}

impl From<&LimitSettings> for LastingLimits {
    fn from(settings: &LimitSettings) -> Self {
        Self {
            init_within: settings.init_within,
            ping_every: settings.ping_every,
            send_within: Duration::from_secs(10),
            message_bytes: settings.message_bytes,
            operations: settings.socket_operations,
            connections_of_user: settings.sockets_of_user,
            connections_of_address: 50,
        }
    }
}

/// What all such connections share. Clones share it, too.
#[derive(Clone)]
pub struct Lasting {
    /// Executes the operations.
    pub engine: Arc<Engine>,
    /// Finds out who sends them.
    pub authenticate: Authenticate,
    /// Tells when they are no longer who they were.
    pub until_changed: UntilChanged,
    /// What a connection may take.
    pub limits: LastingLimits,
    /// How long a query or a mutation may take.
    pub within: Duration,
    /// The pages that may open a socket.
    pub origins: Origins,
    /// Makes the ids of operations.
    pub clock: Clock,
    /// Counts the operations and the connections.
    pub metrics: Metrics,
    /// How many connections there are, by user and by address.
    pub occupancy: Occupancy,
}

impl Lasting {
    /// A place for one more connection of the caller; how many they may have, when that many are open.
    pub fn enter(&self, caller: &Caller) -> Result<Place, usize> {
        let (owner, limit) = match &caller.viewer {
            Some(viewer) => (Owner::User(viewer.user_id), self.limits.connections_of_user),
            None => (Owner::Address(caller.address), self.limits.connections_of_address),
        };
        self.occupancy.enter(owner, limit).ok_or(limit)
    }

    /// How long a connection of the caller may go on.
    pub fn term(&self, caller: &Caller, stop: CancellationToken) -> Term {
        let changed = match &caller.viewer {
            Some(viewer) => (self.until_changed)(viewer.clone()),
            None => pending().boxed(),
        };
        Term::new(caller.good_for, changed, stop)
    }
}

#[cfg(test)]
pub(crate) mod test_server;
