//! The calls of language models in the schema.

pub mod cost;
pub mod object;
pub mod query;
