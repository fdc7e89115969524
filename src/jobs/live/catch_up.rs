//! The catch-up: once a second the table is asked for what Redis did not bring, whether Redis is there or not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::read::{Key, MOST_KEYS, Written, events_with_keys, now, present_keys, recent_keys};
use super::{Live, Watched};
use crate::db::Pool;
use crate::error::Result;

const EVERY: Duration = Duration::from_secs(1);
/// The windows of two looks overlap by this much: transactions commit out of order, and a cursor would pass over late ones.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);
/// A transaction that takes longer than the overlap is noticed by the job's version instead.
const VERSIONS_EVERY: Duration = Duration::from_secs(10);
/// Events that are loaded at a time.
const BATCH: usize = 500;

/// Looks until `stop`. A database that is away has nothing new to tell; what was written meanwhile is looked for afterwards.
pub(super) async fn run(live: &Live, pool: &Pool, stop: &CancellationToken) {
    let mut versions_at = Instant::now();
    // Up to where the last look saw, by the database's clock; `None` while nobody watches.
    let mut seen_to = None;
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let watched = live.watched();
        if watched.is_empty() {
            seen_to = None;
            continue;
        }
        let with_versions = versions_at.elapsed() >= VERSIONS_EVERY;
        match look(live, pool, &watched, seen_to, with_versions).await {
            Ok(moment) => seen_to = Some(moment),
            Err(error) => {
                tracing::debug!(%error, "the events could not be caught up with; the next second tries again");
                continue;
            }
        }
        if with_versions {
            versions_at = Instant::now();
        }
    }
}

/// Hands out what was written since the last look and did not come otherwise. Returns up to when it saw.
async fn look(
    live: &Live,
    pool: &Pool,
    watched: &Watched,
    seen_to: Option<DateTime<Utc>>,
    with_versions: bool,
) -> Result<DateTime<Utc>> {
    let mut conn = pool.connection().await?;
    let present = now(&mut conn).await?;
    let mut since = seen_to.unwrap_or(present) - OVERLAP;
    loop {
        let written = recent_keys(&mut conn, since).await?;
        let last = written.last().map(|last| last.at).filter(|last| *last > since);
        let is_full = written.len() >= MOST_KEYS;
        let keys = written.into_iter().map(|Written { job_id, version, .. }| (job_id, version)).collect();
        hand_out(live, &mut conn, watched, keys).await?;
        match last {
            Some(last) if is_full => since = last,
            _ => break,
        }
    }
    if with_versions {
        let keys = present_keys(&mut conn, watched).await?;
        hand_out(live, &mut conn, watched, keys).await?;
    }
    Ok(present)
}

async fn hand_out(
    live: &Live,
    conn: &mut diesel_async::AsyncPgConnection,
    watched: &Watched,
    keys: Vec<Key>,
) -> Result<()> {
    for keys in live.unsent(keys).chunks(BATCH) {
        for event in events_with_keys(conn, keys, watched).await? {
            live.deliver(&Arc::new(event));
        }
    }
    Ok(())
}

impl Watched {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.users.is_empty() && !self.everyone
    }
}
