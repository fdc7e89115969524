//! pennypost turns a person's inbox into their ledger. ARCHITECTURE.md is the map; the modules stand in reading order.

pub mod clock;
pub mod error;
pub mod money;
pub mod viewer;

pub mod extraction;
pub mod mailbox;
