//! The catch-up: once a second the table is asked for what Redis did not bring, whether Redis is there or not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::read::{Key, events_with_keys, present_keys, recent_keys};
use super::{Live, Watched};
use crate::db::Pool;
use crate::error::Result;

const EVERY: Duration = Duration::from_secs(1);
/// A transaction that takes longer than the window of the recent events is noticed by the job's version instead.
const VERSIONS_EVERY: Duration = Duration::from_secs(10);
/// Events that are loaded at a time.
const BATCH: usize = 500;

/// Looks until `stop`. A database that is away has nothing new to tell.
pub(super) async fn run(live: &Live, pool: &Pool, stop: &CancellationToken) {
    let mut versions_at = Instant::now();
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let watched = live.watched();
        if watched.is_empty() {
            continue;
        }
        let with_versions = versions_at.elapsed() >= VERSIONS_EVERY;
        if with_versions {
            versions_at = Instant::now();
        }
        if let Err(error) = look(live, pool, &watched, with_versions).await {
            tracing::debug!(%error, "the events could not be caught up with; the next second tries again");
        }
    }
}

async fn look(live: &Live, pool: &Pool, watched: &Watched, with_versions: bool) -> Result<()> {
    let mut conn = pool.connection().await?;
    let mut keys = recent_keys(&mut conn, watched).await?;
    if with_versions {
        keys.extend(present_keys(&mut conn, watched).await?);
    }
    let missing: Vec<Key> = live.unsent(keys);
    for keys in missing.chunks(BATCH) {
        for event in events_with_keys(&mut conn, keys).await? {
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
