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

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;

use binaries::{PostgresBinaries, RedisBinaries};
use child::Spawner;
use data_folder::DataFolder;
use postgres::Postgres;
use redis::Redis;
use supervisor::{Server, Supervisor};

/// Which servers are to be ours; the others come from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnServers {
    /// PostgreSQL and Redis.
    Both,
    /// PostgreSQL alone.
    Postgres,
    /// Redis alone.
    Redis,
}

/// What [`Embedded::start`] needs to know.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// The folder that holds everything; made when it is absent. Its path is short enough for a socket (about 80 bytes).
    pub data_dir: PathBuf,
    /// Which servers to start.
    pub servers: OwnServers,
    /// True keeps what was committed through a power cut. Tests say false, which is faster, and still keeps it when a
    /// server is killed.
    pub durable: bool,
    /// The folders to look into for the servers' binaries, best first.
    pub search_path: Vec<PathBuf>,
}

impl EmbeddedSettings {
    /// Both servers, durable, in `data_dir`, with the binaries from where Linux distributions put them.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            servers: OwnServers::Both,
            durable: true,
            search_path: binaries::usual_folders(),
        }
    }
}

/// A PostgreSQL and a Redis of our own, running, or one of them.
#[derive(Debug)]
pub struct Embedded {
    postgres: Option<RunningPostgres>,
    redis: Option<RunningRedis>,
    // Dropped last: the spawner's thread ends with it, and the lock opens.
    _spawner: Arc<Spawner>,
    _folder: DataFolder,
}

#[derive(Debug)]
struct RunningPostgres {
    url: String,
    supervisor: Supervisor,
}

#[derive(Debug)]
struct RunningRedis {
    redis: Redis,
    supervisor: Supervisor,
}

impl Embedded {
    /// Starts the servers, on the first start of a folder after `initdb`, and returns when they answer.
    ///
    /// # Errors
    ///
    /// `Unavailable`, with a sentence that says what to do, for a missing binary, a folder that is in use, damaged,
    /// full or not ours, and for a server that ends while it starts; `Internal` for the rest.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self> {
        let folder = DataFolder::open(&settings.data_dir)?;
        let (wants_postgres, wants_redis) =
            (settings.servers != OwnServers::Redis, settings.servers != OwnServers::Postgres);
        // All binaries are looked for before the first one runs.
        let postgres = if wants_postgres {
            Some(PostgresBinaries::find(&settings.search_path, folder.postgres_version()?)?)
        } else {
            None
        };
        let redis = if wants_redis { Some(RedisBinaries::find(&settings.search_path)?) } else { None };
        let spawner = Arc::new(Spawner::start()?);
        let (postgres, redis) = tokio::join!(
            start_postgres(&folder, postgres, settings.durable, &spawner),
            start_redis(&folder, redis, &spawner),
        );
        // PostgreSQL's sentence first: it says more about a folder that neither of them can use.
        let (postgres, redis) = (postgres?, redis?);
        Ok(Self { postgres, redis, _spawner: spawner, _folder: folder })
    }

    /// The URL of the database `pennypost`, for tokio-postgres and libpq alike; it ends with the database's name. `None`
    /// when PostgreSQL is not ours.
    pub fn database_url(&self) -> Option<&str> {
        self.postgres.as_ref().map(|postgres| postgres.url.as_str())
    }

    /// The URL of Redis's logical database `db`, 0 to 15, with the password; `None` when Redis is not ours.
    pub fn redis_url(&self, db: u8) -> Option<String> {
        self.redis.as_ref().map(|running| running.redis.url(db))
    }

    /// PostgreSQL's process id; `None` while it is being started again.
    pub fn postgres_process(&self) -> Option<u32> {
        self.postgres.as_ref().and_then(|postgres| postgres.supervisor.process())
    }

    /// Redis's process id; `None` while it is being started again.
    pub fn redis_process(&self) -> Option<u32> {
        self.redis.as_ref().and_then(|redis| redis.supervisor.process())
    }

    /// Stops the servers and waits for them: PostgreSQL breaks its sessions off and writes a checkpoint, Redis ends
    /// without saving. Dropping an `Embedded` asks for the same, and does not wait.
    pub async fn stop(self) {
        let postgres = async {
            if let Some(postgres) = self.postgres {
                postgres.supervisor.stop().await;
            }
        };
        let redis = async {
            if let Some(redis) = self.redis {
                redis.supervisor.stop().await;
            }
        };
        tokio::join!(postgres, redis);
    }
}

/// The URL of the database of the pennypost that runs on the data folder `data_dir`; `None` when none runs there.
/// PostgreSQL's socket has its name from the folder alone, so whoever may enter the folder needs nothing else.
pub fn find_running(data_dir: &Path) -> Result<Option<String>> {
    Ok(data_folder::find_running(data_dir)?.map(|run| postgres::url_in(&run)))
}

/// False when no pennypost of this version or an earlier one has ever started on the data folder `data_dir`.
pub fn has_started_in(data_dir: &Path) -> bool {
    data_folder::has_postgres(data_dir)
}

async fn start_postgres(
    folder: &DataFolder,
    binaries: Option<PostgresBinaries>,
    durable: bool,
    spawner: &Arc<Spawner>,
) -> Result<Option<RunningPostgres>> {
    let Some(binaries) = binaries else { return Ok(None) };
    let postgres = Postgres::new(folder, &binaries, durable);
    postgres.make_cluster(spawner, folder).await?;
    let url = postgres.url();
    let supervisor = Supervisor::start(Server::Postgres(postgres), Arc::clone(spawner)).await?;
    Ok(Some(RunningPostgres { url, supervisor }))
}

async fn start_redis(
    folder: &DataFolder,
    binaries: Option<RedisBinaries>,
    spawner: &Arc<Spawner>,
) -> Result<Option<RunningRedis>> {
    let Some(binaries) = binaries else { return Ok(None) };
    let redis = Redis::new(folder, &binaries)?;
    let supervisor = Supervisor::start(Server::Redis(redis.clone()), Arc::clone(spawner)).await?;
    Ok(Some(RunningRedis { redis, supervisor }))
}
