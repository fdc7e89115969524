//! The heartbeat's thread: its own runtime and its own connection, so that no busy pool and no busy job delays it.

use std::thread;
use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;
use tokio_util::sync::CancellationToken;

use crate::config::Secret;
use crate::db::pool::connect;
use crate::error::{Error, Result};
use crate::jobs::Stop;
use crate::jobs::heartbeat::{WorkerProcess, beat, sign_off};
use crate::worker::registry::Registry;

/// The longest time between two heartbeats, and the shortest head start that running jobs get before their lease ends.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);

/// What the thread needs.
pub(super) struct Heart {
    pub(super) database_url: Secret,
    pub(super) worker: WorkerProcess,
    pub(super) registry: Registry,
    pub(super) lease: Duration,
    /// Ends the thread.
    pub(super) end: CancellationToken,
}

/// After this much silence no run may have effects any more: the lease is about to end.
pub(super) fn longest_silence(lease: Duration) -> Duration {
    lease.saturating_sub(interval(lease))
}

impl Heart {
    /// Starts the thread. It ends with `end`, and takes the worker off the list then.
    pub(super) fn start(self) -> Result<thread::JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("the heartbeat's runtime cannot start", error))?;
        thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || runtime.block_on(self.go_on()))
            .map_err(|error| Error::internal("the heartbeat's thread cannot start", error))
    }

    async fn go_on(self) {
        let beats = async { tokio::join!(self.send(), self.watch()) };
        self.end.run_until_cancelled(beats).await;
        // People see the list, so a worker that ends in order leaves it; one that does not is cleaned up by age.
        let signed_off = async {
            let mut conn = connect(&self.database_url).await?;
            sign_off(&mut conn, self.worker.id).await?;
            Ok::<_, Error>(())
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), signed_off).await;
    }

    async fn send(&self) {
        let mut conn = None;
        loop {
            let sent_at = Instant::now();
            let outcome = tokio::time::timeout(interval(self.lease), self.send_one(&mut conn, sent_at)).await;
            let problem = match outcome {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("no answer in time".to_owned()),
            };
            if let Some(problem) = problem {
                tracing::warn!(worker = %self.worker.id, problem, "a heartbeat did not arrive");
                conn = None;
            }
            tokio::time::sleep(interval(self.lease).saturating_sub(sent_at.elapsed())).await;
        }
    }

    async fn send_one(&self, kept: &mut Option<AsyncPgConnection>, sent_at: Instant) -> Result<()> {
        let mut conn = match kept.take() {
            Some(conn) => conn,
            None => connect(&self.database_url).await?,
        };
        let claims = self.registry.claims();
        let pulses = beat(&mut conn, &self.worker, &claims, self.lease).await?;
        self.registry.apply(sent_at, &claims, &pulses);
        *kept = Some(conn);
        Ok(())
    }

    /// Looks at the clock apart from the sending, which may hang.
    async fn watch(&self) {
        loop {
            if self.registry.silence() > longest_silence(self.lease) {
                self.registry.stop_all(Stop::Lost);
            }
            tokio::time::sleep(interval(self.lease) / 10).await;
        }
    }
}

fn interval(lease: Duration) -> Duration {
    LONGEST_INTERVAL.min(lease / 6)
}
