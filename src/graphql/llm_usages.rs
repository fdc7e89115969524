//! The calls of language models in the schema.

pub mod object;
pub mod query;
