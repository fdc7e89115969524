//! `worker`: the workers alone, on a database that is at this version.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::cli::signals::Signals;
use crate::cli::{Ending, serve};
use crate::config::{Config, Environment};
use crate::error::Result;
use crate::worker::{Worker, WorkerParts, kinds};

pub(super) async fn run(config: Config) -> Result<Ending> {
    config.check_slots()?;
    let signals = Signals::watch()?;
    let work = async {
        let app = serve::connect(config, Environment::Production).await?;
        let metrics = serve::MetricsSite::of(&app, None).await?;
        let stop = signals.stop();
        let working = async {
            let ended = work(app, stop.clone()).await;
            // Workers that end early take the metrics along, or nobody would notice.
            stop.cancel();
            ended
        };
        let (worked, ()) = tokio::join!(working, metrics.answer(stop.clone()));
        worked
    };
    Box::pin(signals.watch_over(work)).await
}

/// Runs jobs until `stop`, then gives the ones under way their grace.
pub(super) async fn work(app: Arc<App>, stop: CancellationToken) -> Result<()> {
    let parts = WorkerParts {
        pool: app.pool.clone(),
        database_url: app.database_url.clone(),
        redis: Some(app.redis.clone()),
        publisher: app.publisher.clone(),
        settings: app.config.jobs,
        clock: app.clock.clone(),
    };
    let worker = Worker::new(parts, move |running, payload| kinds::run(Arc::clone(&app), running, payload));
    worker.run(stop).await
}
