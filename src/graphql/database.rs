//! The database as one request sees it: a few connections at a time, so that no document can take all of the pool.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use scopeguard::{ScopeGuard, guard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::{Pool, PooledConnection};
use crate::error::{Error, Result};

/// How many connections one request may hold at a time. A list whose rows each have a list of their own would ask for
/// as many as it has rows.
const AT_A_TIME: usize = 4;

/// The connections of one request. Clones share them.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    permits: Arc<Semaphore>,
}

/// A connection, lent until it is dropped. Hold one at a time, and none while a loader works. A request that ends in the
/// middle of a transaction, because its client went away or its time was over, leaves no lock behind.
pub struct Lease {
    connection: ScopeGuard<PooledConnection, fn(PooledConnection)>,
    _permit: OwnedSemaphorePermit,
}

impl Database {
    /// The connections of a new request.
    pub fn new(pool: Pool) -> Self {
        Self { pool, permits: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// A connection, as soon as the request may have one more. `Unavailable` when the database does not answer.
    pub async fn lease(&self) -> Result<Lease> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit =
            permit.map_err(|closed| Error::internal("a request's connections are closed", closed))?;
        let give_back: fn(PooledConnection) = Pool::give_back;
        let connection = guard(self.pool.connection().await?, give_back);
        Ok(Lease { connection, _permit: permit })
    }
}

impl Deref for Lease {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}
