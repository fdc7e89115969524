//! Sessions in the schema: signing in, staying signed in, and signing out.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
pub mod signed_in;
