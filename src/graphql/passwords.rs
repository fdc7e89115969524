//! Passwords in the schema: a forgotten one, and a new one for an old one.

pub mod input;
pub mod mutation;
