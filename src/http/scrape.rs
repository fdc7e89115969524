//! What `/metrics` looks up when it is asked: the application's connections and jobs, and the engine's documents.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::time::timeout;

use crate::app::App;
use crate::config::Environment;
use crate::error::{Error, Result};
use crate::graphql::engine::Engine;
use crate::http::metrics::{self, Readers, Scrape};
use crate::jobs::statistics::{ActiveJobs, count_active};
use crate::metrics::{JobCount, Moment};

/// How long PostgreSQL may take to count the jobs; whoever scrapes has a limit of their own.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// `/metrics` beside the API: for the holders of `METRICS_TOKEN`; without one for this machine while pennypost is being tried
/// on it, and else for nobody.
pub fn beside_the_api(app: &Arc<App>, engine: Arc<Engine>) -> Router {
    let is_tried = app.environment == Environment::Development && app.config.listen.ip().is_loopback();
    let readers = match &app.config.metrics.token {
        Some(token) => Some(Readers::Holders(token.clone())),
        None => is_tried.then_some(Readers::ThisMachine),
    };
    metrics::router(readers, scrape(Arc::clone(app), Some(engine)), app.clock.clone())
}

/// `/metrics` on an address of its own, `METRICS_LISTEN`: for whoever reaches it, or the holders of `METRICS_TOKEN`.
pub fn alone(app: &Arc<App>, engine: Option<Arc<Engine>>) -> Router {
    let token = app.config.metrics.token.clone();
    let readers = token.map_or(Readers::Everyone, Readers::Holders);
    metrics::router(Some(readers), scrape(Arc::clone(app), engine), app.clock.clone())
}

fn scrape(app: Arc<App>, engine: Option<Arc<Engine>>) -> Scrape {
    Arc::new(move || {
        let (app, engine) = (Arc::clone(&app), engine.clone());
        Box::pin(async move {
            let moment = Moment {
                pool: Some(app.pool.counts()),
                jobs: jobs(&app).await,
                redis: app.publisher.links(),
                documents: engine.map(|engine| engine.documents()).unwrap_or_default(),
            };
            app.metrics.text(&moment)
        })
    })
}

async fn jobs(app: &App) -> Option<Vec<JobCount>> {
    let counting = async { Ok::<_, Error>(count_active(&mut *app.pool.connection().await?).await?) };
    let counted: Result<_> = timeout(COUNTED_WITHIN, counting)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable("The database did not answer in time.".to_owned())));
    match counted {
        Ok(jobs) => Some(jobs.into_iter().map(shown).collect()),
        Err(error) => {
            tracing::debug!(%error, "the jobs could not be counted");
            None
        }
    }
}

fn shown(jobs: ActiveJobs) -> JobCount {
    let ActiveJobs { queue, kind, state, count } = jobs;
    JobCount { queue: queue.as_str(), kind, state: state.as_str(), count }
}
