//! One job's events as a sequence: each version once, in order, without a hole, up to its end.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::timeout;
use uuid::Uuid;

use super::read::{events_after, version_of};
use super::{Live, Notice, Subject, Watcher};
use crate::db::Pool;
use crate::error::Result;
use crate::jobs::event::PublishedEvent;
use crate::jobs::read;
use crate::viewer::Visibility;

/// Events that are read at a time.
const PAGE: i64 = 200;
/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);
/// After so long without a word the job is looked at.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

struct Follower {
    pool: Pool,
    watcher: Watcher,
    job_id: Uuid,
    /// The last version that was given out.
    last: i64,
    /// The highest version that is known to be there.
    known: i64,
    waiting: VecDeque<PublishedEvent>,
    is_ended: bool,
}

/// The events of the visible job with that id; `None` when there is no such job.
///
/// Without `after_version` the first event is the present state; with it, whatever came after that version. The sequence
/// ends with the job's last version once the job has ended; while the database is away it waits.
pub async fn follow(
    live: &Live,
    pool: &Pool,
    visibility: Visibility,
    job_id: Uuid,
    after_version: Option<i64>,
) -> Result<Option<impl Stream<Item = PublishedEvent> + Send + use<>>> {
    // First the ear, then the look: what changes in between is heard.
    let watcher = live.watch(Subject::Job(job_id));
    let mut conn = pool.connection().await?;
    let Some(job) = read::find(&mut conn, visibility, job_id).await? else { return Ok(None) };
    drop(conn);
    // A client that is ahead of the database, as after a restored one, has seen all that there is.
    let last = after_version.map_or(job.version - 1, |after| after.min(job.version));
    let mut follower = Follower {
        pool: pool.clone(),
        watcher,
        job_id,
        last,
        known: job.version,
        waiting: VecDeque::new(),
        is_ended: job.state.is_ended() && last >= job.version,
    };
    if !follower.is_ended && last < job.version {
        follower.read_on().await?;
    }
    Ok(Some(unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((event, follower))
    })))
}

impl Follower {
    async fn next(&mut self) -> Option<PublishedEvent> {
        loop {
            if self.is_ended {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                self.last = event.event.version;
                self.known = self.known.max(self.last);
                // A job that was tried again has ends in its past.
                self.is_ended = event.event.state.is_ended() && self.last >= self.known;
                return Some(event);
            }
            if self.last < self.known {
                self.catch_up().await;
                continue;
            }
            let Ok(notice) = timeout(LOOK_AGAIN, self.watcher.next()).await else {
                self.look_again().await;
                continue;
            };
            match notice {
                Notice::Event(event) if event.event.version == self.last + 1 => {
                    self.waiting.push_back(PublishedEvent::clone(&event));
                }
                Notice::Event(event) => self.known = self.known.max(event.event.version),
                Notice::Behind => self.catch_up().await,
            }
        }
    }

    /// Reads on from the last version, however long that takes.
    async fn catch_up(&mut self) {
        while let Err(error) = self.read_on().await {
            tracing::debug!(%error, job = %self.job_id, "the events of a watched job wait for the database");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks after a job of which nothing was heard for long: it may be gone, and nobody says so.
    async fn look_again(&mut self) {
        let Ok(mut conn) = self.pool.connection().await else { return };
        match version_of(&mut conn, self.job_id).await {
            Ok(Some(version)) => self.known = self.known.max(version),
            Ok(None) => self.is_ended = true,
            Err(error) => tracing::debug!(%error, job = %self.job_id, "a watched job could not be looked at"),
        }
    }

    async fn read_on(&mut self) -> Result<()> {
        let mut conn = self.pool.connection().await?;
        let events = events_after(&mut conn, self.job_id, self.last, PAGE).await?;
        // A job that was aged out meanwhile took its events along.
        if events.is_empty() && self.last < self.known {
            self.is_ended = true;
        }
        self.known = events.last().map_or(self.known, |event| self.known.max(event.event.version));
        self.waiting = events.into();
        Ok(())
    }
}
