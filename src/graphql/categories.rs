//! Categories in the schema.

pub mod object;
pub mod query;
