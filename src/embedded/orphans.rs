//! Servers that an earlier run left behind in the data folder: finds them, and waits until they are gone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(20);

/// The processes named `name` that work in `folder`. Both servers change into their own folder, and so do all of
/// PostgreSQL's processes, so this finds what is left of a killed one, too, and never a person's shell.
pub(super) fn find(name: &str, folder: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let belongs = |entry: fs::DirEntry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        let named = fs::read_to_string(entry.path().join("comm")).is_ok_and(|comm| comm.trim_end() == name);
        let works_there = || fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder);
        (named && works_there()).then(|| Pid::from_raw(process))
    };
    entries.flatten().filter_map(belongs).collect()
}

/// Waits until no process named `name` works in `folder`, with a signal to each at the given times since the start.
/// After the last one, the folder stays in use and that is an error.
pub(super) async fn wait_until_gone(name: &str, folder: &Path, signals: &[(Duration, Signal)]) -> Result<()> {
    let start = Instant::now();
    let mut signals = signals.iter().peekable();
    let last = Duration::from_secs(10);
    let mut deadline = start + last;
    loop {
        let processes = find(name, folder);
        if processes.is_empty() {
            return Ok(());
        }
        if let Some((_, signal)) = signals.next_if(|(after, _)| start.elapsed() >= *after) {
            tracing::info!(server = name, count = processes.len(), %signal, "an earlier run's server is still there");
            for process in processes {
                // It may be gone since we looked, which is what we want.
                let _ = kill(process, *signal);
            }
            deadline = Instant::now() + last;
        } else if signals.peek().is_none() && Instant::now() > deadline {
            return Err(Error::Unavailable(format!(
                "A {name} of an earlier run still works in {} and does not stop. End its process, then start again.",
                folder.display()
            )));
        }
        sleep(INTERVAL).await;
    }
}
