//! Whose each row is, as the database says.

use std::collections::BTreeMap;

use pennypost::graphql::global_id::{NodeType, of_job_event};
use serde_json::Value;
use uuid::Uuid;

use crate::support::app::TestApp;

/// (the type, its tag, its table, the column that says whose a row is), for each type with an id.
#[rustfmt::skip]
pub const TABLES: [(&str, NodeType, &str, &str); 13] = [
    ("Account", NodeType::Account, "accounts", "user_id"),
    ("ApiToken", NodeType::ApiToken, "api_tokens", "user_id"),
    ("AuditEntry", NodeType::AuditEntry, "audit_entries", "owner"),
    ("Category", NodeType::Category, "categories", "user_id"),
    ("ConnectedAccount", NodeType::ConnectedAccount, "connected_accounts", "user_id"),
    ("Email", NodeType::Email, "emails", "user_id"),
    ("Extraction", NodeType::Extraction, "extractions", "user_id"),
    ("Job", NodeType::Job, "jobs", "user_id"),
    ("LlmUsage", NodeType::LlmUsage, "llm_usages", "user_id"),
    ("Session", NodeType::Session, "sessions", "user_id"),
    ("Sighting", NodeType::Sighting, "sightings", "user_id"),
    ("Transaction", NodeType::Transaction, "transactions", "user_id"),
    ("User", NodeType::User, "users", "id"),
];

/// The type whose rows have no uuid of their own: they are their job's.
pub const JOB_EVENT: &str = "JobEvent";

/// (the job, the version, whose the job is) of each change of a job.
const EVENTS: &str = "SELECT concat_ws(' ', job_id, job_events.version, user_id) AS text
    FROM job_events JOIN jobs ON jobs.id = job_id ORDER BY job_id, job_events.version";

/// Every row with an id that there was at one moment.
pub struct Rows {
    owners: BTreeMap<String, String>,
    of_types: BTreeMap<&'static str, Vec<String>>,
}

impl Rows {
    /// The rows that there are.
    pub async fn read(test: &TestApp) -> Self {
        let mut rows = Self { owners: BTreeMap::new(), of_types: BTreeMap::new() };
        for (name, tag, table, owner) in TABLES {
            let all =
                format!("SELECT id || ' ' || coalesce({owner}::text, '') AS text FROM {table} ORDER BY id");
            for row in test.texts(&all).await {
                let (id, owner) = row.split_once(' ').unwrap();
                let id = tag.id(id.parse().unwrap()).0;
                let owner = owner.parse().map_or(String::new(), |owner: Uuid| NodeType::User.id(owner).0);
                rows.owners.insert(id.clone(), owner);
                rows.of_types.entry(name).or_default().push(id);
            }
        }
        for row in test.texts(EVENTS).await {
            let mut words = row.split(' ');
            let (job, version) = (words.next().unwrap(), words.next().unwrap());
            let id = of_job_event(job.parse().unwrap(), version.parse().unwrap()).0;
            let owner =
                words.next().map_or(String::new(), |owner| NodeType::User.id(owner.parse().unwrap()).0);
            rows.owners.insert(id.clone(), owner);
            rows.of_types.entry(JOB_EVENT).or_default().push(id);
        }
        rows
    }

    /// Whose a row is; nobody's is empty.
    pub fn owner(&self, id: &str) -> &str {
        self.owners.get(id).unwrap_or_else(|| panic!("{id} is no row"))
    }

    /// True when there is a row of any type with that id.
    pub fn has(&self, id: Uuid) -> bool {
        TABLES.iter().any(|(_, tag, ..)| self.owners.contains_key(&tag.id(id).0))
    }

    /// The ids of every row of a type.
    pub fn ids(&self, name: &str) -> &[String] {
        self.of_types.get(name).map_or(&[], Vec::as_slice)
    }

    /// The ids in an answer that are of rows of others than that user.
    pub fn of_others<'a>(&self, answer: &'a Value, user: &str) -> Vec<&'a str> {
        match answer {
            Value::String(text) => {
                let owner = self.owners.get(text);
                owner.filter(|owner| *owner != user).map(|_| text.as_str()).into_iter().collect()
            }
            Value::Array(values) => values.iter().flat_map(|value| self.of_others(value, user)).collect(),
            Value::Object(fields) => fields.values().flat_map(|value| self.of_others(value, user)).collect(),
            _ => Vec::new(),
        }
    }
}
