//! Categories in the schema.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
