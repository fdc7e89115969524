//! `serve`: the API alone, on a database that is at this version.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppParts};
use crate::cli::servers::database_url;
use crate::cli::signals::Signals;
use crate::cli::{Ending, data_folder};
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::db::migrate;
use crate::error::{Error, Result};
use crate::graphql::engine::Engine;
use crate::graphql::schema;
use crate::http::serve::{ConnectionLimits, serve};
use crate::http::{endpoint, scrape};
use crate::mailer::Mailer;
use crate::telemetry;

/// What every key in Redis starts with.
const REDIS_PREFIX: &str = "pennypost";

pub(super) async fn run(config: Config) -> Result<Ending> {
    let signals = Signals::watch()?;
    let work = async {
        let listen = config.listen;
        let app = connect(config, Environment::Production).await?;
        let site = site(Arc::clone(&app)).await?;
        let listener = bind("LISTEN", listen).await?;
        tracing::info!(address = %listen, "the API listens");
        answer(&app, listener, site, signals.stop()).await
    };
    Box::pin(signals.watch_over(work)).await
}

/// The application on a database that is at this version; `usual` is the environment unless ENV says otherwise.
pub(super) async fn connect(config: Config, usual: Environment) -> Result<Arc<App>> {
    let environment = config.environment.unwrap_or(usual);
    telemetry::start(environment, config.log_level);
    migrate::check(&database_url(&config)?).await?;
    let mailer = mailer(&config)?;
    Ok(Arc::new(build(config, environment, mailer)?))
}

/// The application. Nothing is connected yet.
pub(super) fn build(config: Config, environment: Environment, mailer: Mailer) -> Result<App> {
    let parts = AppParts { environment, clock: Clock::System, mailer, redis_prefix: REDIS_PREFIX.to_owned() };
    App::new(config, parts)
}

/// Takes the address that a setting names.
pub(super) async fn bind(setting: &str, listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        Error::Unavailable(match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "{listen} is taken by another program. Stop that one, or choose another address, like {setting}=127.0.0.1:{}.",
                listen.port().checked_add(1).unwrap_or(8081)
            ),
            _ => format!("{setting} is {listen}, and this machine does not give that address: {error}."),
        })
    })
}

/// Answers on `listener`, and follows the events of jobs for those who watch, until `stop`.
pub(super) async fn answer(
    app: &App,
    listener: TcpListener,
    site: Site,
    stop: CancellationToken,
) -> Result<()> {
    let following = app.live.run(&app.pool, &app.redis, stop.clone());
    let measuring = site.metrics.answer(stop.clone());
    let serving = serve(listener, site.router, ConnectionLimits::from(&app.config.limits), stop);
    let ((), followed, ()) = tokio::join!(serving, following, measuring);
    followed
}

/// All that the API answers with.
pub(super) async fn site(app: Arc<App>) -> Result<Site> {
    let engine = Arc::new(schema::engine(Arc::clone(&app))?);
    let metrics = MetricsSite::of(&app, Some(Arc::clone(&engine))).await?;
    Ok(Site { router: endpoint::router(app, engine)?, metrics })
}

/// All paths of the API, and the metrics on their own address.
pub(super) struct Site {
    router: Router,
    metrics: MetricsSite,
}

/// The metrics on the address of `METRICS_LISTEN`, where there is one.
pub(super) struct MetricsSite(Option<(TcpListener, Router, ConnectionLimits)>);

impl MetricsSite {
    /// Takes the address.
    pub(super) async fn of(app: &Arc<App>, engine: Option<Arc<Engine>>) -> Result<Self> {
        let Some(listen) = app.config.metrics.listen else { return Ok(Self(None)) };
        let listener = bind("METRICS_LISTEN", listen).await?;
        Ok(Self(Some((listener, scrape::alone(app, engine), ConnectionLimits::from(&app.config.limits)))))
    }

    /// Answers until `stop`.
    pub(super) async fn answer(self, stop: CancellationToken) {
        if let Some((listener, router, limits)) = self.0 {
            serve(listener, router, limits, stop).await;
        }
    }
}

/// Where mails go: to `SMTP_URL`, or into `DATA_DIR`. A server that could only lose them does not start.
fn mailer(config: &Config) -> Result<Mailer> {
    match (&config.smtp_url, &config.data_dir) {
        (Some(url), _) => Mailer::smtp(url, &config.smtp_from),
        (None, Some(data_dir)) => {
            data_folder::make(data_dir)?;
            Mailer::folder(data_folder::outbox(data_dir)?, &config.smtp_from)
        }
        (None, None) => Err(Error::Unavailable(
            "SMTP_URL is not set, so mails could go nowhere. Set it, or DATA_DIR for a folder that they are written into."
                .to_owned(),
        )),
    }
}
