//! The ledger in the schema.

pub mod input;
pub mod object;
pub mod query;
