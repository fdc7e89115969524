//! What the integration tests stand on.

pub mod app;
pub mod database;
pub mod postgres;
pub mod redis;
