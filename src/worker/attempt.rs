//! One attempt: the kind's code runs until it answers, panics, or is out of time.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};

use crate::jobs::finish::Failure;
use crate::jobs::{JobError, JobPayload, Kind, Outcome, RunningJob, Stop};

/// The code and the class of a failure by time.
const TIMEOUT: &str = "TIMEOUT";

/// A mail that was named this often when its attempt was cut off is what cuts them off.
pub(super) const STOPS_TO_GIVE_UP: u32 = 2;

/// How an attempt ended.
pub(super) enum Ending {
    /// The kind's code has answered.
    Answered(Result<Outcome, JobError>),
    /// It did not stop in time when it was asked to, and was dropped.
    Dropped,
    /// It panicked, or was dropped because it made no checkpoint for too long.
    Broke(Failure),
}

/// How long a run that is asked to stop may take to do so by itself.
pub(super) struct Patience {
    pub(super) shutdown: Duration,
    pub(super) cancel: Duration,
    pub(super) lost: Duration,
}

/// Runs `code` for the job. When patience ends the code is dropped where it waits, its transaction with it.
pub(super) async fn run<Code, Work>(code: &Code, running: &RunningJob, patience: &Patience) -> Ending
where
    Code: Fn(RunningJob, JobPayload) -> Work,
    Work: Future<Output = Result<Outcome, JobError>>,
{
    let job = running.job();
    let Ok(payload) = JobPayload::parse(&job.kind, &job.payload) else {
        return Ending::Answered(Err(JobError::fail("BAD_PAYLOAD", "The job's payload cannot be read.")));
    };
    let kind = payload.kind();
    // The call itself may panic, too, so it happens inside.
    let work = AssertUnwindSafe(async { code(running.clone(), payload).await }).catch_unwind();
    tokio::select! {
        biased;
        answer = work => answer.map_or_else(|_| Ending::Broke(panicked()), Ending::Answered),
        reason = end_of_patience(running, kind, patience) => match reason {
            Stop::Overdue => {
                // What it started on other threads hears of it this way.
                running.ask_to_stop(Stop::Overdue);
                Ending::Broke(overdue())
            }
            Stop::GiveWay | Stop::Shutdown | Stop::Cancelled | Stop::Lost => Ending::Dropped,
        },
    }
}

async fn end_of_patience(running: &RunningJob, kind: Kind, patience: &Patience) -> Stop {
    let mut seen = running.stop_reason();
    let mut since = Instant::now();
    loop {
        let until = match seen {
            // Who waits can wait until the next checkpoint.
            None | Some(Stop::GiveWay) => {
                Instant::now() + kind.run_limit().saturating_sub(running.since_checkpoint())
            }
            Some(Stop::Overdue) => return Stop::Overdue,
            Some(Stop::Shutdown) => since + patience.shutdown,
            Some(Stop::Cancelled) => since + patience.cancel,
            Some(Stop::Lost) => since + patience.lost,
        };
        tokio::select! {
            reason = running.stop_changed_from(seen) => {
                seen = reason;
                since = Instant::now();
            }
            () = sleep_until(until) => match seen {
                Some(reason) if reason > Stop::GiveWay => return reason,
                _ if running.since_checkpoint() >= kind.run_limit() => return Stop::Overdue,
                // A checkpoint came meanwhile, and the time starts anew.
                _ => {}
            },
        }
    }
}

/// True when the attempt before this one was ended from outside: its worker vanished, or it made no checkpoint within its time.
pub(super) fn was_cut_off(running: &RunningJob) -> bool {
    let job = running.job();
    let ran_out_of_time = job
        .error_payload
        .as_ref()
        .is_some_and(|error| error.class == TIMEOUT && error.attempt.saturating_add(1) == job.attempt);
    running.crash_count() > 0 || ran_out_of_time
}

fn panicked() -> Failure {
    // What the panic says may hold anything, so it is not kept.
    Failure { code: "PANIC", class: "PANIC", message: "The job's code broke off.".to_owned() }
}

fn overdue() -> Failure {
    let message = "The job made no checkpoint within its time.".to_owned();
    Failure { code: TIMEOUT, class: TIMEOUT, message }
}
