//! Runs a command between the start and the stop of a PostgreSQL and a Redis of its own, which it finds in
//! `TEST_DATABASE_URL` and `TEST_REDIS_URL` (logical database 0), and ends with the command's exit code.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use pennypost::embedded::{Embedded, EmbeddedSettings};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Nowhere to say that standard error is closed.
            let _ = writeln!(std::io::stderr(), "test_servers: {error}");
            ExitCode::from(125)
        }
    }
}

async fn run() -> Result<u8, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("name the command to run")?;
    let folder = tempfile::Builder::new().prefix("pennypost-test-").tempdir()?;
    // A Ctrl-C reaches the command, too: it ends first, and then we clean up.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let settings = EmbeddedSettings { durable: false, ..EmbeddedSettings::new(folder.path()) };
    let servers = Embedded::start(settings).await?;

    let command = Command::new(&program)
        .args(arguments)
        .env("TEST_DATABASE_URL", servers.database_url().unwrap_or_default())
        .env("TEST_REDIS_URL", servers.redis_url(0).unwrap_or_default())
        .kill_on_drop(true)
        .spawn();
    let outcome = match command {
        Err(error) => Err(std::io::Error::other(format!("{} does not start: {error}", program.display()))),
        Ok(mut child) => loop {
            tokio::select! {
                status = child.wait() => break status,
                _ = interrupt.recv() => {}
                _ = terminate.recv() => child.start_kill()?,
            }
        },
    };
    servers.stop().await;
    let status = outcome?;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}
