//! The private PostgreSQL: makes the cluster, starts the server, and knows when it answers.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, User};
use tokio::time::{Instant, sleep};

use super::binaries::PostgresBinaries;
use super::child::{self, Running, Spawner};
use super::data_folder::{self, DataFolder};
use super::orphans;
use crate::error::{Error, Result};

/// The name of our user, who is the cluster's superuser, and of our database.
const NAME: &str = "pennypost";

/// What is written once into a new cluster's postgresql.conf, for a person to change.
const FIRST_SETTINGS: &str = "
# Written once by pennypost, when it made this cluster; change them as you like.
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
# Short statements lose more to compilation than they win.
jit = off
# Made for flash storage: a random read costs little more than the next one.
random_page_cost = 1.1
";

/// What the server is always started with: no port, and a log without anybody's values. Statements' errors reach the
/// client that sent them; the log keeps what happens to the server.
const SETTINGS: [&str; 5] = [
    "listen_addresses=",
    "logging_collector=off",
    "log_destination=stderr",
    "log_min_messages=log",
    "log_statement=none",
];

/// What makes a server for tests fast. A killed server still loses nothing that was committed, a machine may.
const FORGETFUL_SETTINGS: [&str; 4] =
    ["fsync=off", "full_page_writes=off", "autovacuum=off", "max_wal_size=4GB"];

/// How long a start may take; the recovery after a crash is part of it.
const PATIENCE: Duration = Duration::from_mins(5);

/// A fast shutdown, then an immediate one, which costs a recovery at the next start.
pub(super) const STOP: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_mins(1)), (Signal::SIGQUIT, Duration::from_secs(10))];

/// The same for a server of an earlier run. A session whose server was killed takes the first for a cancel.
const STOP_ORPHAN: [(Duration, Signal); 3] = [
    (Duration::ZERO, Signal::SIGINT),
    (Duration::from_secs(45), Signal::SIGQUIT),
    (Duration::from_secs(55), Signal::SIGKILL),
];

/// How to start our PostgreSQL.
#[derive(Debug)]
pub(super) struct Postgres {
    initdb: PathBuf,
    server: PathBuf,
    setpriv: PathBuf,
    user: Option<User>,
    data: PathBuf,
    unfinished: PathBuf,
    run: PathBuf,
    durable: bool,
}

impl Postgres {
    pub(super) fn new(folder: &DataFolder, binaries: &PostgresBinaries, durable: bool) -> Self {
        Self {
            initdb: binaries.initdb.clone(),
            server: binaries.postgres.clone(),
            setpriv: binaries.setpriv.clone(),
            user: folder.other_user().cloned(),
            data: folder.postgres(),
            unfinished: folder.unfinished_postgres(),
            run: folder.run(),
            durable,
        }
    }

    /// The URL of our database.
    pub(super) fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Makes the cluster when there is none. An `initdb` that was broken off is begun again.
    pub(super) async fn make_cluster(&self, spawner: &Spawner, folder: &DataFolder) -> Result<()> {
        if self.data.exists() {
            return Ok(());
        }
        let broken_off = |error| data_folder::unusable(&self.unfinished, &error);
        if self.unfinished.exists() {
            fs::remove_dir_all(&self.unfinished).map_err(broken_off)?;
        }
        folder.make_private(&self.unfinished)?;
        tracing::info!(folder = %self.data.display(), "making a new PostgreSQL cluster");
        self.run_initdb(spawner, folder).await?;
        let settings = self.unfinished.join("postgresql.conf");
        let write = fs::OpenOptions::new().append(true).open(&settings).and_then(|mut file| {
            std::io::Write::write_all(&mut file, FIRST_SETTINGS.as_bytes())?;
            file.sync_all()
        });
        write
            .and_then(|()| fs::rename(&self.unfinished, &self.data))
            .and_then(|()| fs::File::open(self.data.parent().unwrap_or(&self.data))?.sync_all())
            .map_err(broken_off)
    }

    async fn run_initdb(&self, spawner: &Spawner, folder: &DataFolder) -> Result<()> {
        let mut command = child::command(&self.setpriv, self.user.as_ref(), "KILL", &self.initdb);
        command.arg("--pgdata").arg(&self.unfinished);
        // Sorted by code point, which no update of the C library changes under an index; letters are Unicode's.
        command.args(["--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"]);
        command.args(["--lc-monetary=C", "--lc-numeric=C", "--lc-time=C", "--text-search-config=simple"]);
        command.args(["--username", NAME, "--auth-local=trust", "--auth-host=reject", "--no-instructions"]);
        command.arg(if self.durable { "--data-checksums" } else { "--no-sync" });
        let mut initdb = Running::start(spawner, "initdb", command, &[], Signal::SIGKILL).await?;
        let status = initdb.wait().await?;
        if status.success() {
            return Ok(());
        }
        let lines = initdb.last_words().await;
        Err(folder
            .explain(&lines)
            .unwrap_or_else(|| Error::internal("initdb failed", format!("{status}: {lines}"))))
    }

    /// Starts the server and returns when it answers and our database is there.
    pub(super) async fn start(&self, spawner: &Spawner) -> Result<Running> {
        orphans::wait_until_gone("postgres", &self.data, &STOP_ORPHAN).await?;
        self.remove_misleading_pid_file();
        let mut command = child::command(&self.setpriv, self.user.as_ref(), "INT", &self.server);
        command.arg("-D").arg(&self.data).arg("-k").arg(&self.run);
        let forgetful = if self.durable { &[][..] } else { &FORGETFUL_SETTINGS[..] };
        for setting in SETTINGS.iter().chain(forgetful) {
            command.args(["-c", setting]);
        }
        let mut server = Running::start(spawner, "postgres", command, &[], Signal::SIGINT).await?;
        self.wait_until_ready(&mut server).await?;
        self.make_database().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self, server: &mut Running) -> Result<()> {
        let start = Instant::now();
        let mut next_word = start + Duration::from_secs(10);
        while !self.is_ready(server.process()) {
            if server.has_ended() {
                return Err(self.why_it_ended(&server.last_words().await));
            }
            if start.elapsed() > PATIENCE {
                return Err(Error::Unavailable(format!(
                    "PostgreSQL did not get ready within {} s. It may still be recovering {}: start again later.",
                    PATIENCE.as_secs(),
                    self.data.display()
                )));
            }
            if Instant::now() > next_word {
                tracing::info!(
                    seconds = start.elapsed().as_secs(),
                    "waiting for PostgreSQL, which may be recovering"
                );
                next_word += Duration::from_secs(10);
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// The server writes its state into the last line of its pid file, so nobody has to knock until then.
    fn is_ready(&self, process: u32) -> bool {
        let Ok(file) = fs::read_to_string(self.pid_file()) else { return false };
        let mut lines = file.lines();
        lines.next().is_some_and(|line| line.trim() == process.to_string())
            && lines.next_back().is_some_and(|line| line.trim_end() == "ready")
    }

    fn why_it_ended(&self, lines: &str) -> Error {
        if data_folder::speaks_of_a_full_disk(lines) {
            return data_folder::full(&self.data);
        }
        let serious = |line: &&str| line.contains("FATAL:") || line.contains("PANIC:");
        let all: Vec<&str> = lines.lines().collect();
        let last = all.get(all.len().saturating_sub(3)..).unwrap_or_default().join(" ");
        let reason = all.iter().copied().rfind(serious).unwrap_or(&last);
        Error::Unavailable(format!(
            "PostgreSQL did not start on {}. It said: {reason} (If the folder is damaged, restore it from a backup, or \
             move it away to begin with an empty one.)",
            self.data.display()
        ))
    }

    /// Our own database, made by the first start.
    async fn make_database(&self) -> Result<()> {
        if AsyncPgConnection::establish(&self.url()).await.is_ok() {
            return Ok(());
        }
        let mut connection = AsyncPgConnection::establish(&self.url_of("postgres"))
            .await
            .map_err(|error| Error::internal("connecting to the new PostgreSQL", error))?;
        connection
            .batch_execute(&format!("CREATE DATABASE {NAME}"))
            .await
            .map_err(|error| Error::internal("making the database", error))
    }

    /// PostgreSQL refuses to start while the process that its pid file names is alive, and after a power cut that can
    /// be anybody's. Nobody works in the folder (the caller has waited for that) and we hold its lock. A file that
    /// names a dead process stays: with it, PostgreSQL looks for sessions of a killed server.
    fn remove_misleading_pid_file(&self) {
        let Ok(file) = fs::read_to_string(self.pid_file()) else { return };
        let named = file.lines().next().and_then(|line| line.trim().parse().ok()).map(Pid::from_raw);
        if named.is_some_and(|process| nix::sys::signal::kill(process, None).is_ok()) {
            tracing::warn!("postmaster.pid names a process that is not PostgreSQL's; removing the file");
            for file in [self.pid_file(), self.run.join(".s.PGSQL.5432.lock")] {
                // PostgreSQL says it if one of them is still in its way.
                let _ = fs::remove_file(file);
            }
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    fn url_of(&self, database: &str) -> String {
        url_at(&self.run, database)
    }
}

/// The URL of our database on the socket in the folder `run`. It is the same at each start.
pub(super) fn url_in(run: &Path) -> String {
    url_at(run, NAME)
}

fn url_at(run: &Path, database: &str) -> String {
    format!("postgres://{NAME}@{}/{database}", percent_encoded(run))
}

/// The path as the host of a URL: every byte but letters, digits, `-`, `_` and `.` as `%XX`.
fn percent_encoded(path: &Path) -> String {
    let encode = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    path.as_os_str().as_bytes().iter().map(encode).collect()
}
