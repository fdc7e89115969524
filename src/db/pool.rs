//! The pool of PostgreSQL connections, and what a connection is set to before its first statement.

use std::time::Duration;

use deadpool::managed::QueueMode;
use deadpool::{Runtime, Status};
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool as DeadPool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::metrics::PoolCount;

/// How long a check-out waits for a free connection, and how long for a new one to be made.
const CHECK_OUT_TIMEOUT: Duration = Duration::from_millis(1200);

/// A prepared plan is made once and kept; a bound LIMIT would otherwise be planned anew at every call. Times are stored
/// and compared in UTC. A statement that takes longer than this is a fault, not work. One that waits for whoever has
/// gone away is broken off: the server would otherwise notice only when it has the answer.
const CONNECTION_SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET TIME ZONE 'UTC'; \
    SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '10s'; \
    SET client_connection_check_interval = '1s'";

/// diesel passes no SQLSTATE on, so `error` tells some faults by their text. Only a superuser may choose the language of it; with
/// another one, a mail with a value that the database cannot hold stops its extraction instead of failing alone.
const ENGLISH: &str =
    "DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// A connection, checked out of the pool until it is dropped.
pub type PooledConnection = Object<AsyncPgConnection>;

/// The connections of one process. Clones share them.
#[derive(Clone)]
pub struct Pool {
    connections: DeadPool<AsyncPgConnection>,
}

impl Pool {
    /// A pool for the database at `url`, which keeps up to `size` connections. Nothing is connected yet.
    pub fn new(url: &Secret, size: usize) -> Result<Self> {
        let mut config = ManagerConfig::default();
        // The default check-out asks the server a question each time; a broken connection is found by its first
        // statement instead, and thrown away.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(url.expose(), config);
        let connections = DeadPool::builder(manager)
            .max_size(size)
            // The session that was last at work has its plans and catalogue at hand: a few stay busy, the others sleep.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CHECK_OUT_TIMEOUT))
            .create_timeout(Some(CHECK_OUT_TIMEOUT))
            .recycle_timeout(Some(CHECK_OUT_TIMEOUT))
            .build()
            .map_err(|error| Error::internal("the database pool cannot be built", error))?;
        Ok(Self { connections })
    }

    /// A connection. `Unavailable` when the database does not answer, or every connection stays busy.
    pub async fn connection(&self) -> Result<PooledConnection> {
        self.connections.get().await.map_err(|error| match error {
            PoolError::Timeout(kind) => {
                tracing::warn!(?kind, "no database connection was free in time");
                Error::Unavailable("The database is too busy to answer.".to_owned())
            }
            other => {
                tracing::warn!(error = %other, "the database cannot be reached; check DATABASE_URL and that it runs");
                Error::Unavailable("The database cannot be reached.".to_owned())
            }
        })
    }

    /// Takes a connection back. One that was left in the middle of a transaction is closed instead, and with it go its
    /// locks: the pool would find it out only when it hands it out again.
    pub fn give_back(mut connection: PooledConnection) {
        if PoolableConnection::is_broken(&mut *connection) {
            drop(PooledConnection::take(connection));
        }
    }

    /// Asks the database for a sign of life.
    pub async fn ask(&self) -> Result<()> {
        self.connection().await?.batch_execute("SELECT 1").await.map_err(Error::from)
    }

    /// How many connections there are, and what they do.
    pub fn counts(&self) -> PoolCount {
        let Status { max_size, size, available, waiting, .. } = self.connections.status();
        PoolCount { most: max_size, size, idle: available, waiting }
    }

    /// Closes the connections that nobody uses at the moment; the next check-out makes a new one.
    ///
    /// For after a future was dropped in its transaction: the pool finds such a connection out only when it hands it out
    /// again, and until then it would hold its locks.
    pub fn close_idle(&self) {
        self.connections.retain(|_, _| false);
    }

    /// Closes every connection.
    pub fn close(&self) {
        self.connections.close();
    }
}

/// One connection outside of any pool, for whoever needs its own.
pub async fn connect(url: &Secret) -> Result<AsyncPgConnection> {
    establish(url.expose().to_owned()).await.map_err(|error| {
        tracing::warn!(%error, "the database cannot be reached; check DATABASE_URL and that it runs");
        Error::Unavailable("The database cannot be reached.".to_owned())
    })
}

async fn establish(url: String) -> diesel::ConnectionResult<AsyncPgConnection> {
    let mut connection = AsyncPgConnection::establish(&url).await?;
    for settings in [CONNECTION_SETTINGS, ENGLISH] {
        let done = connection.batch_execute(settings).await;
        done.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(connection)
}
