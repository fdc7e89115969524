//! Accepts connections and serves the router on them, with a time-out for headers.
//!
//! axum's own loop sets no timer, so a client that never ends its headers would hold a connection for ever.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::IntoResponse;
use futures_util::future::{Either, ready};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::LimitSettings;
use crate::http::host;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// The longest head of a request, in bytes: its first line and its headers.
    pub head_bytes: usize,
    /// How long the head of a request may take; a connection that is kept open waits no longer for its next one.
    pub head_within: Duration,
    /// How long the requests under way may take when the server stops.
    pub stop_within: Duration,
}

/// The life of the server, as a request that outlives its answer has to know it. Each request carries it.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
    /// The open sockets of WebSocket clients. A server that stops waits for them.
    pub sockets: TaskTracker,
    /// Cancelled to drop the connection that the request came by, whatever is under way on it: its client reads nothing.
    pub connection: CancellationToken,
}

impl From<&LimitSettings> for ConnectionLimits {
    fn from(settings: &LimitSettings) -> Self {
        Self {
            head_bytes: settings.head_bytes,
            head_within: settings.headers_within,
            stop_within: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` is cancelled, then lets the requests under way end.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, stop: CancellationToken) {
    // With its state the router builds its layers, once and not for each request.
    let router = router.with_state(());
    let mut connections = JoinSet::new();
    let life = Life { stop, ..Life::default() };
    loop {
        tokio::select! {
            () = life.stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let life = Life { connection: CancellationToken::new(), ..life.clone() };
                    connections.spawn(connection(stream, peer, router.clone(), limits, life));
                }
                Err(error) => {
                    // Out of file descriptors, as a rule: connections that end free some.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    drop(listener);
    life.sockets.close();
    let ending = async {
        while connections.join_next().await.is_some() {}
        life.sockets.wait().await;
    };
    if timeout(limits.stop_within, ending).await.is_err() {
        let sockets = life.sockets.len();
        tracing::warn!(requests = connections.len(), sockets, "the server stops with something under way");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    life: Life,
) {
    let Life { stop, connection: drop_it, .. } = life.clone();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection stays with delayed packets");
    }
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Some(refusal) = host::refusal(&request) {
            return Either::Left(ready(Ok(refusal.into_response())));
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(life.clone());
        Either::Right(service.call(request))
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_header_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(serving);
    let to_its_end = async {
        tokio::select! {
            ended = &mut serving => ended,
            () = stop.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        }
    };
    let ended = tokio::select! {
        ended = to_its_end => ended,
        () = drop_it.cancelled() => return,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
