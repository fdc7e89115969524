//! The private PostgreSQL and Redis that `pennypost up` and the tests start as child processes.
//!
//! Everything lives in one data folder. PostgreSQL listens on a socket that nobody else may reach, Redis on a loopback
//! port with a password that changes at each start. One task a server starts it again when it dies, and neither
//! outlives this process: both carry a parent-death signal.

mod binaries;
mod child;
mod data_folder;
mod orphans;
mod postgres;
mod redis;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;

use binaries::Binaries;
use child::Spawner;
use data_folder::DataFolder;
use postgres::Postgres;
use redis::Redis;
use supervisor::{Server, Supervisor};

/// What [`Embedded::start`] needs to know.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// The folder that holds everything; made when it is absent. Its path is short enough for a socket (about 80 bytes).
    pub data_dir: PathBuf,
    /// True keeps what was committed through a power cut. Tests say false, which is faster, and still keeps it when a
    /// server is killed.
    pub durable: bool,
    /// The folders to look into for the servers' binaries, best first.
    pub search_path: Vec<PathBuf>,
}

impl EmbeddedSettings {
    /// Durable servers in `data_dir`, with the binaries from where Linux distributions put them.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), durable: true, search_path: binaries::usual_folders() }
    }
}

/// A PostgreSQL and a Redis of our own, running.
#[derive(Debug)]
pub struct Embedded {
    database_url: String,
    redis: Redis,
    postgres_supervisor: Supervisor,
    redis_supervisor: Supervisor,
    // Dropped last: the spawner's thread ends with it, and the lock opens.
    _spawner: Arc<Spawner>,
    _folder: DataFolder,
}

impl Embedded {
    /// Starts both servers, on the first start of a folder after `initdb`, and returns when both answer.
    ///
    /// # Errors
    ///
    /// `Unavailable`, with a sentence that says what to do, for a missing binary, a folder that is in use, damaged,
    /// full or not ours, and for a server that ends while it starts; `Internal` for the rest.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self> {
        let folder = DataFolder::open(&settings.data_dir)?;
        let binaries = Binaries::find(&settings.search_path, folder.postgres_version()?)?;
        let spawner = Arc::new(Spawner::start()?);

        let postgres = Postgres::new(&folder, &binaries, settings.durable);
        postgres.make_cluster(&spawner, &folder).await?;
        let redis = Redis::new(&folder, &binaries)?;
        let database_url = postgres.url();
        let (postgres, started_redis) = tokio::try_join!(
            Supervisor::start(Server::Postgres(postgres), Arc::clone(&spawner)),
            Supervisor::start(Server::Redis(redis.clone()), Arc::clone(&spawner)),
        )?;
        Ok(Self {
            database_url,
            redis,
            postgres_supervisor: postgres,
            redis_supervisor: started_redis,
            _spawner: spawner,
            _folder: folder,
        })
    }

    /// The URL of the database `pennypost`, for tokio-postgres and libpq alike. It ends with the database's name.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The URL of Redis's logical database `db`, 0 to 15. It carries the password.
    pub fn redis_url(&self, db: u8) -> String {
        self.redis.url(db)
    }

    /// PostgreSQL's process id; `None` while it is being started again.
    pub fn postgres_process(&self) -> Option<u32> {
        self.postgres_supervisor.process()
    }

    /// Redis's process id; `None` while it is being started again.
    pub fn redis_process(&self) -> Option<u32> {
        self.redis_supervisor.process()
    }

    /// Stops both servers and waits for them: PostgreSQL breaks its sessions off and writes a checkpoint, Redis ends
    /// without saving. Dropping an `Embedded` asks for the same, and does not wait.
    pub async fn stop(self) {
        tokio::join!(self.postgres_supervisor.stop(), self.redis_supervisor.stop());
    }
}
