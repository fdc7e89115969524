//! Long work as rows: enqueued in the transaction that makes the fact, claimed by workers, fenced by (id, attempt).
//!
//! PostgreSQL owns every fact here; Redis carries hints and copies, and everything works without it within a second.

pub mod cancel;
pub mod checkpoint;
pub mod claim;
pub mod cron;
pub mod enqueue;
pub mod erase;
pub mod event;
pub mod failure;
pub mod finish;
pub mod heartbeat;
pub mod job;
pub mod live;
pub mod payload;
pub mod promote;
pub mod publish;
pub mod read;
pub mod rescue;
pub mod retention;
pub mod retry;
pub mod running;
pub mod schedule;
pub mod state;
pub mod statistics;
pub mod stop;
pub mod turn;
pub mod wakeup;

pub use cancel::cancel;
pub use enqueue::{Enqueued, NewJob, enqueue};
pub use event::{JobEvent, PublishedEvent};
pub use failure::JobError;
pub use job::{Job, JobErrorPayload, Moved, Progress};
pub use live::Live;
pub use payload::{JobPayload, Kind, Outgoing};
pub use publish::{Publisher, RedisSettings};
pub use read::{JobFilter, count, events_of_jobs, find, for_ids, list};
pub use retry::retry;
pub use running::{Outcome, RunningJob};
pub use state::{Queue, State};
pub use stop::Stop;
