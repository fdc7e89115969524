//! A way to a server whose links can die without a word, as they do behind a firewall that forgets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Forwards each link to one server. Lives in the test's runtime.
pub struct HalfOpen {
    port: u16,
    age: Arc<AtomicU64>,
}

impl HalfOpen {
    /// Forwards to a port of the loopback interface.
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let age = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&age);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let born = shared.load(Ordering::SeqCst);
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forward(from_client, to_server, Arc::clone(&shared), born));
                tokio::spawn(forward(from_server, to_client, Arc::clone(&shared), born));
            }
        });
        Self { port, age }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on the links that are there stay open, and nothing comes through them. New ones work.
    pub fn forget_links(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, age: Arc<AtomicU64>, born: u64) {
    let mut buffer = [0; 4096];
    while let Ok(length) = from.read(&mut buffer).await {
        let is_forgotten = age.load(Ordering::SeqCst) != born;
        if length == 0 && is_forgotten {
            // Its other side must not hear of this end, either.
            std::future::pending::<()>().await;
        }
        if length == 0 || (!is_forgotten && to.write_all(&buffer[..length]).await.is_err()) {
            return;
        }
    }
}
