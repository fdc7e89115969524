//! The schema's text: fresh, described everywhere, and free of what it must not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use apollo_compiler::{ExecutableDocument, Schema as TypedSchema};

use super::*;
use crate::graphql::guard::scopes::needed;

/// What an API token needs for each field at a root.
#[rustfmt::skip]
const SCOPES: &[(&str, Scope, &[&str])] = &[
    ("query", Scope::Read, &[
        "account", "accounts", "auditEntries", "cashFlow", "categories", "category", "connectedAccount", "connectedAccounts",
        "email", "emails", "extraction", "extractions", "job", "jobs", "llmUsage", "llmUsages", "me", "node", "nodes",
        "sighting", "sightings", "spending", "statistics", "transaction", "transactions", "user", "users",
    ]),
    ("subscription", Scope::Read, &["allJobEvents", "jobEvents", "myJobEvents", "queueStats"]),
    ("mutation", Scope::Ingest, &["extractEmails", "fetchEmails"]),
    ("mutation", Scope::Write, &[
        "acceptSighting", "activateUser", "cancelJob", "changePassword", "createAccount", "createApiToken", "createCategory",
        "createConnectedAccount", "createTransaction", "deactivateUser", "deleteAccount", "deleteCategory",
        "deleteConnectedAccount", "deleteEmails", "deleteTransaction", "deleteUser", "ignoreEmails", "login", "logout",
        "logoutEverywhere", "refreshSession", "register", "rejectSighting", "requestPasswordReset", "resetPassword",
        "restoreEmails", "retryJob", "revokeApiToken", "revokeSession", "setUserRole", "updateAccount", "updateCategory",
        "updateConnectedAccount", "updateTransaction", "updateUser",
    ]),
];

#[test]
fn every_root_field_has_its_scope() {
    let schema = TypedSchema::parse_and_validate(sdl().unwrap(), "schema.graphql").unwrap();
    let limits = Limits { ingest_fields: INGEST_FIELDS.map(str::to_owned).to_vec(), ..Limits::default() };
    let mut expected = BTreeMap::new();
    for (kind, scope, fields) in SCOPES {
        for field in *fields {
            let known = expected.insert(((*kind).to_owned(), (*field).to_owned()), *scope);
            assert_eq!(known, None, "{kind} {field} twice");
        }
    }
    let mut found = BTreeSet::new();
    for (kind, root) in schema.schema_definition.iter_root_operations() {
        let root = schema.get_object(root.name.as_str()).unwrap();
        for field in root.fields.keys() {
            let text = format!("{} {{ {field} }}", kind.name());
            // It lacks arguments and selections, which scopes do not depend on.
            let document = ExecutableDocument::parse(&schema, text, "document.graphql").unwrap();
            let operation = document.operations.get(None).unwrap();
            let key = (kind.name().to_owned(), field.to_string());
            let scope = expected.get(&key);
            assert!(scope.is_some(), "{key:?} has no scope: give it one in SCOPES");
            assert_eq!(needed(&document, operation, &limits).first(), scope, "{key:?}");
            found.insert(key);
        }
    }
    let gone: Vec<_> = expected.keys().filter(|key| !found.contains(*key)).collect();
    assert!(gone.is_empty(), "scopes of nothing: {gone:?}");
}

#[test]
fn the_printed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let printed = sdl().unwrap();
    assert!(std::fs::read_to_string(path).unwrap_or_default() == printed, "run `make generate`");
}

#[test]
fn every_type_field_argument_and_value_has_a_description() {
    use apollo_compiler::Schema;
    use apollo_compiler::schema::ExtendedType;

    let schema = Schema::parse_and_validate(sdl().unwrap(), "schema.graphql").unwrap();
    let mut bare = Vec::new();
    let mut check = |name: String, is_described: bool| {
        if !is_described {
            bare.push(name);
        }
    };
    for (name, definition) in schema.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
        check(name.to_string(), definition.description().is_some());
        let fields = match definition {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        for (field, definition) in fields.into_iter().flatten() {
            check(format!("{name}.{field}"), definition.description.is_some());
            for argument in &definition.arguments {
                check(format!("{name}.{field}({})", argument.name), argument.description.is_some());
            }
        }
        if let ExtendedType::InputObject(input) = definition {
            for (field, definition) in &input.fields {
                check(format!("{name}.{field}"), definition.description.is_some());
            }
        }
        if let ExtendedType::Enum(values) = definition {
            for (value, definition) in &values.values {
                check(format!("{name}.{value}"), definition.description.is_some());
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[test]
fn no_field_is_a_float() {
    assert!(!sdl().unwrap().contains(": Float"));
}
