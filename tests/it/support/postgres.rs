//! A private PostgreSQL that a test may stop as hard as it likes. Gone with this value.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// One server with a data folder of its own, on a free port of the loopback interface.
pub struct PrivatePostgres {
    folder: TempDir,
    port: u16,
}

impl PrivatePostgres {
    /// Makes one and starts it.
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        if nix::unistd::geteuid().is_root() {
            let user = nix::unistd::User::from_name("postgres").unwrap().expect("there is a user postgres");
            nix::unistd::chown(folder.path(), Some(user.uid), Some(user.gid)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        let data = server.data();
        run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        server.restart();
        server
    }

    /// The URL of its first database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it as a loss of power would: no client is told, nothing is written.
    pub fn stop_at_once(&self) {
        run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }

    /// Starts it again, and waits until it answers.
    pub fn restart(&self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -k {folder}", self.port);
        let log = self.folder.path().join("log").display().to_string();
        run("pg_ctl", &["-D", &self.data(), "-o", &options, "-l", &log, "-w", "start"]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

/// Runs one of PostgreSQL's programs, as its user where this process is root: it refuses to run as that.
fn run(program: &str, arguments: &[&str]) {
    let program = installed(program);
    let mut command = if nix::unistd::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let status =
        command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{arguments:?}");
}

/// Debian keeps the programs of each version in a folder of their own; elsewhere they are on the path.
fn installed(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        versions.map(|entry| entry.path().join("bin").join(program)).filter(|path| path.exists()).max();
    newest.unwrap_or_else(|| Path::new(program).to_owned())
}
