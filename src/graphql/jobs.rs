//! Jobs in the schema.

pub mod event;
pub mod input;
pub mod object;
pub mod query;
