//! What was seen in mails and waits for a person, in the schema.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
