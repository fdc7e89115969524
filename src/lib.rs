//! pennypost turns a person's inbox into their ledger. ARCHITECTURE.md is the map; the modules stand in reading order.

pub mod clock;
pub mod config;
pub mod cores;
pub mod error;
pub mod keys;
pub mod metrics;
pub mod money;
pub mod page;
pub mod sealed;
pub mod telemetry;
pub mod text;
pub mod viewer;

pub mod db;
pub mod embedded;
pub mod mailer;
pub mod redis;

pub mod accounts;
pub mod audit;
pub mod categories;
pub mod extraction;
pub mod idempotency;
pub mod jobs;
pub mod mailbox;
pub mod transactions;
pub mod users;

pub mod app;

pub mod graphql;
pub mod http;
pub mod worker;

pub mod cli;
