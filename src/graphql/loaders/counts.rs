//! How many rows hang on others, and what they add up to: one statement for each kind of relation.

use futures_util::FutureExt;
use rust_decimal::Decimal;

use crate::categories::children;
use crate::extraction::{runs, sighting};
use crate::graphql::database::Database;
use crate::graphql::loaders::{ByKey, Visible};
use crate::jobs;
use crate::transactions::of_parents;

/// By the id of what they hang on; nothing for what has none.
pub struct Counts {
    /// The transactions that were read in a mail.
    pub of_emails: ByKey<i64>,
    /// The transactions in a category.
    pub of_categories: ByKey<i64>,
    /// The transactions on an account.
    pub of_accounts: ByKey<i64>,
    /// The categories right below another.
    pub of_children: ByKey<i64>,
    /// The changes of a job.
    pub events_of_jobs: ByKey<i64>,
    /// The readings of a mail.
    pub extractions_of_emails: ByKey<i64>,
    /// What the transactions of an account add up to, in its currency.
    pub sums_of_accounts: ByKey<Decimal>,
}

impl Counts {
    pub(super) fn new(database: &Database, visible: &Visible) -> Self {
        Self {
            of_emails: ByKey::new(database, visible, |conn, of, ids| {
                sighting::count_transactions_of_emails(conn, of, ids).boxed()
            }),
            of_categories: ByKey::new(database, visible, |conn, of, ids| {
                of_parents::count_of_categories(conn, of, ids).boxed()
            }),
            of_accounts: ByKey::new(database, visible, |conn, of, ids| {
                of_parents::count_of_accounts(conn, of, ids).boxed()
            }),
            of_children: ByKey::new(database, visible, |conn, of, ids| {
                children::count_of_parents(conn, of, ids).boxed()
            }),
            events_of_jobs: ByKey::new(database, visible, |conn, of, ids| {
                jobs::read::count_events(conn, of, ids).boxed()
            }),
            extractions_of_emails: ByKey::new(database, visible, |conn, of, ids| {
                runs::count_of_emails(conn, of, ids).boxed()
            }),
            sums_of_accounts: ByKey::new(database, visible, |conn, of, ids| {
                of_parents::sums_of_accounts(conn, of, ids).boxed()
            }),
        }
    }
}
