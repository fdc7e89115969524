//! The schema: its roots put together, what a request carries, and its text.

use std::sync::Arc;

use async_graphql::{Data, MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::app::App;
use crate::config::{Config, Environment};
use crate::error::{Error, Result};
use crate::graphql::accounts::mutation::AccountMutation;
use crate::graphql::accounts::query::AccountQuery;
use crate::graphql::administration::mutation::AdministrationMutation;
use crate::graphql::administration::statistics::StatisticsQuery;
use crate::graphql::api_tokens::mutation::ApiTokenMutation;
use crate::graphql::audit::query::AuditQuery;
use crate::graphql::categories::mutation::CategoryMutation;
use crate::graphql::categories::query::CategoryQuery;
use crate::graphql::connected_accounts::change::ConnectedAccountChangeMutation;
use crate::graphql::connected_accounts::mutation::ConnectedAccountMutation;
use crate::graphql::connected_accounts::query::ConnectedAccountQuery;
use crate::graphql::database::Database;
use crate::graphql::emails::mutation::EmailMutation;
use crate::graphql::emails::query::EmailQuery;
use crate::graphql::engine::{Attach, Caller, Engine};
use crate::graphql::extraction::mutation::ExtractionMutation;
use crate::graphql::extraction::query::ExtractionQuery;
use crate::graphql::guard::allowance::Rate;
use crate::graphql::guard::limits::{Introspection, Limits};
use crate::graphql::jobs::mutation::JobMutation;
use crate::graphql::jobs::query::JobQuery;
use crate::graphql::jobs::subscription::JobSubscription;
use crate::graphql::llm_usages::query::LlmUsageQuery;
use crate::graphql::loaders::Loaders;
use crate::graphql::node::NodeQuery;
use crate::graphql::passwords::mutation::PasswordMutation;
use crate::graphql::sessions::mutation::SessionMutation;
use crate::graphql::sightings::mutation::SightingMutation;
use crate::graphql::sightings::query::SightingQuery;
use crate::graphql::transactions::aggregate::AggregateQuery;
use crate::graphql::transactions::mutation::TransactionMutation;
use crate::graphql::transactions::query::TransactionQuery;
use crate::graphql::users::mutation::UserMutation;
use crate::graphql::users::query::UserQuery;
use crate::viewer::{Scope, Visibility};

/// What can be read. A list holds every row that the viewer may see: a user's own, for an admin everyone's.
#[derive(Default, MergedObject)]
pub struct Query(
    NodeQuery,
    UserQuery,
    CategoryQuery,
    AccountQuery,
    TransactionQuery,
    ConnectedAccountQuery,
    EmailQuery,
    ExtractionQuery,
    SightingQuery,
    LlmUsageQuery,
    AggregateQuery,
    JobQuery,
    AuditQuery,
    StatisticsQuery,
);

/// What can be done. What may go wrong as a matter of course is data: `userErrors`.
#[derive(Default, MergedObject)]
pub struct Mutation(
    UserMutation,
    SessionMutation,
    PasswordMutation,
    ApiTokenMutation,
    AdministrationMutation,
    CategoryMutation,
    AccountMutation,
    TransactionMutation,
    ConnectedAccountMutation,
    ConnectedAccountChangeMutation,
    EmailMutation,
    ExtractionMutation,
    SightingMutation,
    JobMutation,
);

/// What can be watched. Each stream ends when the access token does; a client with a fresh one goes on from there.
#[derive(Default, MergedSubscription)]
pub struct Subscription(JobSubscription);

/// The engine over the schema, with what its resolvers need.
pub fn engine(app: Arc<App>) -> Result<Engine> {
    let limits = limits(&app.config, app.environment);
    let trusted = app.config.trusted_documents.clone();
    let attach: Attach = Box::new(move |data: &mut Data, caller: Caller| {
        let database = Database::new(app.pool.clone());
        data.insert(Loaders::new(&database, visible(&caller)));
        data.insert(database);
        data.insert(Arc::clone(&app));
        data.insert(caller);
    });
    Engine::new(builder(), limits, attach)?.trusting(&trusted.manifests, trusted.only)
}

/// Whose rows may hang on what a request returns: nobody's, for a token that may not read.
fn visible(caller: &Caller) -> Result<Visibility> {
    match &caller.viewer {
        None => Err(Error::Unauthenticated),
        Some(viewer) if !viewer.scopes.allow(Scope::Read) => Err(Error::Forbidden(Scope::Read.missing())),
        Some(viewer) => Ok(viewer.visibility()),
    }
}

/// The schema in the schema language, without a database behind it.
pub fn sdl() -> Result<String> {
    Ok(without_database(Limits::default())?.sdl().to_owned())
}

/// The engine over the schema, without anything that its resolvers need.
pub(crate) fn without_database(limits: Limits) -> Result<Engine> {
    Engine::new(builder(), limits, Box::new(|_, _| {}))
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

/// The mutations that check a secret, or send one.
const SIGN_IN_FIELDS: [&str; 7] = [
    "login",
    "register",
    "refreshSession",
    "requestPasswordReset",
    "resetPassword",
    "changePassword",
    "deleteUser",
];

/// The mutations that have mails fetched and read.
const INGEST_FIELDS: [&str; 2] = ["fetchEmails", "extractEmails"];

fn limits(config: &Config, environment: Environment) -> Limits {
    let usual = match environment {
        Environment::Development => Introspection::Everyone,
        Environment::Production => Introspection::SignedIn,
    };
    let introspection = config.limits.introspection.unwrap_or(usual);
    let allowance =
        Rate { capacity: config.cost_capacity, restored_per_second: config.cost_restored_per_second };
    let sign_in_fields = SIGN_IN_FIELDS.map(str::to_owned).to_vec();
    let ingest_fields = INGEST_FIELDS.map(str::to_owned).to_vec();
    let asked = Limits::from(&config.limits);
    Limits { sign_in_fields, ingest_fields, introspection, allowance: Some(allowance), ..asked }
}

#[cfg(test)]
mod tests;
