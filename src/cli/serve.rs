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
use crate::graphql::schema;
use crate::http::endpoint;
use crate::http::serve::{Patience, serve};
use crate::mailer::Mailer;
use crate::telemetry;

/// What every key in Redis starts with.
const REDIS_PREFIX: &str = "pennypost";

pub(super) async fn run(config: Config) -> Result<Ending> {
    let signals = Signals::watch()?;
    let work = async {
        let listen = config.listen;
        let app = connect(config, Environment::Production).await?;
        let router = router(Arc::clone(&app))?;
        let listener = bind(listen).await?;
        tracing::info!(address = %listen, "the API listens");
        answer(&app, listener, router, signals.stop()).await
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

/// Takes the address that LISTEN names.
pub(super) async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        Error::Unavailable(match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "{listen} is taken by another program. Stop that one, or choose another address, like LISTEN=127.0.0.1:{}.",
                listen.port().checked_add(1).unwrap_or(8081)
            ),
            _ => format!("LISTEN is {listen}, and this machine does not give that address: {error}."),
        })
    })
}

/// Answers on `listener`, and follows the events of jobs for those who watch, until `stop`.
pub(super) async fn answer(
    app: &App,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<()> {
    let following = app.live.run(&app.pool, &app.redis, stop.clone());
    let ((), followed) =
        tokio::join!(serve(listener, router, Patience::from(&app.config.limits), stop), following);
    followed
}

/// All paths of the API.
pub(super) fn router(app: Arc<App>) -> Result<Router> {
    let engine = schema::engine(Arc::clone(&app))?;
    endpoint::router(app, engine)
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
