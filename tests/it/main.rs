//! The integration tests: the real database, the real Redis, real processes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod catalogue;
mod demo_mailbox;
mod dropped_requests;
mod import_paths;
mod jobs;
mod main_job;
mod review;
mod rights;
mod sign_up;
mod support;
mod surface;
mod worker_faults;
