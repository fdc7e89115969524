//! The GraphQL side: the way of a document through the guard, its execution, what errors look like, and the schema.

pub mod engine;
pub mod error;
pub mod guard;
pub mod user_error;

pub mod at_once;
pub mod change;
pub mod connection;
pub mod context;
pub mod cursor;
pub mod database;
pub mod global_id;
pub mod json;
pub mod loaders;
pub mod named;
#[expect(missing_docs, reason = "the derive of an interface writes methods without a sentence")]
pub mod node;
pub mod scalars;
pub mod schema;

pub mod accounts;
pub mod administration;
pub mod api_tokens;
pub mod audit;
pub mod categories;
pub mod connected_accounts;
pub mod emails;
pub mod extraction;
pub mod jobs;
pub mod llm_usages;
pub mod passwords;
pub mod sessions;
pub mod sightings;
pub mod transactions;
pub mod users;
