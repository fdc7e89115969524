//! Objects with an id of their own, and how any of them is found by it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::accounts::object::Account;
use crate::graphql::api_tokens::object::ApiToken;
use crate::graphql::audit::object::AuditEntry;
use crate::graphql::categories::object::Category;
use crate::graphql::connected_accounts::object::ConnectedAccount;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::{self, NodeType};
use crate::graphql::jobs::event::JobEvent;
use crate::graphql::jobs::object::Job;
use crate::graphql::llm_usages::object::LlmUsage;
use crate::graphql::loaders::Related;
use crate::graphql::sessions::object::Session;
use crate::graphql::sightings::object::Sighting;
use crate::graphql::transactions::object::Transaction;
use crate::graphql::users::object::User;

/// The most ids of one call of `nodes`.
const MOST_IDS: usize = 100;

/// An object with an id by which it can be found again.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The opaque id, unique among all objects of every type."))]
pub enum Node {
    /// A user.
    User(User),
    /// A category.
    Category(Category),
    /// A money account.
    Account(Account),
    /// A transaction.
    Transaction(Transaction),
    /// A mailbox.
    ConnectedAccount(ConnectedAccount),
    /// A mail.
    Email(Email),
    /// A job.
    Job(Job),
    /// One reading of a mail.
    Extraction(Extraction),
    /// A signed-in device.
    Session(Session),
    /// One event seen in one mail.
    Sighting(Sighting),
    /// One call of a language model.
    LlmUsage(LlmUsage),
    /// One thing that somebody did.
    AuditEntry(AuditEntry),
    /// A personal API token.
    ApiToken(ApiToken),
    /// One visible change of a job.
    JobEvent(JobEvent),
}

/// The queries for objects of any type.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with that id; null when there is none that the viewer may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of an object of any type.")] id: ID,
    ) -> Result<Related<Node>> {
        ctx.viewer()?;
        Ok(find(ctx, &id).await)
    }

    /// The objects with those ids, in their order; null in the place of each that the viewer may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of objects of any type, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Related<Arc<Node>>>> {
        ctx.viewer()?;
        if ids.len() > MOST_IDS {
            let message = format!("Ask for at most {MOST_IDS} ids at a time.");
            return Err(Error::rejected("ids", Code::LimitExceeded, message));
        }
        // However often an id is there, its object is found once.
        let distinct: HashSet<&ID> = ids.iter().collect();
        let finding = distinct.into_iter().map(|id| async move { (id, shared(find(ctx, id).await)) });
        let found: HashMap<&ID, Related<Arc<Node>>> = join_all(finding).await.into_iter().collect();
        Ok(ids.iter().map(|id| found.get(id).cloned().flatten()).collect())
    }
}

fn shared(found: Related<Node>) -> Related<Arc<Node>> {
    found.map(|found| found.map(Arc::new))
}

async fn find(ctx: &Context<'_>, id: &ID) -> Related<Node> {
    let loaders = ctx.loaders();
    if let Some(key) = global_id::parse_job_event(id) {
        return loaders.job_events.related(Some(key), |row| JobEvent(row).into()).await;
    }
    let (node_type, id): (NodeType, Uuid) = global_id::parse(id)?;
    let id = Some(id);
    match node_type {
        NodeType::User => loaders.users.related(id, |row| User(row).into()).await,
        NodeType::Category => loaders.categories.related(id, |row| Category(row).into()).await,
        NodeType::Account => loaders.accounts.related(id, |row| Account(row).into()).await,
        NodeType::Transaction => loaders.transactions.related(id, |row| Transaction::from(row).into()).await,
        NodeType::Job => loaders.jobs.related(id, |row| Job(row).into()).await,
        NodeType::ConnectedAccount => {
            loaders.connected_accounts.related(id, |row| ConnectedAccount(row).into()).await
        }
        NodeType::Email => loaders.emails.related(id, |row| Email(row).into()).await,
        NodeType::Session => loaders.sessions.related(id, |row| Session(row).into()).await,
        NodeType::AuditEntry => loaders.audit_entries.related(id, |row| AuditEntry(row).into()).await,
        NodeType::ApiToken => loaders.api_tokens.related(id, |row| ApiToken(row).into()).await,
        NodeType::Extraction => loaders.extractions.related(id, |row| Extraction(row).into()).await,
        NodeType::Sighting => loaders.sightings.related(id, |row| Sighting(row).into()).await,
        NodeType::LlmUsage => loaders.llm_usages.related(id, |row| LlmUsage(row).into()).await,
    }
}
