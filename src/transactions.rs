//! The ledger: rows of exact money, in the order (booked on, id).

pub mod file;
pub mod filter;
pub mod list;
pub mod row;

pub use filter::{Direction, Filter};
pub use list::{count, for_ids, list};
pub use row::{Source, State, Transaction};
