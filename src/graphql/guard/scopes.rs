//! What an operation needs of a personal API token: to read, to change, or to have mails fetched and read.

use apollo_compiler::executable::{ExecutableDocument, Operation};

use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::limits::Limits;
use crate::viewer::{Scope, Scopes};

/// The scopes that an operation needs, by the fields at its root. To ask for the name of a type, or for the schema, takes none.
pub fn needed(document: &ExecutableDocument, operation: &Operation, limits: &Limits) -> Vec<Scope> {
    let roots = operation.root_fields(document).map(|field| field.name.as_str());
    let mut needed: Vec<Scope> = roots
        .filter(|name| !name.starts_with("__"))
        .map(|name| {
            if !operation.is_mutation() {
                Scope::Read
            } else if limits.ingest_fields.iter().any(|field| field == name) {
                Scope::Ingest
            } else {
                Scope::Write
            }
        })
        .collect();
    needed.dedup();
    needed
}

/// Refuses an operation that needs another scope.
pub fn check(needed: &[Scope], scopes: Scopes) -> Result<(), Refusal> {
    match needed.iter().find(|scope| !scopes.allow(**scope)) {
        Some(scope) => Err(Refusal::new(RequestCode::Forbidden, scope.missing())),
        None => Ok(()),
    }
}
