//! The ledger in the schema.

pub mod aggregate;
pub mod edit;
pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
