//! What all sockets of the server share: who may open one, and what each may take.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::graphql::engine::Engine;
use crate::http::arrival::{Authenticate, UntilChanged};
use crate::http::origin::Origins;
use crate::http::websocket::occupancy::Occupancy;

/// What one socket, and one user, may take.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// How long a client may take to say who it is.
    pub init_within: Duration,
    /// Between two pings. A client that gives no sign of life from one to the next is gone.
    pub ping_every: Duration,
    /// How long a client may take to read what it is sent.
    pub send_within: Duration,
    /// The longest message of a client, in bytes.
    pub message_bytes: usize,
    /// Operations at a time on one socket.
    pub operations: usize,
    /// Sockets at a time of one user.
    pub sockets_of_user: usize,
    /// Sockets at a time from one address that nobody has signed in on.
    pub sockets_of_address: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            init_within: Duration::from_secs(5),
            ping_every: Duration::from_secs(20),
            send_within: Duration::from_secs(10),
            message_bytes: 64 * 1024,
            operations: 10,
            sockets_of_user: 5,
            sockets_of_address: 50,
        }
    }
}

/// What all sockets share. Clones share it, too.
#[derive(Clone)]
pub struct Sockets {
    /// Executes the operations.
    pub engine: Arc<Engine>,
    /// Finds out who sends them.
    pub authenticate: Authenticate,
    /// Tells when they are no longer who they were.
    pub until_changed: UntilChanged,
    /// What a socket may take.
    pub limits: SocketLimits,
    /// How long a query or a mutation may take.
    pub within: Duration,
    /// The pages that may open a socket.
    pub origins: Origins,
    /// Makes the ids of operations.
    pub clock: Clock,
    /// How many sockets there are, by user and by address.
    pub occupancy: Occupancy,
}
