//! Variables: coerced by the specification, and left out of the document where the request leaves them out.

use apollo_compiler::executable::Operation;
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument as TypedDocument, Schema};
use async_graphql::parser::types::{Directive, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use async_graphql_value::Value as Literal;

use crate::graphql::error::{Refusal, RequestCode};

/// Coerces the variables of a request to the types that the operation declares; defaults are filled in.
pub fn coerce(
    schema: &Valid<Schema>,
    document: &TypedDocument,
    operation: &Operation,
    values: serde_json::Map<String, serde_json::Value>,
) -> Result<JsonMap, Refusal> {
    let values: JsonMap = values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    match coerce_variable_values(schema, operation, &values) {
        Ok(coerced) => Ok(coerced.into_inner()),
        Err(error) => {
            let mut located = error.to_graphql_error(&document.sources);
            located.message = without_value(&error);
            Err(Refusal::located(RequestCode::BadUserInput, [located]))
        }
    }
}

/// The names of the variables that an operation declares and that have no value.
pub fn omitted<'a>(operation: &'a Operation, coerced: &JsonMap) -> Vec<&'a str> {
    let names = operation.variables.iter().map(|variable| variable.name.as_str());
    names.filter(|name| !coerced.contains_key(*name)).collect()
}

/// Takes the arguments and input fields whose variable has no value out of an operation, so that the engine sees them as
/// absent and not as null: an update would clear what it should leave.
pub fn drop_omitted(operation: &mut OperationDefinition, omitted: &[&str]) {
    drop_in_selection_set(&mut operation.selection_set.node, omitted);
}

/// Coerced variables in the form that the engine takes.
pub fn for_engine(coerced: JsonMap) -> Variables {
    Variables::from_value(const_value(JsonValue::Object(coerced)))
}

/// The sentence of a coercion error. It quotes the value, which may be a secret, so the value is cut out.
fn without_value(error: &RequestError) -> String {
    let message = error.message().to_string();
    match (message.split_once(": "), message.rsplit_once(" to type ")) {
        (Some((what, _)), Some((_, ty))) if what.starts_with("could not coerce ") => {
            format!("{what} to type {ty}")
        }
        _ => message,
    }
}

fn drop_in_selection_set(set: &mut SelectionSet, omitted: &[&str]) {
    for selection in &mut set.items {
        drop_in_directives(selection.node.directives_mut(), omitted);
        match &mut selection.node {
            Selection::Field(field) => {
                drop_in_arguments(&mut field.node.arguments, omitted);
                drop_in_selection_set(&mut field.node.selection_set.node, omitted);
            }
            Selection::InlineFragment(fragment) => {
                drop_in_selection_set(&mut fragment.node.selection_set.node, omitted);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn drop_in_directives(directives: &mut [Positioned<Directive>], omitted: &[&str]) {
    for directive in directives {
        drop_in_arguments(&mut directive.node.arguments, omitted);
    }
}

fn drop_in_arguments(arguments: &mut Vec<(Positioned<Name>, Positioned<Literal>)>, omitted: &[&str]) {
    arguments.retain(|(_, value)| !is_omitted(&value.node, omitted));
    for (_, value) in arguments {
        drop_in_literal(&mut value.node, omitted);
    }
}

/// Items of a list stay: there the specification wants null in the place of a variable without a value.
fn drop_in_literal(literal: &mut Literal, omitted: &[&str]) {
    match literal {
        Literal::Object(fields) => {
            fields.retain(|_, value| !is_omitted(value, omitted));
            fields.values_mut().for_each(|value| drop_in_literal(value, omitted));
        }
        Literal::List(items) => items.iter_mut().for_each(|item| drop_in_literal(item, omitted)),
        _ => {}
    }
}

fn is_omitted(literal: &Literal, omitted: &[&str]) -> bool {
    matches!(literal, Literal::Variable(name) if omitted.contains(&name.as_str()))
}

fn const_value(value: JsonValue) -> Value {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Boolean(value),
        JsonValue::Number(value) => Value::Number(value),
        JsonValue::String(value) => Value::String(value.as_str().to_owned()),
        JsonValue::Array(items) => Value::List(items.into_iter().map(const_value).collect()),
        JsonValue::Object(fields) => Value::Object(
            fields.into_iter().map(|(name, value)| (Name::new(name.as_str()), const_value(value))).collect(),
        ),
    }
}
