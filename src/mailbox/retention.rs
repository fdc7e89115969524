//! The raw messages that were kept long enough: what was read in them stays, as text and in the ledger.

use std::time::Duration;

use diesel::sql_query;
use diesel::sql_types::{BigInt, Double};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Erases at most `limit` sources that were stored longer than `age` ago by the database's clock, the oldest first; returns how many
/// they were.
pub async fn erase_sources(
    conn: &mut AsyncPgConnection,
    age: Duration,
    limit: i64,
) -> diesel::QueryResult<usize> {
    // One statement a batch, which diesel's DELETE has no LIMIT for.
    sql_query(
        "DELETE FROM email_sources WHERE email_id = ANY (ARRAY (
             SELECT email_id FROM email_sources WHERE created_at < now() - make_interval(secs => $1)
             ORDER BY created_at LIMIT $2))",
    )
    .bind::<Double, _>(age.as_secs_f64())
    .bind::<BigInt, _>(limit)
    .execute(conn)
    .await
}
