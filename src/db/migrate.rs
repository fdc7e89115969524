//! The embedded migrations: run under a lock by `up` and `migrate`, only checked by everyone else.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::{OLDEST_POSTGRES, Secret};
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
    ask_version(&mut connection).await?;
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
    let mut connection = connect(url).await?;
    ask_version(&mut connection).await?;
    match read_standing(connection)?.1 {
        Standing::Current => Ok(()),
        Standing::Behind(pending) => Err(Error::Unavailable(format!(
            "The database lacks {} migration(s), first {}. Run `pennypost migrate`.",
            pending.len(),
            pending.first().map_or("", String::as_str)
        ))),
        Standing::Ahead(unknown) => Err(newer(&unknown)),
    }
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    number: i32,
}

/// Refuses a server on which a migration would only fail in the middle.
async fn ask_version(connection: &mut AsyncPgConnection) -> Result<()> {
    // Out of reach of the rest of the file, where it would take over `first` of every list.
    use diesel_async::RunQueryDsl;

    let asked = sql_query("SELECT current_setting('server_version_num')::integer AS number");
    let Version { number } = asked.get_result(connection).await.map_err(Error::from)?;
    // 150014 is 15.14.
    refuse_older(u32::try_from(number / 10_000).unwrap_or_default())
}

fn refuse_older(version: u32) -> Result<()> {
    if version >= OLDEST_POSTGRES {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "The PostgreSQL of DATABASE_URL is version {version}; pennypost needs {OLDEST_POSTGRES} or newer."
    )))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_lacks_what_the_tables_need_is_refused_with_a_sentence() {
        assert!(refuse_older(15).is_ok() && refuse_older(18).is_ok());
        let refusal = refuse_older(14).unwrap_err().to_string();
        assert_eq!(refusal, "The PostgreSQL of DATABASE_URL is version 14; pennypost needs 15 or newer.");
    }
}
