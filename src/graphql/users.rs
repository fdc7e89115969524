//! Users in the schema: who they are, and how they come in.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
