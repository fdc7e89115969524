//! A client that goes away in the middle of a mutation leaves no lock behind.

use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::rows::texts;

/// How many sessions of the test's database stand in a transaction, beside the one that asks.
const OPEN: &str = "SELECT count(*)::text AS text FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
/// How many of them wait for a lock.
const WAITING: &str = "SELECT count(*)::text AS text FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A connection beside the pool, which a check-out would tidy up.
async fn outside(test: &TestApp) -> AsyncPgConnection {
    AsyncPgConnection::establish(test.app.database_url.expose()).await.unwrap()
}

/// Waits until a query gives that number.
async fn wait_for(conn: &mut AsyncPgConnection, sql: &str, number: &str, within: Duration) {
    let started = Instant::now();
    while texts(conn, sql).await != [number] {
        assert!(started.elapsed() < within, "not {number} after {within:?}: {sql}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Makes the pool hold several idle connections, so that the next check-out is not the one that was given back last.
async fn fill_the_pool(test: &TestApp) {
    let pool = &test.app.pool;
    let (first, second, third) = tokio::join!(pool.connection(), pool.connection(), pool.connection());
    drop((first.unwrap(), second.unwrap(), third.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_in_a_transaction_leaves_no_lock() {
    let test = TestApp::start().await;
    fill_the_pool(&test).await;
    let (mut other, mut watcher) = (outside(&test).await, outside(&test).await);
    other.batch_execute("BEGIN; LOCK TABLE categories IN EXCLUSIVE MODE").await.unwrap();

    // The name is taken within the transaction, which then waits for the table.
    let query = "mutation ($input: RegisterInput!) { register(input: $input) { accessToken } }";
    let input = json!({ "username": "bob", "email": "bob@mail.example", "password": PASSWORD });
    let body = json!({ "query": query, "variables": { "input": input } });
    let request = reqwest::Client::builder().build().unwrap().post(format!("{}/graphql", test.address));
    let leaving = tokio::spawn(request.json(&body).send());
    wait_for(&mut watcher, WAITING, "1", Duration::from_secs(10)).await;
    leaving.abort();

    // The server gives up for whom nobody waits, although its statement could not go on.
    wait_for(&mut watcher, WAITING, "0", Duration::from_secs(5)).await;
    wait_for(&mut watcher, OPEN, "1", Duration::from_secs(1)).await;
    other.batch_execute("ROLLBACK").await.unwrap();

    let started = Instant::now();
    test.register("bob").await;
    assert!(started.elapsed() < Duration::from_secs(3), "it waited {:?}", started.elapsed());
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_left_between_two_statements_is_rolled_back_at_once() {
    let test = TestApp::start().await;
    fill_the_pool(&test).await;
    let mut watcher = outside(&test).await;
    let database = pennypost::graphql::database::Database::new(test.app.pool.clone());
    let mut lease = database.lease().await.unwrap();
    let leaving = lease.transaction(async |conn| {
        conn.batch_execute("LOCK TABLE categories IN EXCLUSIVE MODE").await?;
        std::future::pending::<diesel::QueryResult<()>>().await
    });
    tokio::time::timeout(Duration::from_millis(300), leaving).await.unwrap_err();
    wait_for(&mut watcher, OPEN, "1", Duration::from_secs(1)).await;
    let size = test.app.pool.counts().size;
    drop(lease);
    wait_for(&mut watcher, OPEN, "0", Duration::from_millis(500)).await;
    assert_eq!(test.app.pool.counts().size, size - 1, "the connection left the pool");
    test.finish().await;
}
