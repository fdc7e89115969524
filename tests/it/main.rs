//! The integration tests: the real database, the real Redis, real processes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod accounts;
mod administration;
mod aggregates;
mod api_tokens;
mod audit;
mod batches;
mod brief_rows;
mod catalogue;
mod categories;
mod codes;
mod demo_mailbox;
mod dropped_requests;
mod faults;
mod hosts;
mod idempotency;
mod identity;
mod import_command;
mod import_paths;
mod jobs;
mod limits;
mod lists;
mod live;
mod mail_folders;
mod mails;
mod main_job;
mod metrics;
mod poison_mail;
mod review;
mod rights;
mod several_mailboxes;
mod sightings;
mod sign_up;
mod support;
mod surface;
mod transactions;
mod trusted_documents;
mod worker_faults;
