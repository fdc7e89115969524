//! The worker: claims jobs, runs each kind's code, and keeps the queue in order for the workers that vanish.

mod attempt;
pub mod extract_emails;
pub mod fetch_emails;
mod fetch_place;
mod heartbeat;
mod housekeeping;
pub mod kinds;
mod registry;
mod retention;
mod run_loop;
pub mod send_email;
mod settle;

pub use run_loop::{Worker, WorkerParts};
