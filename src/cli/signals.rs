//! Ctrl-C and SIGTERM: the first asks for an end in order, the second for an end at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Ending;
use crate::error::{Error, Result};

/// What the signals of this process have said so far.
pub(super) struct Signals {
    stop: CancellationToken,
    at_once: CancellationToken,
}

impl Signals {
    /// Starts listening; until now a signal ended the process by itself.
    pub(super) fn watch() -> Result<Self> {
        let listen =
            |kind| signal(kind).map_err(|error| Error::internal("signals cannot be listened for", error));
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        let signals = Self { stop: CancellationToken::new(), at_once: CancellationToken::new() };
        tokio::spawn(count(interrupt, terminate, signals.stop.clone(), signals.at_once.clone()));
        Ok(signals)
    }

    /// Is cancelled by the first signal.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `work` to its end, or until the second signal.
    pub(super) async fn watch_over(&self, work: impl Future<Output = Result<()>>) -> Result<Ending> {
        match self.at_once.run_until_cancelled(work).await {
            Some(ended) => ended.map(|()| Ending::Done),
            None => Ok(Ending::BrokenOff),
        }
    }
}

async fn count(
    mut interrupt: Signal,
    mut terminate: Signal,
    stop: CancellationToken,
    at_once: CancellationToken,
) {
    next(&mut interrupt, &mut terminate).await;
    tracing::info!("stopping in order; a second signal stops at once");
    stop.cancel();
    next(&mut interrupt, &mut terminate).await;
    at_once.cancel();
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
