//! What the planner knows about tables that grow fast: a backfill fills a new database long before autovacuum looks at it.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// Has the planner look at the tables that an extraction fills and reads.
///
/// Measured: on a new database a backfill of 50,000 mails took 65 s instead of 24 s, because the checks of foreign keys were
/// planned while the tables were empty, by an index that walks all rows of the user. PostgreSQL plans them anew after this.
pub async fn refresh(conn: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
    conn.batch_execute(
        "ANALYZE emails, email_texts, accounts, account_masks, extractions, transactions, sightings",
    )
    .await
}
