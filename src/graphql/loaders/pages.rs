//! Pages of what hangs on others: one statement for all the parents of a request, as long as they are asked for the same stretch.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::categories::children::{self, Child};
use crate::extraction::runs;
use crate::extraction::sighting::{self, Sighted};
use crate::graphql::database::Database;
use crate::graphql::loaders::{ByKey, Key, Visible};
use crate::jobs;
use crate::page::Page;
use crate::transactions::of_parents::{self, Parent, Placed};
use crate::viewer::Visibility;

/// The rows of a page, by the id of their parent and the page: one row more than is shown.
type ByParent<Row, PageKey> = ByKey<Vec<Row>, (Uuid, Page<PageKey>)>;
type Day = (NaiveDate, Uuid);
type Grouped<Row, PageKey> = Vec<((Uuid, Page<PageKey>), Vec<Row>)>;

/// Pages by the id of what they hang on.
pub struct Pages {
    /// The transactions that were read in a mail.
    pub transactions_of_emails: ByParent<Sighted, Uuid>,
    /// The transactions in a category.
    pub transactions_of_categories: ByParent<Placed, Day>,
    /// The transactions on an account.
    pub transactions_of_accounts: ByParent<Placed, Day>,
    /// The categories right below another.
    pub children: ByParent<Child, Uuid>,
    /// The changes of a job.
    pub events_of_jobs: ByParent<jobs::PublishedEvent, i64>,
    /// The readings of a mail.
    pub extractions_of_emails: ByParent<runs::Placed, Uuid>,
}

impl Pages {
    pub(super) fn new(database: &Database, visible: &Visible) -> Self {
        Self {
            transactions_of_emails: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<Sighted, Uuid> =
                    |conn, of, ids, page| sighting::transactions_of_emails(conn, of, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.email_id).boxed()
            }),
            transactions_of_categories: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<Placed, Day> =
                    |conn, of, ids, page| of_parents::pages(conn, of, Parent::Category, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.parent_id).boxed()
            }),
            transactions_of_accounts: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<Placed, Day> =
                    |conn, of, ids, page| of_parents::pages(conn, of, Parent::Account, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.parent_id).boxed()
            }),
            children: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<Child, Uuid> =
                    |conn, of, ids, page| children::of_parents(conn, of, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.parent_id).boxed()
            }),
            events_of_jobs: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<jobs::PublishedEvent, i64> =
                    |conn, of, ids, page| jobs::read::events_of_jobs(conn, of, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.event.job_id).boxed()
            }),
            extractions_of_emails: ByKey::new(database, visible, |conn, of, keys| {
                let read: Read<runs::Placed, Uuid> =
                    |conn, of, ids, page| runs::of_emails(conn, of, ids, page).boxed();
                pages(conn, of, keys, read, |row| row.email_id).boxed()
            }),
        }
    }
}

/// Reads the same stretch of the lists of many parents.
type Read<Row, PageKey> = for<'a> fn(
    &'a mut AsyncPgConnection,
    Visibility,
    &'a [Uuid],
    Page<PageKey>,
) -> BoxFuture<'a, QueryResult<Vec<Row>>>;

/// The pages of many parents: one statement for each stretch that is asked for.
async fn pages<Row, PageKey: Key>(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    keys: &[(Uuid, Page<PageKey>)],
    read: Read<Row, PageKey>,
    parent: fn(&Row) -> Uuid,
) -> QueryResult<Grouped<Row, PageKey>> {
    let mut parents: HashMap<Page<PageKey>, Vec<Uuid>> = HashMap::new();
    for (id, page) in keys {
        parents.entry(*page).or_default().push(*id);
    }
    let mut found: HashMap<(Uuid, Page<PageKey>), Vec<Row>> = HashMap::new();
    for (page, ids) in parents {
        for row in read(conn, visibility, &ids, page).await? {
            found.entry((parent(&row), page)).or_default().push(row);
        }
    }
    Ok(found.into_iter().collect())
}
