//! The GraphQL side: the way of a document through the guard, its execution, and what errors look like.

pub mod engine;
pub mod error;
pub mod guard;
pub mod user_error;
