//! Resolvers that panic, clients that hang up and sockets that break off, a hundred of each: nothing is left behind.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Context, Data, EmptyMutation, Object, Schema, Subscription};
use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::Stream;
use futures_util::future::join_all;
use futures_util::stream::unfold;
use pennypost::graphql::database::Database;
use pennypost::graphql::engine::Engine;
use pennypost::graphql::guard::limits::Limits;
use pennypost::http::endpoint;
use pennypost::http::serve::{ConnectionLimits, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::event_stream::{EventStream, Heard};
use crate::support::rows::texts;
use crate::support::socket::{Said, Socket};

/// How often each fault happens.
const TIMES: usize = 100;
/// The sockets that one user may have.
const PLACES: usize = 5;
/// How long the server may take to notice who has gone.
const NOTICED: Duration = Duration::from_secs(10);

/// How many sessions of the test's database stand in a transaction, beside the one that asks.
const OPEN: &str = "SELECT count(*)::text AS text FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
/// How many sessions there are, beside the one that asks.
const SESSIONS: &str = "SELECT count(*)::text AS text FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

struct Query;

#[Object]
impl Query {
    /// Panics in a transaction.
    async fn panics(&self, ctx: &Context<'_>) -> i32 {
        let mut lease = ctx.data_unchecked::<Database>().lease().await.unwrap();
        let done: QueryResult<i32> = lease
            .transaction(async |conn| {
                conn.batch_execute("LOCK TABLE accounts IN ROW EXCLUSIVE MODE").await?;
                panic!("a resolver of this test")
            })
            .await;
        done.unwrap()
    }

    /// Stays in a transaction for two seconds.
    async fn waits(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        let mut lease = ctx.data_unchecked::<Database>().lease().await?;
        let done: QueryResult<()> = lease
            .transaction(async |conn| {
                conn.batch_execute("LOCK TABLE accounts IN ROW EXCLUSIVE MODE").await?;
                conn.batch_execute("SELECT pg_sleep(2)").await
            })
            .await;
        done?;
        Ok(1)
    }
}

struct Ticks;

#[Subscription]
impl Ticks {
    /// A number after each transaction, for ever.
    async fn ticks(&self, ctx: &Context<'_>) -> impl Stream<Item = i32> + use<> {
        let database = ctx.data_unchecked::<Database>().clone();
        unfold((database, 0), async |(database, number)| {
            let mut lease = database.lease().await.ok()?;
            let done: QueryResult<()> =
                lease.transaction(async |conn| conn.batch_execute("SELECT pg_sleep(0.02)").await).await;
            done.ok()?;
            drop(lease);
            Some((number, (database, number + 1)))
        })
    }
}

/// A server of that schema on the pool of a program; its address.
async fn serve_faults(test: &TestApp, stop: &CancellationToken) -> String {
    let pool = test.app.pool.clone();
    let attach = move |data: &mut Data, _| {
        data.insert(Database::new(pool.clone()));
    };
    let builder = Schema::build(Query, EmptyMutation, Ticks);
    let engine = Engine::new(builder, Limits::default(), Box::new(attach)).unwrap();
    let router = endpoint::router(Arc::clone(&test.app), engine).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, router, ConnectionLimits::from(&test.app.config.limits), stop.clone()));
    address
}

/// Tries again until it is so.
async fn eventually<Trying: Future<Output = bool>>(what: &str, is_so: impl Fn() -> Trying) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < NOTICED, "not after {NOTICED:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Nothing of the pool is lent or stands in a transaction, and all of it can be had at once.
async fn is_whole(test: &TestApp) {
    let pool = &test.app.pool;
    eventually("every connection is back", async || pool.counts().size == pool.counts().idle).await;
    let mut outside = AsyncPgConnection::establish(test.app.database_url.expose()).await.unwrap();
    let started = Instant::now();
    while texts(&mut outside, OPEN).await != ["0"] {
        assert!(started.elapsed() < NOTICED, "a transaction is left open");
        sleep(Duration::from_millis(20)).await;
    }
    let size = test.app.config.database_pool_size;
    let all = join_all((0..size).map(|_| pool.connection())).await;
    assert!(all.iter().all(Result::is_ok), "a connection cannot be had");
    drop(all);
    assert_eq!((pool.counts().size, pool.counts().idle), (size, size));
    assert_eq!(texts(&mut outside, SESSIONS).await, [size.to_string()], "a session leaked");
}

async fn ask(address: &str, token: &str, query: &str) -> Value {
    let request =
        reqwest::Client::builder().build().unwrap().post(format!("{address}/graphql")).bearer_auth(token);
    request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_panics_leave_the_pool_whole() {
    let (test, stop) = (TestApp::start().await, CancellationToken::new());
    let token = test.register("ana").await.token();
    let address = serve_faults(&test, &stop).await;
    for _ in 0..TIMES / 10 {
        for answer in join_all((0..10).map(|_| ask(&address, &token, "{ panics }"))).await {
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, "INTERNAL_SERVER_ERROR", "{answer}");
        }
    }
    is_whole(&test).await;
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clients_that_hang_up_leave_the_pool_whole() {
    let (test, stop) = (TestApp::start().await, CancellationToken::new());
    let token = test.register("ana").await.token();
    let address = serve_faults(&test, &stop).await;
    let hang_up = async |number: u64| {
        // Some are gone before they have a connection, others while their statement runs.
        let patience = Duration::from_millis(5 + number * 4);
        let asked = timeout(patience, ask(&address, &token, "{ waits }")).await;
        assert!(asked.is_err() || asked.unwrap()["errors"].is_array(), "nobody waits for two seconds");
    };
    join_all((0..100).map(hang_up)).await;
    is_whole(&test).await;
    assert_eq!(ask(&address, &token, "{ waits }").await, json!({ "data": { "waits": 1 } }));
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}

/// A socket that has heard of a running operation; `None` while the places of its user are taken.
async fn live_socket(address: &str, token: &str) -> Option<Socket> {
    let mut socket = Socket::open(address).await;
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    match socket.hear().await {
        Said::Closed(code, _) => {
            assert_eq!(code, 1013);
            return None;
        }
        Said::Message(message) => assert_eq!(message["type"], "connection_ack"),
    }
    socket.subscribe("s", "subscription { ticks }", json!({})).await;
    assert!(socket.next("s").await.is_some());
    Some(socket)
}

/// The same as an event stream.
async fn live_stream(address: &str, token: &str) -> Option<EventStream> {
    let begun = EventStream::begin(address, Some(token), "subscription { ticks }", json!({})).await;
    let mut stream = match begun {
        Ok(stream) => stream,
        Err(refused) => {
            assert_eq!(refused.status(), 429);
            return None;
        }
    };
    while stream.hear().await == Heard::SignOfLife {}
    Some(stream)
}

/// Tries until the server has noticed that enough of the others have gone.
async fn in_time<Live, Trying: Future<Output = Option<Live>>>(open: impl Fn() -> Trying) -> Live {
    let opening = async {
        loop {
            if let Some(live) = open().await {
                return live;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(NOTICED, opening).await.expect("a place is free again")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_connections_that_break_off_leave_their_places_and_the_pool_whole() {
    let (test, stop) = (TestApp::start().await, CancellationToken::new());
    let token = test.register("ana").await.token();
    let address = serve_faults(&test, &stop).await;
    assert_eq!(test.app.config.limits.sockets_of_user, PLACES);
    for _ in 0..TIMES / PLACES {
        // Nobody says goodbye: what is dropped here is a connection in the middle of its operation.
        drop(join_all((0..PLACES).map(|_| in_time(|| live_socket(&address, &token)))).await);
    }
    for _ in 0..TIMES / PLACES {
        drop(join_all((0..PLACES).map(|_| in_time(|| live_stream(&address, &token)))).await);
    }
    let all = join_all((0..PLACES).map(|_| in_time(|| live_socket(&address, &token)))).await;
    assert!(live_socket(&address, &token).await.is_none(), "the places are still counted");
    drop(all);
    is_whole(&test).await;
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}
