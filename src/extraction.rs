//! From a mail's text to drafts of transactions, each field with the place that it came from, and the gate they pass.

pub mod accept;
pub mod align;
pub mod booking;
pub mod categorise;
pub mod draft;
pub mod evidence;
pub mod extractor;
pub mod filing;
pub mod llm_cost;
pub mod llm_usage;
pub mod offline;
pub mod reading;
pub mod review;
pub mod run;
pub mod runs;
pub mod sighting;
