//! Related rows, loaded for all the objects of a request at once: one statement for each kind of relation.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::audit;
use crate::error::{Error, Result};
use crate::extraction::draft::Draft;
use crate::extraction::{llm_usage, review, run, sighting};
use crate::graphql::database::Database;
use crate::graphql::loaders::counts::Counts;
use crate::graphql::loaders::gathering::Gathering;
use crate::graphql::loaders::pages::Pages;
use crate::mailbox::email_text::Mail;
use crate::mailbox::{connected_account, email};
use crate::users::{api_token, session, user};
use crate::viewer::Visibility;
use crate::{accounts, categories, jobs, mailbox, transactions, users};

pub mod counts;
pub mod gathering;
pub mod pages;

/// The most keys of one statement: more than a page of nodes and edges has.
const LARGEST_BATCH: usize = 1_000;

/// What a nullable related field resolves to: when it fails, it is null and its parent stays.
pub type Related<T> = Option<std::result::Result<T, Arc<Error>>>;

/// The loaders of one request. What they find is what the viewer of the request may see.
pub struct Loaders {
    visibility: Visible,
    /// Users by id.
    pub users: ByKey<users::User>,
    /// Signed-in devices by id.
    pub sessions: ByKey<users::Session>,
    /// Categories by id.
    pub categories: ByKey<categories::Category>,
    /// Money accounts by id.
    pub accounts: ByKey<accounts::Account>,
    /// Transactions by id.
    pub transactions: ByKey<transactions::Transaction>,
    /// Mailboxes by id.
    pub connected_accounts: ByKey<mailbox::ConnectedAccount>,
    /// Mails by id.
    pub emails: ByKey<mailbox::Email>,
    /// Jobs by id.
    pub jobs: ByKey<jobs::Job>,
    /// Personal API tokens by id.
    pub api_tokens: ByKey<api_token::ApiToken>,
    /// What somebody did, by id.
    pub audit_entries: ByKey<audit::AuditEntry>,
    /// Readings of mails by id.
    pub extractions: ByKey<run::Extraction>,
    /// The mail, the reading and the job behind a transaction.
    pub links: ByKey<sighting::Link>,
    /// Sightings by id.
    pub sightings: ByKey<sighting::Sighting>,
    /// What sightings were last read as.
    pub drafts: ByKey<Draft>,
    /// The texts of mails. Whoever asks says who is reading.
    pub texts: Gathering<Mail, Loaded<String>>,
    /// Changes of jobs, by the job and the version.
    pub job_events: ByKey<jobs::PublishedEvent, (Uuid, i64)>,
    /// Calls of language models by id.
    pub llm_usages: ByKey<llm_usage::LlmUsage>,
    /// The masks of money accounts.
    pub masks: ByKey<Vec<accounts::AccountMask>>,
    /// Pages of what hangs on others.
    pub pages: Pages,
    /// How many rows hang on others, and what they add up to.
    pub counts: Counts,
}

/// What one key leads to.
#[derive(Clone)]
pub struct ByKey<Found: Clone, K: Key = Uuid> {
    gathering: Gathering<K, Loaded<Found>>,
    batch: Batch<Found, K>,
}

/// What rows are looked for by.
pub trait Key: Copy + Eq + Hash + Debug + Send + Sync + 'static {}

impl<T: Copy + Eq + Hash + Debug + Send + Sync + 'static> Key for T {}

/// What one key led to: nothing where the viewer may see nothing.
pub type Loaded<Found> = std::result::Result<Option<Found>, Arc<Error>>;

/// Reads what is visible of many keys in one statement.
type ForKeys<Found, K> =
    for<'a> fn(&'a mut AsyncPgConnection, Visibility, &'a [K]) -> BoxFuture<'a, QueryResult<Vec<(K, Found)>>>;

/// Whose rows the request may see at this moment; or what whoever asks for any is told.
type Visible = Arc<RwLock<Result<Visibility>>>;

struct Batch<Found, K> {
    database: Database,
    visibility: Visible,
    read: ForKeys<Found, K>,
}

impl Loaders {
    /// The loaders of a new request, for the rows of `visibility`; without one nothing is loaded.
    pub fn new(database: &Database, visibility: Result<Visibility>) -> Self {
        let visible = Arc::new(RwLock::new(visibility));
        Self {
            users: ByKey::new(database, &visible, |conn, of, ids| {
                user::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            sessions: ByKey::new(database, &visible, |conn, of, ids| {
                session::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            categories: ByKey::new(database, &visible, |conn, of, ids| {
                categories::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            accounts: ByKey::new(database, &visible, |conn, of, ids| {
                accounts::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            transactions: ByKey::new(database, &visible, |conn, of, ids| {
                transactions::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            jobs: ByKey::new(database, &visible, |conn, of, ids| {
                jobs::read::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            audit_entries: ByKey::new(database, &visible, |conn, of, ids| {
                audit::list::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            api_tokens: ByKey::new(database, &visible, |conn, of, ids| {
                api_token::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            connected_accounts: ByKey::new(database, &visible, |conn, of, ids| {
                connected_account::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            emails: ByKey::new(database, &visible, |conn, of, ids| {
                email::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            extractions: ByKey::new(database, &visible, |conn, of, ids| {
                run::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            sightings: ByKey::new(database, &visible, |conn, of, ids| {
                review::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            llm_usages: ByKey::new(database, &visible, |conn, of, ids| {
                llm_usage::for_ids(conn, of, ids).map(|rows| by_id(rows, |row| row.id)).boxed()
            }),
            texts: Gathering::default(),
            job_events: ByKey::new(database, &visible, |conn, of, keys| {
                jobs::read::events_by_keys(conn, of, keys)
                    .map(|rows| Ok(rows?.into_iter().map(|row| (row.key(), row)).collect()))
                    .boxed()
            }),
            links: ByKey::new(database, &visible, |conn, of, ids| {
                sighting::links_for(conn, of, ids).map(|rows| by_id(rows, |row| row.transaction_id)).boxed()
            }),
            drafts: ByKey::new(database, &visible, |conn, of, ids| review::drafts_of(conn, of, ids).boxed()),
            masks: ByKey::new(database, &visible, |conn, of, ids| masks_of(conn, of, ids).boxed()),
            pages: Pages::new(database, &visible),
            counts: Counts::new(database, &visible),
            visibility: visible,
        }
    }

    /// From here on the request sees what the user sees whom it signed in, whoever's token came with it: what hangs on
    /// that user is theirs.
    pub fn sign_in(&self, user_id: Uuid) {
        *self.visibility.write().unwrap_or_else(PoisonError::into_inner) = Ok(Visibility::Of(user_id));
    }
}

impl<Found: Clone + Send + Sync + 'static, K: Key> ByKey<Found, K> {
    fn new(database: &Database, visibility: &Visible, read: ForKeys<Found, K>) -> Self {
        let batch = Batch { database: database.clone(), visibility: Arc::clone(visibility), read };
        Self { gathering: Gathering::default(), batch }
    }

    /// What `key` leads to, as far as the viewer may see it. Every field that waits at the same time shares a
    /// statement, and its error.
    pub async fn load(&self, key: K) -> Loaded<Found> {
        // On the heap: the future of each field that may load something would be as large as all this.
        let loaded = self.gathering.find(key, |keys| self.batch.load(keys).boxed()).boxed().await;
        loaded.unwrap_or_else(|| Err(Arc::new(Error::internal("a loader lost a key", format!("{key:?}")))))
    }

    /// The object that `node` makes of what `key` leads to, as a nullable field resolves to it.
    pub async fn related<Node>(&self, key: Option<K>, node: impl FnOnce(Found) -> Node) -> Related<Node> {
        let found = self.load(key?).await.transpose()?;
        Some(found.map(node))
    }
}

impl<Found: Clone, K: Key> Batch<Found, K> {
    /// What each of the keys leads to; their error is that of all of them.
    async fn load(&self, keys: Vec<K>) -> HashMap<K, Loaded<Found>> {
        let keys: Vec<K> = keys.into_iter().collect::<HashSet<K>>().into_iter().collect();
        match self.read(&keys).await {
            Ok(mut found) => keys.iter().map(|key| (*key, Ok(found.remove(key)))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (*key, Err(Arc::clone(&error)))).collect()
            }
        }
    }

    async fn read(&self, keys: &[K]) -> Result<HashMap<K, Found>> {
        let visibility = match &*self.visibility.read().unwrap_or_else(PoisonError::into_inner) {
            Ok(visibility) => *visibility,
            Err(Error::Forbidden(why)) => return Err(Error::Forbidden(why)),
            Err(_) => return Err(Error::Unauthenticated),
        };
        let mut conn = self.database.lease().await?;
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(LARGEST_BATCH) {
            found.extend((self.read)(&mut conn, visibility, keys).await?);
        }
        Ok(found)
    }
}

impl<Found, K> Clone for Batch<Found, K> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), visibility: Arc::clone(&self.visibility), read: self.read }
    }
}

fn by_id<Row>(rows: QueryResult<Vec<Row>>, id: impl Fn(&Row) -> Uuid) -> QueryResult<Vec<(Uuid, Row)>> {
    Ok(rows?.into_iter().map(|row| (id(&row), row)).collect())
}

async fn masks_of(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Vec<accounts::AccountMask>)>> {
    let mut found: HashMap<Uuid, Vec<accounts::AccountMask>> = HashMap::new();
    for mask in accounts::masks_of(conn, visibility, ids).await? {
        found.entry(mask.account_id).or_default().push(mask);
    }
    Ok(found.into_iter().collect())
}
