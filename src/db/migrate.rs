//! The embedded migrations: run under a lock by `up` and `migrate`, only checked by everyone else.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::Secret;
use crate::db::pool::connect;
use crate::error::{Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock keeps two processes from migrating at once; it goes when the connection does.
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(7050110001)";

/// How the database stands to this version of the program.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every migration has run, and no other.
    Current,
    /// These have still to run.
    Behind(Vec<String>),
    /// These ran, and this version does not know them.
    Ahead(Vec<String>),
}

/// Runs what is pending, and says what ran. Refuses a database from a newer version.
pub async fn run(url: &Secret) -> Result<Vec<String>> {
    let mut connection = connect(url).await?;
    connection.batch_execute(LOCK).await?;
    let (connection, standing) = read_standing(connection)?;
    match standing {
        Standing::Current => Ok(Vec::new()),
        Standing::Ahead(unknown) => Err(newer(&unknown)),
        Standing::Behind(_) => {
            let mut harness = AsyncMigrationHarness::new(connection);
            let ran = harness.run_pending_migrations(MIGRATIONS).map_err(|error| {
                Error::internal("a migration failed; the database is as it was before it", error)
            })?;
            Ok(ran.iter().map(ToString::to_string).collect())
        }
    }
}

/// Refuses a database that this version cannot work with.
pub async fn check(url: &Secret) -> Result<()> {
    match read_standing(connect(url).await?)?.1 {
        Standing::Current => Ok(()),
        Standing::Behind(pending) => Err(Error::Unavailable(format!(
            "The database lacks {} migration(s), first {}. Run `pennypost migrate`.",
            pending.len(),
            pending.first().map_or("", String::as_str)
        ))),
        Standing::Ahead(unknown) => Err(newer(&unknown)),
    }
}

fn newer(unknown: &[String]) -> Error {
    Error::Unavailable(format!(
        "The database was made by a newer pennypost (it holds migration {}). Run that version, or restore an older backup.",
        unknown.last().map_or("", String::as_str)
    ))
}

fn read_standing(connection: AsyncPgConnection) -> Result<(AsyncPgConnection, Standing)> {
    let failed = |error| Error::internal("the list of migrations cannot be read", error);
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness.applied_migrations().map_err(failed)?;
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(failed)?;
    let known: Vec<_> = known.iter().map(|migration| migration.name().version().as_owned()).collect();
    let mut unknown: Vec<_> =
        applied.iter().filter(|version| !known.contains(version)).map(ToString::to_string).collect();
    unknown.sort();
    let pending: Vec<_> =
        known.iter().filter(|version| !applied.contains(version)).map(ToString::to_string).collect();
    let standing = match (unknown.is_empty(), pending.is_empty()) {
        (false, _) => Standing::Ahead(unknown),
        (true, false) => Standing::Behind(pending),
        (true, true) => Standing::Current,
    };
    Ok((harness.into_inner(), standing))
}
