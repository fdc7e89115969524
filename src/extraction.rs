//! From a mail's text to drafts of transactions, each field with the place that it came from, and the gate they pass.

pub mod draft;
pub mod evidence;
pub mod offline;
