//! Who changed what, as it is read.

pub mod input;
pub mod object;
pub mod query;
