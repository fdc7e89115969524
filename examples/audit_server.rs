//! The smallest server that has the HTTP side of this project, for the audits in tests/audit.
//!
//! `scripts/audit` runs both. It prints where it listens, which a port 0 leaves open.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use async_graphql::{EmptySubscription, Object, Schema};
use pennypost::clock::Clock;
use pennypost::config::LimitSettings;
use pennypost::graphql::engine::{Caller, Engine};
use pennypost::graphql::guard::limits::{Introspection, Limits};
use pennypost::http::arrival::{Arrival, Authenticate};
use pennypost::http::graphql::GraphqlEndpoint;
use pennypost::http::origin::Origins;
use pennypost::http::router::{Cors, router};
use pennypost::http::serve::{ConnectionLimits, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &'static str {
        "world"
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn touch(&self) -> bool {
        true
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    let limits = Limits { introspection: Introspection::Everyone, ..Limits::default() };
    let builder = Schema::build(Query, Mutation, EmptySubscription);
    let engine = Engine::new(builder, limits, Box::new(async_graphql::Data::insert))?;
    let authenticate: Authenticate = Arc::new(|Arrival { peer, request_id, .. }| {
        Box::pin(async move {
            Ok(Caller { viewer: None, address: peer, user_agent: None, request_id, good_for: None })
        })
    });
    let limits = LimitSettings::default();
    let endpoint = GraphqlEndpoint::new(Arc::new(engine), authenticate, Origins::Any, Clock::System, &limits);
    let router =
        router(endpoint, Arc::new(|| Box::pin(async { Ok(()) })), Cors::default().layer()?, Clock::System);
    let listener = TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "http://{}/graphql", listener.local_addr()?)?;
    serve(listener, router, ConnectionLimits::from(&limits), CancellationToken::new()).await;
    Ok(())
}
