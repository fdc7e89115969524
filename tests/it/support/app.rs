//! The whole program for one test: a database of its own, the real router on a loopback port, jobs that run when the test asks.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use pennypost::app::{App, AppParts};
use pennypost::clock::Clock;
use pennypost::config::{Config, Environment};
use pennypost::db::pool::connect;
use pennypost::graphql;
use pennypost::http::endpoint;
use pennypost::http::serve::{ConnectionLimits, serve};
use pennypost::jobs::Publisher;
use pennypost::mailer::Mailer;
use pennypost::worker::{Worker, WorkerParts, kinds};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::database::TestDatabase;
use crate::support::event_stream::EventStream;
use crate::support::redis;
use crate::support::socket::Socket;

/// When every test begins.
const BEGINNING: &str = "2026-11-21T09:00:00Z";
/// The password of every user of every test.
pub const PASSWORD: &str = "a rather long pass phrase";

/// One running program.
pub struct TestApp {
    /// What its transports share.
    pub app: Arc<App>,
    /// Where it answers.
    pub address: String,
    client: reqwest::Client,
    stop: CancellationToken,
    import_dir: TempDir,
    database: TestDatabase,
}

/// Somebody who asks: with a token, or without.
pub struct Person<'a> {
    test: &'a TestApp,
    token: Option<String>,
    /// The user's global id; empty for nobody.
    pub id: String,
}

impl TestApp {
    /// A program that nobody has used yet.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with something about the application changed.
    pub async fn start_with(change: impl FnOnce(&mut App)) -> Self {
        Self::start_on(TestDatabase::create().await, change).await
    }

    /// The same with settings of those names, as far as they are about requests.
    pub async fn start_limited(settings: &[(&str, &str)]) -> Self {
        Self::start_with(|app| limit(app, settings)).await
    }

    /// The address of another server on the same database, with settings of those names.
    pub async fn serve_limited(&self, settings: &[(&str, &str)]) -> String {
        listen(&self.successor(|app| limit(app, settings)), &self.stop).await
    }

    /// The same on that database.
    pub async fn start_on(database: TestDatabase, change: impl FnOnce(&mut App)) -> Self {
        let import_dir = TempDir::new().unwrap();
        let mut app = app(&database, &import_dir);
        change(&mut app);
        let app = Arc::new(app);
        let stop = CancellationToken::new();
        let address = listen(&app, &stop).await;
        let client = reqwest::Client::builder().build().unwrap();
        Self { app, address, client, stop, import_dir, database }
    }

    /// Another program on the same database, as after an upgrade or a restart.
    pub fn successor(&self, change: impl FnOnce(&mut App)) -> Arc<App> {
        let mut successor = app(&self.database, &self.import_dir);
        change(&mut successor);
        Arc::new(successor)
    }

    /// Registers somebody, in Berlin.
    pub async fn register(&self, name: &str) -> Person<'_> {
        let nobody = self.nobody();
        let input = json!({
            "username": name, "email": format!("{name}@mail.example"), "password": PASSWORD, "timeZone": "Europe/Berlin",
        });
        let query = "mutation ($input: RegisterInput!) { register(input: $input) {
            accessToken user { id } userErrors { field code message } } }";
        let data = nobody.data(query, json!({ "input": input })).await;
        let token = data["register"]["accessToken"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned();
        let id = data["register"]["user"]["id"].as_str().unwrap().to_owned();
        Person { test: self, token: Some(token), id }
    }

    /// Registers somebody and makes them an admin.
    pub async fn register_admin(&self, name: &str) -> Person<'_> {
        self.register(name).await;
        self.execute(&format!("UPDATE users SET role = 'admin' WHERE username = '{name}'")).await;
        self.sign_in(name).await
    }

    /// Signs somebody in who has registered.
    pub async fn sign_in(&self, name: &str) -> Person<'_> {
        self.sign_in_with(name, PASSWORD).await
    }

    /// The same, for somebody with a password of their own.
    pub async fn sign_in_with(&self, name: &str, password: &str) -> Person<'_> {
        let query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken user { id } } }";
        let input = json!({ "login": name, "password": password });
        let data = self.nobody().data(query, json!({ "input": input })).await;
        let token = data["login"]["accessToken"].as_str().unwrap().to_owned();
        let id = data["login"]["user"]["id"].as_str().unwrap().to_owned();
        Person { test: self, token: Some(token), id }
    }

    /// Whoever shows that token.
    pub fn holder_of(&self, token: &str) -> Person<'_> {
        Person { test: self, token: Some(token.to_owned()), id: String::new() }
    }

    /// Somebody who has not signed in.
    pub fn nobody(&self) -> Person<'_> {
        Person { test: self, token: None, id: String::new() }
    }

    /// Runs every job that is due, with what follows from them, by the code of the worker's loop.
    pub async fn run_jobs(&self) -> usize {
        run_jobs(&self.app, &self.database).await
    }

    /// Writes a file into the folder that a user's mailboxes may read.
    pub fn write_import_file(&self, username: &str, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let folder = self.import_dir.path().join(username);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The folder above every user's folder of importable files.
    pub fn import_dir(&self) -> &std::path::Path {
        self.import_dir.path()
    }

    /// The name of its database.
    pub fn database_name(&self) -> &str {
        self.database.name()
    }

    /// Runs SQL, behind the program's back.
    pub async fn execute(&self, sql: &str) {
        self.app.pool.connection().await.unwrap().batch_execute(sql).await.unwrap();
    }

    /// Runs SQL that the database may refuse, on a connection of its own.
    pub async fn try_execute(&self, sql: &str) -> diesel::QueryResult<()> {
        let mut conn = connect(&self.app.database_url).await.unwrap();
        conn.batch_execute(sql).await
    }

    /// The number that a query gives in its column `number`.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut conn = self.app.pool.connection().await.unwrap();
        sql_query(sql).get_result::<Number>(&mut conn).await.unwrap().number
    }

    /// Ends the test; one that left a job behind fails.
    pub async fn finish(self) {
        let left =
            "SELECT count(*) AS number FROM jobs WHERE state NOT IN ('SUCCESS', 'FAILED', 'CANCELLED')";
        assert_eq!(self.number(left).await, 0, "jobs were left behind");
        self.stop.cancel();
        self.app.pool.close();
    }
}

impl Person<'_> {
    /// What a query answers, errors and all.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.test.client.post(format!("{}/graphql", self.test.address)).json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The response to a body that may be no request at all, as JSON for a client of the media type of GraphQL.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::Response {
        self.posting(&self.test.address).body(body).send().await.unwrap()
    }

    /// Such a request to the server at that address, before it has a body.
    pub fn posting(&self, address: &str) -> reqwest::RequestBuilder {
        let request = self.test.client.post(format!("{address}/graphql"));
        let request = request
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json");
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// What a query answers; an error fails the test.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    /// The code of the one error that a query answers with.
    pub async fn error_code(&self, query: &str, variables: Value) -> String {
        let answer = self.ask(query, variables).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        code.as_str().unwrap_or_else(|| panic!("{query}: {answer:#}")).to_owned()
    }

    /// The access token.
    pub fn token(&self) -> String {
        self.token.clone().expect("somebody who has signed in")
    }

    /// A socket that is signed in as this person.
    pub async fn socket(&self) -> Socket {
        Socket::signed_in(&self.test.address, self.token.as_deref()).await
    }

    /// An operation of this person whose answers are server-sent events.
    pub async fn stream(&self, query: &str, variables: Value) -> EventStream {
        let begun = EventStream::begin(&self.test.address, self.token.as_deref(), query, variables).await;
        begun.unwrap_or_else(|response| panic!("{query}: {response:?}"))
    }

    /// The status of such an operation that is refused.
    pub async fn refused_stream(&self, query: &str, variables: Value) -> u16 {
        let begun = EventStream::begin(&self.test.address, self.token.as_deref(), query, variables).await;
        begun.err().expect("it is refused").status().as_u16()
    }

    /// Connects the demo mailbox and fetches it.
    pub async fn fetch_demo(&self) {
        let connect = "mutation { createConnectedAccount(input: { provider: DEMO }) {
            connectedAccount { id } userErrors { code message } } }";
        let made = self.data(connect, json!({})).await;
        let id = made["createConnectedAccount"]["connectedAccount"]["id"].clone();
        self.fetch(id).await;
    }

    /// Triggers the fetch of a connected account.
    pub async fn fetch(&self, connected_account_id: Value) -> Value {
        let fetch = "mutation ($id: ID!) { fetchEmails(input: { source: { connectedAccountId: $id } }) {
            job { id state } userErrors { code message } } }";
        let data = self.data(fetch, json!({ "id": connected_account_id })).await;
        assert_eq!(data["fetchEmails"]["userErrors"], json!([]), "{data:#}");
        data["fetchEmails"]["job"].clone()
    }

    /// Every transaction of the viewer's own, as far as a reader can tell them apart, with how often it is there.
    pub async fn ledger(&self) -> HashMap<String, usize> {
        let query = "query ($after: String) { me { transactions(first: 100, after: $after) {
            nodes { bookedOn amount { amount currency } merchant account { name } category { name } email { messageId } }
            pageInfo { hasNextPage endCursor } } } }";
        let (mut rows, mut after) = (HashMap::new(), Value::Null);
        loop {
            let data = self.data(query, json!({ "after": after })).await;
            let page = &data["me"]["transactions"];
            for node in page["nodes"].as_array().unwrap() {
                *rows.entry(node.to_string()).or_default() += 1;
            }
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

/// Serves the API of an application on a port of its own until `stop`; the address.
async fn listen(app: &Arc<App>, stop: &CancellationToken) -> String {
    let engine = graphql::schema::engine(Arc::clone(app)).unwrap();
    let router = endpoint::router(Arc::clone(app), engine).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, router, ConnectionLimits::from(&app.config.limits), stop.clone()));
    address
}

/// Sets what settings of those names say of requests.
fn limit(app: &mut App, settings: &[(&str, &str)]) {
    let value = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let config = Config::from_lookup(|name| value(name).map(str::to_owned)).unwrap();
    app.config.limits = config.limits;
    app.config.cost_capacity = config.cost_capacity;
    app.config.cost_restored_per_second = config.cost_restored_per_second;
}

/// Runs every job that is due on behalf of `app`.
pub async fn run_jobs(app: &Arc<App>, database: &TestDatabase) -> usize {
    let parts = WorkerParts {
        pool: app.pool.clone(),
        database_url: database.url(),
        redis: None,
        publisher: Publisher::off(),
        settings: app.config.jobs,
        clock: app.clock.clone(),
    };
    let app = Arc::clone(app);
    let worker = Worker::new(parts, move |running, payload| kinds::run(Arc::clone(&app), running, payload));
    worker.drain().await.unwrap()
}

impl TestApp {
    /// Runs every job that is due on behalf of another program on the same database.
    pub async fn run_jobs_of(&self, app: &Arc<App>) -> usize {
        run_jobs(app, &self.database).await
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn app(database: &TestDatabase, import_dir: &TempDir) -> App {
    let redis = redis::shared(database.name());
    let import_dir = import_dir.path().display().to_string();
    let settings = [
        ("DATABASE_URL", database.url().expose().to_owned()),
        ("DATABASE_POOL_SIZE", "6".to_owned()),
        ("REDIS_BASE_URL", redis.base.expose().to_owned()),
        ("REDIS_EMAIL_URL", redis.email.expose().to_owned()),
        ("REDIS_EVENTS_URL", redis.events.expose().to_owned()),
        ("SECRET_KEY", "a key for tests that is long enough".to_owned()),
        ("SEALING_KEY", "a sealing key for tests that is long enough".to_owned()),
        ("IMPORT_DIR", import_dir),
    ];
    let lookup =
        |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let beginning: DateTime<Utc> = BEGINNING.parse().unwrap();
    let parts = AppParts {
        environment: Environment::Development,
        clock: Clock::fixed(beginning),
        mailer: Mailer::memory(),
        redis_prefix: database.name().to_owned(),
    };
    App::new(Config::from_lookup(lookup).unwrap(), parts).unwrap()
}
