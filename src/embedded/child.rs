//! One child process: how it is started, what it wrote last, and how it is stopped.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::{Error, Result};

/// How many of a child's last lines are kept for the sentence about its end.
const KEPT_LINES: usize = 30;

type Request = (Command, oneshot::Sender<io::Result<Child>>);

/// Starts processes from a thread of its own, which lives as long as this value: the kernel sends the parent-death
/// signal when the thread that started the child ends, not when the process does.
#[derive(Debug)]
pub(super) struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread. It uses the runtime of the caller.
    pub(super) fn start() -> Result<Self> {
        let (requests, received) = mpsc::channel::<Request>();
        let runtime = tokio::runtime::Handle::current();
        let spawn = move || {
            let _entered = runtime.enter();
            for (mut command, reply) in received {
                // A caller who is gone drops the child, and with it the process.
                let _ = reply.send(command.spawn());
            }
        };
        std::thread::Builder::new()
            .name("embedded".to_owned())
            .spawn(spawn)
            .map_err(|error| Error::internal("starting the thread that starts the servers", error))?;
        Ok(Self { requests })
    }

    async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (reply, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts the servers is gone");
        self.requests.send((command, reply)).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

/// A command that runs `program` as `user` (where one is given), gets `death_signal` when we die, inherits nothing of
/// our environment, and does not hear the terminal's Ctrl-C, because we stop it ourselves, last.
pub(super) fn command(setpriv: &Path, user: Option<&User>, death_signal: &str, program: &Path) -> Command {
    let mut command = Command::new(setpriv);
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid))
            .arg("--init-groups");
    }
    command.arg(format!("--pdeathsig={death_signal}")).arg("--").arg(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
    command.current_dir("/").process_group(0);
    command
}

/// A running child.
#[derive(Debug)]
pub(super) struct Running {
    name: &'static str,
    child: Child,
    process: Pid,
    stop_signal: Signal,
    lines: Arc<Mutex<VecDeque<String>>>,
    readers: [JoinHandle<()>; 2],
}

impl Running {
    /// Starts `command` and writes `input` to it. `stop_signal` is what it gets when this value is dropped.
    pub(super) async fn start(
        spawner: &Spawner,
        name: &'static str,
        mut command: Command,
        input: &[u8],
        stop_signal: Signal,
    ) -> Result<Self> {
        let failed = |error| Error::internal(format!("starting {name}"), error);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawner.spawn(command).await.map_err(failed)?;
        let process = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let process = process.ok_or_else(|| failed(io::Error::other("it ended at once")))?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let readers = [
            tokio::spawn(keep_lines(name, child.stdout.take(), Arc::clone(&lines))),
            tokio::spawn(keep_lines(name, child.stderr.take(), Arc::clone(&lines))),
        ];
        let stdin = child.stdin.take();
        let running = Self { name, child, process, stop_signal, lines, readers };
        if let Some(mut stdin) = stdin {
            // A child that ended before it read this says why in its lines.
            let _ = stdin.write_all(input).await;
        }
        Ok(running)
    }

    /// The process id.
    pub(super) fn process(&self) -> u32 {
        self.process.as_raw().unsigned_abs()
    }

    /// Waits for the end.
    pub(super) async fn wait(&mut self) -> Result<ExitStatus> {
        let name = self.name;
        self.child.wait().await.map_err(|error| Error::internal(format!("waiting for {name}"), error))
    }

    /// True once the process has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The last lines that the ended process wrote, oldest first.
    pub(super) async fn last_words(&mut self) -> String {
        for reader in &mut self.readers {
            // A process of its own that outlives it may hold the pipe open: do not wait for that one.
            let _ = timeout(Duration::from_secs(1), reader).await;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Sends each signal and waits that long for the end, then ends it the hard way.
    pub(super) async fn stop(mut self, signals: &[(Signal, Duration)]) {
        for (signal, patience) in signals {
            // It may have ended by itself, which the wait then says.
            let _ = kill(self.process, *signal);
            if timeout(*patience, self.child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(server = self.name, %signal, seconds = patience.as_secs(), "the server did not stop in time");
        }
        if let Err(error) = self.child.kill().await {
            tracing::error!(server = self.name, %error, "the server could not be ended");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only a child that nobody has waited for still owns its process id.
        if self.child.id().is_some() {
            let _ = kill(self.process, self.stop_signal);
        }
    }
}

/// Reads a child's output until it ends, and keeps the last lines.
async fn keep_lines(
    name: &'static str,
    output: Option<impl AsyncRead + Unpin>,
    lines: Arc<Mutex<VecDeque<String>>>,
) {
    let Some(output) = output else { return };
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(1..)) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        tracing::debug!(server = name, "{text}");
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}
