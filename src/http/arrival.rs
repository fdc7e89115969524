//! A request before anybody has looked at its token, and the way to find out who sends it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::error::Result;
use crate::graphql::engine::Caller;
use crate::http::request_id::RequestId;
use crate::viewer::Viewer;

/// What is known of a request before anybody has looked at its token.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The headers.
    pub headers: HeaderMap,
    /// The other end of the connection; a proxy, where there is one.
    pub peer: Option<IpAddr>,
    /// The id that the answer and the log carry.
    pub request_id: Uuid,
}

/// Finds out who sends a request. A request without a token has no viewer; a token that is there and bad is
/// [`crate::error::Error::Unauthenticated`].
pub type Authenticate = Arc<dyn Fn(Arrival) -> BoxFuture<'static, Result<Caller>> + Send + Sync>;

/// Ends when a viewer is no longer who they were when they came: their session has ended, their role has changed, or they
/// may not sign in any more.
pub type UntilChanged = Arc<dyn Fn(Viewer) -> BoxFuture<'static, ()> + Send + Sync>;

impl Arrival {
    /// What a request brings along, and what is known of its connection.
    pub fn of(headers: HeaderMap, extensions: &Extensions) -> Self {
        Self {
            headers,
            peer: extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()),
            request_id: extensions.get::<RequestId>().map_or(Uuid::nil(), |id| id.0),
        }
    }
}
