//! The integration tests: the real database, the real Redis, real processes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod demo_mailbox;
mod jobs;
mod main_job;
mod support;
mod surface;
