//! A server of the test schema for the tests of connections that last, with callers for every way in which they end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use futures_util::FutureExt;
use futures_util::future::ready;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::LimitSettings;
use crate::error::{Error, Result};
use crate::graphql::engine::{Caller, test_schema};
use crate::http::arrival::{Arrival, Authenticate};
use crate::http::graphql::GraphqlEndpoint;
use crate::http::lasting::LastingLimits;
use crate::http::lasting::occupancy::Occupancy;
use crate::http::origin::Origins;
use crate::http::router::{Cors, router};
use crate::http::serve::{ConnectionLimits, serve};
use crate::viewer::{Credential, Role, Scopes, Viewer};

/// How long queries may take, and how long a short token is good.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// A running server.
pub(crate) struct Server {
    /// Where it answers.
    pub(crate) address: String,
    /// Stops it.
    pub(crate) stop: CancellationToken,
    /// Changes every viewer.
    pub(crate) change: CancellationToken,
    /// The connections that are open.
    pub(crate) occupancy: Occupancy,
    task: JoinHandle<()>,
}

impl Server {
    /// With the documented limits.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other limits.
    pub(crate) async fn with(change_limits: impl FnOnce(&mut LastingLimits)) -> Self {
        let engine = Arc::new(test_schema::engine(test_schema::limits()));
        let who: Authenticate = Arc::new(|arrival| ready(authenticate(&arrival)).boxed());
        let origins = Origins::parse(&["https://app.example".to_owned()]).unwrap();
        let limits = LimitSettings::default();
        let mut endpoint = GraphqlEndpoint::new(engine, who, origins, Clock::System, &limits);
        let change = CancellationToken::new();
        let changed = change.clone();
        endpoint.lasting.until_changed = Arc::new(move |_| changed.clone().cancelled_owned().boxed());
        endpoint.lasting.within = SHORT;
        change_limits(&mut endpoint.lasting.limits);
        let occupancy = endpoint.lasting.occupancy.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let cors = Cors::default().layer().unwrap();
        let router = router(endpoint, Arc::new(|| ready(Ok(())).boxed()), cors, Clock::System);
        let stop = CancellationToken::new();
        let connection_limits =
            ConnectionLimits { stop_within: Duration::from_secs(5), ..ConnectionLimits::from(&limits) };
        let task = tokio::spawn(serve(listener, router, connection_limits, stop.clone()));
        Self { address, stop, change, occupancy, task }
    }

    /// Waits until it has ended after it was stopped.
    pub(crate) async fn ends(self) {
        timeout(Duration::from_secs(5), self.task).await.unwrap().unwrap();
    }
}

/// Tokens of the tests: `good`, `short`, and names of what goes wrong.
pub(crate) fn authenticate(Arrival { headers, peer, request_id }: &Arrival) -> Result<Caller> {
    let token = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap());
    let (user, good_for) = match token {
        None => (None, None),
        Some("Bearer good") => (Some(1), Some(Duration::from_hours(1))),
        Some("Bearer short") => (Some(2), Some(SHORT)),
        Some("Bearer broken") => return Err(Error::internal("reading the token", "a detail")),
        Some("Bearer away") => return Err(Error::Unavailable("The database did not answer.".to_owned())),
        Some("Bearer busy") => {
            return Err(Error::RateLimited { retry_after: Duration::from_millis(2_500) });
        }
        Some(_) => return Err(Error::Unauthenticated),
    };
    let viewer = user.map(|user| Viewer {
        user_id: Uuid::from_u128(user),
        role: Role::User,
        credential: Credential::Session(Uuid::from_u128(2)),
        scopes: Scopes::ALL,
        address: *peer,
        request_id: *request_id,
    });
    Ok(Caller { viewer, address: *peer, user_agent: None, request_id: *request_id, good_for })
}
