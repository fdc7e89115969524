//! Input objects: each field at most once, and of a `@oneOf` exactly one, whose value is not null, in literals and in variables alike.
//!
//! The reader of documents knows the directive's name only and does not look for fields that stand twice, so the rules are kept here.

use std::collections::HashSet;

use apollo_compiler::executable::{
    ExecutableDocument, Name, Operation, Selection, SelectionSet, Type, Value,
};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Node, Schema};

use crate::graphql::error::{Refusal, RequestCode};

/// Checks the literals of an operation and of the fragments that it reaches.
pub fn check_literals(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    fragments: &[&Name],
) -> Result<(), Refusal> {
    let literals = Literals { schema, operation };
    for variable in &operation.variables {
        if let Some(default) = &variable.default_value {
            literals.value(&variable.ty, default)?;
        }
    }
    literals.selection_set(&operation.selection_set)?;
    fragments
        .iter()
        .filter_map(|name| document.fragments.get(*name))
        .try_for_each(|fragment| literals.selection_set(&fragment.selection_set))
}

/// Checks the coerced variables of a request.
pub fn check_variables(schema: &Schema, operation: &Operation, variables: &JsonMap) -> Result<(), Refusal> {
    operation.variables.iter().try_for_each(|variable| match variables.get(variable.name.as_str()) {
        Some(value) => check_variable(schema, &variable.ty, value),
        None => Ok(()),
    })
}

struct Literals<'a> {
    schema: &'a Schema,
    operation: &'a Operation,
}

impl Literals<'_> {
    fn selection_set(&self, set: &SelectionSet) -> Result<(), Refusal> {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                            self.value(&definition.ty, &argument.value)?;
                        }
                    }
                    self.selection_set(&field.selection_set)?;
                }
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.selection_set)?,
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn value(&self, ty: &Type, value: &Value) -> Result<(), Refusal> {
        match value {
            Value::List(items) => items.iter().try_for_each(|item| self.value(ty.item_type(), item)),
            Value::Object(fields) => {
                let Some(object) = input_object(self.schema, ty) else { return Ok(()) };
                check_distinct(&object.name, fields)?;
                if is_one_of(object) {
                    let given = fields.iter().map(|(_, value)| self.may_be_null(value));
                    check_one(&object.name, given, RequestCode::ValidationFailed)?;
                }
                fields.iter().try_for_each(|(name, value)| match object.fields.get(name) {
                    Some(field) => self.value(&field.ty, value),
                    None => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    /// True for the literal null, and for a variable whose type lets it be null or left out.
    fn may_be_null(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Variable(name) => self
                .operation
                .variables
                .iter()
                .any(|variable| variable.name == *name && !variable.ty.is_non_null()),
            _ => false,
        }
    }
}

/// Refuses a field that stands twice in an input object: what was checked and what is executed could be different ones.
/// <https://spec.graphql.org/October2021/#sec-Input-Object-Field-Uniqueness>
fn check_distinct(object: &Name, fields: &[(Name, Node<Value>)]) -> Result<(), Refusal> {
    let mut names = HashSet::with_capacity(fields.len());
    match fields.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(Refusal::new(
            RequestCode::ValidationFailed,
            format!("The field `{name}` stands twice in an input object `{object}`."),
        )),
        None => Ok(()),
    }
}

fn check_variable(schema: &Schema, ty: &Type, value: &JsonValue) -> Result<(), Refusal> {
    match value {
        JsonValue::Array(items) => {
            items.iter().try_for_each(|item| check_variable(schema, ty.item_type(), item))
        }
        JsonValue::Object(fields) => {
            let Some(object) = input_object(schema, ty) else { return Ok(()) };
            if is_one_of(object) {
                check_one(&object.name, fields.values().map(JsonValue::is_null), RequestCode::BadUserInput)?;
            }
            fields.iter().try_for_each(|(name, value)| match object.fields.get(name.as_str()) {
                Some(field) => check_variable(schema, &field.ty, value),
                None => Ok(()),
            })
        }
        _ => Ok(()),
    }
}

/// Refuses anything but one given key that is not null; `given` says of each key whether it may be null.
fn check_one(name: &Name, mut given: impl Iterator<Item = bool>, code: RequestCode) -> Result<(), Refusal> {
    match (given.next(), given.next()) {
        (Some(false), None) => Ok(()),
        _ => Err(Refusal::new(
            code,
            format!("{name} takes exactly one of its fields, with a value that is not null."),
        )),
    }
}

fn input_object<'a>(schema: &'a Schema, ty: &Type) -> Option<&'a InputObjectType> {
    match schema.types.get(ty.inner_named_type())? {
        ExtendedType::InputObject(object) => Some(object),
        _ => None,
    }
}

fn is_one_of(object: &InputObjectType) -> bool {
    object.directives.get("oneOf").is_some()
}
