//! Keeps one server running: starts it again when it dies, at a growing distance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::child::{Running, Spawner};
use super::postgres::{self, Postgres};
use super::redis::{self, Redis};
use crate::error::Result;

/// The pause before the first new start; it doubles with each that does not last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A server that ran this long has recovered.
const LASTING: Duration = Duration::from_secs(30);

/// The servers that we run.
#[derive(Debug)]
pub(super) enum Server {
    Postgres(Postgres),
    Redis(Redis),
}

impl Server {
    async fn start(&self, spawner: &Spawner) -> Result<Running> {
        match self {
            Self::Postgres(postgres) => postgres.start(spawner).await,
            Self::Redis(redis) => redis.start(spawner).await,
        }
    }

    async fn stop(&self, running: Running) {
        match self {
            Self::Postgres(_) => running.stop(&postgres::STOP).await,
            Self::Redis(_) => running.stop(&redis::STOP).await,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
        }
    }
}

/// The task that keeps one server running.
#[derive(Debug)]
pub(super) struct Supervisor {
    /// The process id; 0 while there is none.
    process: Arc<AtomicU32>,
    task: JoinHandle<()>,
    stopping: DropGuard,
}

impl Supervisor {
    /// Starts the server, then the task.
    pub(super) async fn start(server: Server, spawner: Arc<Spawner>) -> Result<Self> {
        let running = server.start(&spawner).await?;
        let process = Arc::new(AtomicU32::new(running.process()));
        let stopping = CancellationToken::new();
        let task =
            tokio::spawn(keep_running(server, running, spawner, Arc::clone(&process), stopping.clone()));
        Ok(Self { process, task, stopping: stopping.drop_guard() })
    }

    /// The process id; `None` while the server is being started again.
    pub(super) fn process(&self) -> Option<u32> {
        Some(self.process.load(Ordering::Acquire)).filter(|process| *process != 0)
    }

    /// Stops the server and waits for its end.
    pub(super) async fn stop(self) {
        self.stopping.disarm().cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task that keeps a server running had ended");
        }
    }
}

async fn keep_running(
    server: Server,
    mut running: Running,
    spawner: Arc<Spawner>,
    process: Arc<AtomicU32>,
    stopping: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let ended = tokio::select! {
            ended = running.wait() => ended,
            () = stopping.cancelled() => return server.stop(running).await,
        };
        process.store(0, Ordering::Release);
        let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::error!(%status, "{} ended by itself; starting it again", server.name());
        if started.elapsed() >= LASTING {
            pause = FIRST_PAUSE;
        }
        let again = tokio::select! {
            again = start_again(&server, &spawner, &mut pause) => again,
            () = stopping.cancelled() => return,
        };
        process.store(again.process(), Ordering::Release);
        running = again;
        tracing::info!("{} runs again", server.name());
    }
}

/// Tries until it works: what is in the way, a full disk say, may go away.
async fn start_again(server: &Server, spawner: &Spawner, pause: &mut Duration) -> Running {
    loop {
        sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        match server.start(spawner).await {
            Ok(running) => return running,
            Err(error) => tracing::error!(%error, "{} does not start", server.name()),
        }
    }
}
