//! Jobs in the schema.

pub mod event;
pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
pub mod queue_statistics;
pub mod subscription;
pub mod trigger;
