//! Redis for tests: the shared server with keys of one's own, or a private one to kill.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pennypost::config::Secret;
use pennypost::jobs::RedisSettings;

/// The server that `TEST_REDIS_URL` names, its databases 0, 1 and 2 as in production, with keys that start with `prefix`.
#[expect(clippy::disallowed_methods, reason = "the test runner says where the servers are")]
pub fn shared(prefix: &str) -> RedisSettings {
    let server = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis server");
    // The runner names database 0; the others are its neighbours.
    let server = server.strip_suffix("/0").unwrap_or(&server);
    settings(server.trim_end_matches('/'), prefix)
}

/// The databases of a server on a port of the loopback interface.
pub fn at_port(port: u16, prefix: &str) -> RedisSettings {
    settings(&format!("redis://127.0.0.1:{port}"), prefix)
}

/// A server that a test may kill and start again on the same port. Killed with this value.
pub struct PrivateRedis {
    port: u16,
    child: Option<Child>,
}

impl PrivateRedis {
    /// Starts one on a free port of the loopback interface.
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, child: None };
        redis.restart();
        redis
    }

    /// Where its databases are.
    pub fn settings(&self, prefix: &str) -> RedisSettings {
        at_port(self.port, prefix)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Freezes it or lets it go on: a link to a frozen server is open, and nobody answers on it.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().expect("it runs").id();
        kill(Pid::from_raw(i32::try_from(id).unwrap()), signal).unwrap();
    }

    /// Starts it again, empty, and waits until it answers.
    pub fn restart(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(5), "the private Redis does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn settings(server: &str, prefix: &str) -> RedisSettings {
    let database = |number: u8| Secret::new(format!("{server}/{number}"));
    RedisSettings { base: database(0), events: database(1), email: database(2), prefix: prefix.to_owned() }
}
