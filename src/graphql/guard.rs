//! What every GraphQL document passes before the engine sees it, whatever transport it came by.

pub mod allowance;
pub mod cache;
pub mod characters;
pub mod document;
pub mod limits;
pub mod merged;
pub mod one_of;
pub mod price;
pub mod scopes;
pub mod shape;
pub mod source;
pub mod trusted;
pub mod variables;

use std::path::PathBuf;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::executable::OperationType;
use apollo_compiler::validation::Valid;
use async_graphql::Variables;
use async_graphql::parser::types::OperationDefinition;
use serde_json::{Map, Value};

use crate::graphql::error::{Refusal, RequestCode};
use crate::viewer::Scope;
use cache::DocumentCache;
use document::{Document, ReadOperation};
use limits::Limits;
use merged::Merged;
use source::DocumentSource;
use trusted::{ManifestError, TrustedDocuments};

/// Holds the schema and the limits that documents are read against, and the documents read before.
pub struct Guard {
    schema: Valid<Schema>,
    limits: Limits,
    documents: DocumentCache,
    trusted: TrustedDocuments,
}

/// One GraphQL request as a transport hands it over.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// The document.
    pub document: DocumentSource,
    /// The name of the operation to execute; needed when the document holds several.
    pub operation_name: Option<String>,
    /// The values of the variables, as they were sent.
    pub variables: Map<String, Value>,
    /// What the client sent beside: `persistedQuery` is refused, and nothing else is read.
    pub extensions: Map<String, Value>,
}

/// The operations that a transport takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Queries only: HTTP GET, which other sites can send in a user's name.
    Queries,
    /// Queries and mutations: HTTP POST.
    QueriesAndMutations,
    /// Queries and subscriptions: an event stream by HTTP GET.
    QueriesAndSubscriptions,
    /// All operations: a WebSocket, and an event stream by HTTP POST.
    All,
}

/// A request that may be executed.
pub struct Admitted {
    /// The operation.
    pub operation: OperationDefinition,
    /// True when no two answers that lead to something have one name.
    pub asks_once: bool,
    /// The coerced variables.
    pub variables: Variables,
    /// True for a subscription.
    pub is_subscription: bool,
    /// The price.
    pub cost: u64,
    /// What it needs of a personal API token.
    pub scopes: Vec<Scope>,
}

impl Guard {
    /// A guard for documents against `schema`.
    pub fn new(schema: Valid<Schema>, limits: Limits) -> Self {
        let documents = DocumentCache::new(limits.cached_document_bytes);
        Self { schema, limits, documents, trusted: TrustedDocuments::default() }
    }

    /// Reads the operator's trusted documents from their manifests; `only` refuses every other document from then on.
    pub fn trust(&mut self, manifests: &[PathBuf], only: bool) -> Result<(), ManifestError> {
        self.trusted = TrustedDocuments::read(manifests, only, &self.schema, &self.limits)?;
        Ok(())
    }

    /// How many documents are kept, by why they are.
    pub fn documents(&self) -> Vec<(&'static str, usize)> {
        vec![("trusted", self.trusted.len()), ("cached", self.documents.len())]
    }

    /// Reads a request and checks it against everything that can be known before execution.
    pub fn admit(&self, incoming: Incoming, allowed: Allowed, signed_in: bool) -> Result<Admitted, Refusal> {
        characters::check(incoming.document.text(), &incoming.variables)?;
        let document = self.document(&incoming.document)?;
        let (operation, read) = document.operation(incoming.operation_name.as_deref())?;
        check_kind(operation.operation_type, allowed)?;
        self.check_shape(read, signed_in)?;
        let coerced = variables::coerce(&self.schema, &document.typed, operation, incoming.variables)?;
        one_of::check_variables(&self.schema, operation, &coerced)?;
        let cost = price::price(&document.typed, operation, &coerced, &self.limits)?;
        let Merged { operation: mut executable, asks_once } =
            document.merged(&self.schema, operation, &coerced)?;
        let omitted = variables::omitted(operation, &coerced);
        if !omitted.is_empty() {
            variables::drop_omitted(&mut executable, &omitted);
        }
        Ok(Admitted {
            operation: executable,
            asks_once,
            variables: variables::for_engine(coerced),
            is_subscription: operation.is_subscription(),
            cost,
            scopes: read.scopes.clone(),
        })
    }

    /// What it costs to find out that a document is refused.
    pub fn price_of_refusal(&self) -> u64 {
        self.limits.refusal
    }

    /// The document: a trusted one as it was read when the server started, another one from the cache or read anew.
    fn document(&self, source: &DocumentSource) -> Result<Arc<Document>, Refusal> {
        let text = match source {
            DocumentSource::Id(id) => return self.trusted.find(id).cloned(),
            // The clients that send hashes know this sentence, and send their texts from then on.
            DocumentSource::Hash => {
                return Err(Refusal::new(RequestCode::PersistedQueryNotFound, "PersistedQueryNotSupported"));
            }
            DocumentSource::Text(text) => text,
        };
        if let Some(document) = self.trusted.find_text(text)? {
            return Ok(Arc::clone(document));
        }
        if let Some(document) = self.documents.find(text) {
            return Ok(document);
        }
        let document = Arc::new(Document::read(&self.schema, text, &self.limits)?);
        self.documents.keep(text, Arc::clone(&document));
        Ok(document)
    }

    fn check_shape(&self, read: &ReadOperation, signed_in: bool) -> Result<(), Refusal> {
        read.shape.check(&self.limits)?;
        if read.shape.introspects && !self.limits.introspection.allows(signed_in) {
            return Err(Refusal::new(
                RequestCode::ValidationFailed,
                "Introspection is off for this request.",
            ));
        }
        read.introspection.clone()
    }
}

fn check_kind(kind: OperationType, allowed: Allowed) -> Result<(), Refusal> {
    let (mutations, subscriptions) = match allowed {
        Allowed::Queries => (false, false),
        Allowed::QueriesAndMutations => (true, false),
        Allowed::QueriesAndSubscriptions => (false, true),
        Allowed::All => (true, true),
    };
    match kind {
        OperationType::Mutation if !mutations => {
            Err(Refusal::new(RequestCode::MethodNotAllowed, "A mutation needs POST: GET changes nothing."))
        }
        OperationType::Subscription if !subscriptions => Err(Refusal::new(
            RequestCode::BadRequest,
            "A subscription needs a WebSocket, or an event stream: Accept: text/event-stream.",
        )),
        OperationType::Query | OperationType::Mutation | OperationType::Subscription => Ok(()),
    }
}
