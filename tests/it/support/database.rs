//! A database of its own for each test, cloned from a template that is migrated once.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use pennypost::clock::Clock;
use pennypost::config::Secret;
use pennypost::db::{Pool, migrate};

/// A database that lives as long as this value.
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// A fresh database on the server that `TEST_DATABASE_URL` names.
    #[expect(clippy::disallowed_methods, reason = "the test runner says where the servers are")]
    pub async fn create() -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL names a PostgreSQL server");
        Self::create_on(server).await
    }

    /// A fresh database on that server.
    pub async fn create_on(server: String) -> Self {
        let template = template(&server).await;
        let name = format!("test_{}", Clock::System.new_id().simple());
        let mut admin = AsyncPgConnection::establish(&server).await.unwrap();
        let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG");
        admin.batch_execute(&clone).await.unwrap();
        Self { server, name }
    }

    /// A fresh database whose idea of small and capital letters is that language's.
    #[expect(clippy::disallowed_methods, reason = "the test runner says where the servers are")]
    pub async fn create_in(language: &str) -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL names a PostgreSQL server");
        let name = format!("test_{}", Clock::System.new_id().simple());
        let mut admin = AsyncPgConnection::establish(&server).await.unwrap();
        let locale = format!("LOCALE_PROVIDER icu ICU_LOCALE '{language}' LOCALE 'C' ENCODING 'UTF8'");
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 {locale}")).await.unwrap();
        migrate_apart(Secret::new(named(&server, &name)));
        Self { server, name }
    }

    /// Its name, which no other test uses.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn url(&self) -> Secret {
        Secret::new(named(&self.server, &self.name))
    }

    /// A pool of connections to it.
    pub fn pool(&self, size: usize) -> Pool {
        Pool::new(&self.url(), size).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread of its own: the test's runtime may be on its way out. PostgreSQL waits here for every other connection to hear
        // of it, and one that belongs to this runtime may not hear any more; what is left ends with the server.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = AsyncPgConnection::establish(&server).await.unwrap();
                admin.batch_execute("SET statement_timeout = '20s'").await.unwrap();
                admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
            });
        });
        let _ = dropped.join();
    }
}

/// The name of the migrated template, made by whoever comes first.
async fn template(server: &str) -> String {
    let name = format!("test_template_{:016x}", migrations_hash());
    let mut admin = AsyncPgConnection::establish(server).await.unwrap();
    admin.batch_execute("SELECT pg_advisory_lock(7050110002)").await.unwrap();
    let exists = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind::<diesel::sql_types::Text, _>(&name)
        .execute(&mut admin)
        .await
        .unwrap();
    if exists == 0 {
        // Only a database that is migrated to the end gets the template's name.
        let raw = format!("{name}_raw");
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)")).await.unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {raw}")).await.unwrap();
        migrate_apart(Secret::new(named(server, &raw)));
        admin
            .batch_execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{raw}'"
            ))
            .await
            .unwrap();
        admin.batch_execute(&format!("ALTER DATABASE {raw} RENAME TO {name}")).await.unwrap();
    }
    name
}

/// Migrations block the thread that they run on, which the runtime of a test may not allow.
fn migrate_apart(url: Secret) {
    let migrated = std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(migrate::run(&url)).map(drop).unwrap();
    });
    migrated.join().unwrap();
}

fn migrations_hash() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut hasher = DefaultHasher::new();
    for folder in folders {
        fs::read(folder.join("up.sql")).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}

/// The URL of another database on the same server.
fn named(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').map_or((server, None), |(url, rest)| (url, Some(rest)));
    let authority_at = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority_at..].find('/').map_or(address.len(), |at| authority_at + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &address[..end])
}
