//! The private Redis: a loopback port and a password that change at each start, and nothing kept on disk.

use std::fmt::{self, Debug, Formatter};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::User;
use rand::RngExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::binaries::RedisBinaries;
use super::child::{self, Running, Spawner};
use super::data_folder::DataFolder;
use super::orphans;
use crate::error::{Error, Result};

/// The ports to choose from. They are below the ones that Linux gives to outgoing connections: a client that tries to
/// reach a Redis which is down could otherwise be given that very port, connect to itself, and keep Redis off it.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Redis saves nothing, so it ends at once.
pub(super) const STOP: [(Signal, Duration); 1] = [(Signal::SIGTERM, Duration::from_secs(5))];

const STOP_ORPHAN: [(Duration, Signal); 2] =
    [(Duration::ZERO, Signal::SIGTERM), (Duration::from_secs(5), Signal::SIGKILL)];

/// How to start our Redis, and how to reach it.
#[derive(Clone)]
pub(super) struct Redis {
    server: PathBuf,
    setpriv: PathBuf,
    user: Option<User>,
    folder: PathBuf,
    port: u16,
    password: String,
}

impl Redis {
    /// Chooses a free port and a new password.
    pub(super) fn new(folder: &DataFolder, binaries: &RedisBinaries) -> Result<Self> {
        Ok(Self {
            server: binaries.redis.clone(),
            setpriv: binaries.setpriv.clone(),
            user: folder.other_user().cloned(),
            folder: folder.redis(),
            port: free_port()?,
            password: format!("{:032x}", rand::rng().random::<u128>()),
        })
    }

    /// The URL of the logical database `db`.
    pub(super) fn url(&self, db: u8) -> String {
        format!("redis://:{}@127.0.0.1:{}/{db}", self.password, self.port)
    }

    /// Starts the server and returns when it answers.
    pub(super) async fn start(&self, spawner: &Spawner) -> Result<Running> {
        orphans::wait_until_gone("redis-server", &self.folder, &STOP_ORPHAN).await?;
        let mut command = child::command(&self.setpriv, self.user.as_ref(), "TERM", &self.server);
        // The settings come through the pipe: an argument, and the password with it, is everybody's to read.
        command.arg("-");
        let settings = self.settings();
        let mut server =
            Running::start(spawner, "redis-server", command, settings.as_bytes(), Signal::SIGTERM).await?;
        let start = Instant::now();
        while !self.answers().await {
            if server.has_ended() {
                return Err(self.why_it_ended(&server.last_words().await));
            }
            if start.elapsed() > PATIENCE {
                let context = format!("Redis did not answer within {} s", PATIENCE.as_secs());
                return Err(Error::internal(context, server.last_words().await));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(server)
    }

    /// It holds hints and copies alone: full, it drops the oldest rather than refuse the newest.
    fn settings(&self) -> String {
        format!(
            "bind 127.0.0.1\nport {}\nprotected-mode yes\nrequirepass {}\ndir \"{}\"\nsave \"\"\nappendonly no\n\
             daemonize no\nloglevel warning\ndatabases 16\nmaxmemory 256mb\nmaxmemory-policy allkeys-lru\n",
            self.port,
            self.password,
            self.folder.display().to_string().replace('\\', "\\\\").replace('"', "\\\"")
        )
    }

    /// True when a server at our port knows our password: a stranger's does not.
    async fn answers(&self) -> bool {
        let ask = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            stream.write_all(format!("AUTH {}\r\n", self.password).as_bytes()).await?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await?;
            std::io::Result::Ok(&answer == b"+OK\r\n")
        };
        matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(true)))
    }

    fn why_it_ended(&self, lines: &str) -> Error {
        if lines.contains("Address already in use") {
            return Error::Unavailable(format!(
                "Redis did not start: another program took its port {}. Start pennypost again, and it chooses another.",
                self.port
            ));
        }
        let last = lines.lines().last().unwrap_or("nothing");
        Error::Unavailable(format!("Redis did not start in {}. It said: {last}", self.folder.display()))
    }
}

impl Debug for Redis {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Redis").field("port", &self.port).finish_non_exhaustive()
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let mut chosen = (0..100).map(|_| rand::rng().random_range(PORTS));
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    chosen.find(is_free).ok_or_else(|| {
        Error::Unavailable(format!(
            "Redis finds no free port between {} and {} on 127.0.0.1: another program holds them.",
            PORTS.start, PORTS.end
        ))
    })
}
