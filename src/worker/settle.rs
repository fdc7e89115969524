//! Writes how an attempt ended, and keeps at it while the database is away and the lease lasts.

use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection};

use crate::clock::Clock;
use crate::db::Pool;
use crate::error::{Error, Result};
use crate::jobs::finish::{Failure, fail, hand_back, snooze, succeed, try_again};
use crate::jobs::{Job, JobError, NewJob, Outcome, RunningJob, Stop, enqueue};
use crate::worker::attempt::Ending;

const PAUSE: Duration = Duration::from_millis(200);

/// Writes the ending, and returns the committed changes to publish: the job and its follow-ups. Empty when the claim is
/// lost.
pub(super) async fn settle(
    pool: &Pool,
    clock: &Clock,
    running: &RunningJob,
    mut ending: Ending,
    patience: Duration,
) -> Vec<Job> {
    let begun = Instant::now();
    log(running, &ending);
    if matches!(ending, Ending::Dropped | Ending::Broke(_)) {
        // The code may have been in a transaction that holds the job's row.
        pool.close_idle();
    }
    loop {
        match write(pool, clock, running, &ending).await {
            Ok(Some(changes)) => return changes,
            Ok(None) => {
                tracing::warn!(job = %running.job().id, attempt = running.job().attempt, "fenced");
                return Vec::new();
            }
            Err(error) if begun.elapsed() > patience => {
                tracing::warn!(job = %running.job().id, %error, "an ending was not written; the rescue will find the job");
                return Vec::new();
            }
            Err(error) => {
                // What the kind's code has answered may be what is refused, like an output that is no object: that is the
                // job's failure. Every other ending is tried as it is.
                if !error.is_passing() && matches!(ending, Ending::Answered(Ok(_))) {
                    tracing::error!(job = %running.job().id, %error, "an ending was refused");
                    ending = Ending::Broke(masked());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn write(
    pool: &Pool,
    clock: &Clock,
    running: &RunningJob,
    ending: &Ending,
) -> Result<Option<Vec<Job>>> {
    if matches!(ending, Ending::Answered(Ok(Outcome::Finished))) {
        running.committed();
        return Ok(Some(Vec::new()));
    }
    let mut conn = pool.connection().await?;
    let claim = running.claim();
    let moved = match ending {
        Ending::Answered(Ok(Outcome::Done { follow_ups, .. })) if !follow_ups.is_empty() => {
            return succeed_with_follow_ups(&mut conn, clock, running, ending, follow_ups).await;
        }
        Ending::Answered(Ok(Outcome::Done { output, progress, .. })) => {
            succeed(&mut conn, claim, progress, output).await?
        }
        Ending::Answered(Ok(Outcome::Finished) | Err(JobError::Fenced)) => None,
        Ending::Answered(Err(JobError::Snooze { wait })) => snooze(&mut conn, claim, *wait).await?,
        Ending::Answered(Err(JobError::Fail { code, message })) => {
            fail(&mut conn, claim, &plain(code, message)).await?
        }
        Ending::Answered(Err(JobError::Retry { code, message, after })) => {
            try_again(&mut conn, claim, &plain(code, message), *after).await?
        }
        Ending::Answered(Err(JobError::Broken(_))) => try_again(&mut conn, claim, &masked(), None).await?,
        Ending::Answered(Err(JobError::Stopped)) | Ending::Dropped => stopped(&mut conn, running).await?,
        Ending::Broke(failure) => try_again(&mut conn, claim, failure, None).await?,
    };
    Ok(moved.map(|job| vec![job]))
}

/// Handing back asks the row for a cancel itself. A run that stopped unasked gets no attempt for nothing.
async fn stopped(conn: &mut AsyncPgConnection, running: &RunningJob) -> Result<Option<Job>> {
    let claim = running.claim();
    Ok(match running.stop_reason() {
        Some(Stop::GiveWay | Stop::Shutdown | Stop::Cancelled | Stop::Lost) => hand_back(conn, claim).await?,
        Some(Stop::Overdue) | None => {
            let failure = plain("STOPPED", "The job stopped before its end.");
            try_again(conn, claim, &failure, None).await?
        }
    })
}

async fn succeed_with_follow_ups(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    running: &RunningJob,
    ending: &Ending,
    follow_ups: &[NewJob],
) -> Result<Option<Vec<Job>>> {
    let Ending::Answered(Ok(Outcome::Done { output, progress, .. })) = ending else { return Ok(None) };
    conn.transaction(async |conn| {
        let Some(job) = succeed(conn, running.claim(), progress, output).await? else { return Ok(None) };
        let mut changes = vec![job];
        for new in follow_ups {
            let enqueued = enqueue(conn, clock.new_id(), new.clone()).await?;
            if !enqueued.is_deduplicated {
                changes.push(enqueued.job);
            }
        }
        Ok::<_, Error>(Some(changes))
    })
    .await
}

fn plain(code: &'static str, message: &str) -> Failure {
    Failure { code, class: "ERROR", message: message.to_owned() }
}

fn masked() -> Failure {
    plain("INTERNAL", "Something went wrong on our side.")
}

fn log(running: &RunningJob, ending: &Ending) {
    let job = running.job();
    let (id, kind, attempt) = (job.id, job.kind.as_str(), job.attempt);
    match ending {
        Ending::Answered(Ok(_)) => tracing::debug!(job = %id, kind, attempt, "done"),
        Ending::Answered(Err(JobError::Broken(error))) => {
            tracing::error!(job = %id, kind, attempt, %error, "a job met a fault of ours");
        }
        Ending::Answered(Err(JobError::Fenced)) => tracing::warn!(job = %id, kind, attempt, "fenced"),
        Ending::Answered(Err(error)) => tracing::info!(job = %id, kind, attempt, %error, "not done"),
        Ending::Dropped => tracing::warn!(job = %id, kind, attempt, "dropped: it did not stop in time"),
        Ending::Broke(failure) => tracing::error!(job = %id, kind, attempt, failure.code, "a job broke off"),
    }
}
