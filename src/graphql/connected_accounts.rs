//! Mailboxes in the schema, and the jobs that fetch their mails.

pub mod change;
pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
