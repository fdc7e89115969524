//! What SQL answers a test, as text.

use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::support::app::TestApp;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The column `text` of what a query gives.
pub async fn texts(conn: &mut AsyncPgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = sql_query(sql).load(conn).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    rows.into_iter().map(|row| row.text).collect()
}

impl TestApp {
    /// The column `text` of what a query gives.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        texts(&mut self.app.pool.connection().await.unwrap(), sql).await
    }
}
