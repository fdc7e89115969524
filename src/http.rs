//! The HTTP side: GraphQL over HTTP, health, and what is around them.

pub mod arrival;
pub mod body;
pub mod client_address;
pub mod endpoint;
pub mod event_stream;
pub mod graphql;
pub mod health;
pub mod host;
pub mod lasting;
pub mod metrics;
pub mod negotiation;
pub mod origin;
pub mod outcome;
pub mod page;
pub mod parameters;
pub mod problem;
pub mod request_id;
pub mod router;
pub mod scrape;
pub mod serve;
pub mod status;
pub mod websocket;
