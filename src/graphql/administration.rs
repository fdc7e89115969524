//! What admins do to users, and what they see of the whole server.

pub mod input;
pub mod mutation;
pub mod statistics;
