//! Personal API tokens in the schema: making one, seeing them, and revoking one.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
