//! What the integration tests stand on.

pub mod app;
pub mod database;
pub mod event_stream;
pub mod half_open;
pub mod mutation;
pub mod postgres;
pub mod redis;
pub mod rows;
pub mod socket;
pub mod statements;
