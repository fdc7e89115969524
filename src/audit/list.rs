//! The entries as rows, and their lists, the newest first. An entry is visible to whose it was done to, and to admins.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::action::Action;
use crate::audit::author::Shown;
use crate::audit::changes::{Change, Changes};
use crate::clock::first_id;
use crate::db::narrowed;
use crate::db::schema::audit_entries;
use crate::page::Page;
use crate::viewer::Visibility;

/// How far the moment in the id of an entry may be from the one of the entry: ids never go back, also when the clock does.
const SLACK: TimeDelta = TimeDelta::days(1);

/// One thing that somebody did.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_entries, check_for_backend(Pg))]
pub struct AuditEntry {
    /// UUID version 7.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The name of an [`Action`].
    pub action: String,
    /// Whose it was done to.
    pub owner: Option<Uuid>,
    /// Who did it.
    pub actor: Option<Uuid>,
    credential_kind: Option<String>,
    credential: Option<Uuid>,
    /// Where the request came from.
    pub address: Option<IpNet>,
    /// The name of a [`super::SubjectKind`].
    pub subject_kind: Option<String>,
    /// The row that it was done to.
    pub subject: Option<Uuid>,
    changes: Value,
    /// The id that the answer and the log carry.
    pub request_id: Option<Uuid>,
}

impl AuditEntry {
    /// What the actor showed.
    pub fn shown(&self) -> Option<Shown> {
        Shown::parse(self.credential_kind.as_deref(), self.credential)
    }

    /// The fields that changed.
    pub fn changes(&self) -> Vec<Change> {
        Changes::read(&self.changes)
    }
}

/// Conditions that all have to hold; an empty list or `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// One of these.
    pub actions: Vec<Action>,
    /// At this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// At this moment or earlier.
    pub to: Option<DateTime<Utc>>,
}

/// One stretch of the visible entries, the newest first.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &AuditFilter,
    page: Page<Uuid>,
) -> QueryResult<Vec<AuditEntry>> {
    let mut query = matching(visibility, filter).select(AuditEntry::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(audit_entries::id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(audit_entries::id.gt(before));
    }
    let sorted = if page.is_from_end {
        query.order(audit_entries::id.asc())
    } else {
        query.order(audit_entries::id.desc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many visible entries pass the filter.
pub async fn count(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &AuditFilter,
) -> QueryResult<i64> {
    matching(visibility, filter).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<AuditEntry>> {
    let query = matching(visibility, &AuditFilter::default()).filter(audit_entries::id.eq_any(ids));
    query.select(AuditEntry::as_select()).load(conn).await
}

fn matching<'a>(visibility: Visibility, filter: &AuditFilter) -> audit_entries::BoxedQuery<'a, Pg> {
    let mut query = audit_entries::table.into_boxed();
    if let Some(user) = visibility.user() {
        query = query.filter(audit_entries::owner.eq(user));
    }
    let actions: Vec<&str> = filter.actions.iter().map(|action| action.as_str()).collect();
    query = narrowed!(query, audit_entries::action, actions);
    if let Some(from) = filter.from {
        query = query
            .filter(audit_entries::at.ge(from))
            .filter(audit_entries::id.ge(first_id(from.checked_sub_signed(SLACK).unwrap_or(from))));
    }
    if let Some(to) = filter.to {
        query = query
            .filter(audit_entries::at.le(to))
            .filter(audit_entries::id.lt(first_id(to.checked_add_signed(SLACK).unwrap_or(to))));
    }
    query
}
