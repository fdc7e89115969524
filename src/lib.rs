//! pennypost turns a person's inbox into their ledger. ARCHITECTURE.md is the map; the modules stand in reading order.

pub mod clock;
pub mod config;
pub mod error;
pub mod telemetry;
pub mod viewer;

pub mod db;
pub mod redis;

pub mod jobs;

pub mod worker;
