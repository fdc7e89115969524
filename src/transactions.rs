//! The ledger: rows of exact money, in the order (booked on, id).

pub mod aggregate;
pub mod amount;
pub mod edit;
pub mod edited;
pub mod file;
pub mod filter;
pub mod list;
pub mod note;
pub mod of_parents;
pub mod refile;
pub mod row;

pub use edit::{NewTransaction, TransactionChanges};
pub use edited::EditedField;
pub use filter::{Direction, Filter};
pub use list::{count, find, for_ids, list};
pub use row::{Brief, Listed, Names, Source, State, Transaction, Wanted};
