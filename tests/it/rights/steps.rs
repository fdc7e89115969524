//! The fields that lead from a row to others, as selections: each is asked with its defaults, and with each value of an enum.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;

use crate::rights::printed::{id_paths, is_row, nodes, object, row_fields};

/// What required arguments are given, by their type.
const GIVEN: [(&str, &str); 1] = [("PeriodInput", "{ from: \"2000-01-01\", to: \"2099-12-31\" }")];

/// One field of a type with ids, or of the query root, that leads to rows.
#[derive(Debug)]
pub struct Step<'a> {
    /// The type.
    pub of: &'a str,
    /// The field.
    pub field: &'a FieldDefinition,
    /// The field as it is asked, in each way, with the ids of what it leads to.
    pub calls: Vec<String>,
    /// The ways from the field to the ids, as the answer names them.
    pub leaves: Vec<String>,
}

/// Every such field. What names a row by its id stands in the matrix; of the rest a field whose arguments nobody knows fails.
pub fn steps(schema: &Schema) -> impl Iterator<Item = Step<'_>> {
    let mut steps = Vec::new();
    for of in nodes(schema).into_iter().chain(["Query"]) {
        for field in row_fields(schema, object(schema, of).unwrap()) {
            if of == "Query" && takes_an_id(schema, field) {
                continue;
            }
            let ty = field.ty.inner_named_type().as_str();
            let below = selection(schema, ty);
            let call = |given| format!("{}{} {below}", field.name, arguments(of, field, given));
            let calls = choices(schema, field).into_iter().map(call).collect();
            steps.push(Step { of, field, calls, leaves: leaves(schema, ty) });
        }
    }
    steps.into_iter()
}

/// Every field that the steps ask for, as `Type.field`.
pub fn walked(schema: &Schema) -> BTreeSet<String> {
    let mut walked = BTreeSet::new();
    for step in steps(schema) {
        walked.insert(format!("{}.{}", step.of, step.field.name));
        below(schema, step.field.ty.inner_named_type(), &mut walked);
    }
    walked
}

fn below(schema: &Schema, ty: &str, walked: &mut BTreeSet<String>) {
    if is_row(schema, ty) {
        return;
    }
    for field in row_fields(schema, object(schema, ty).unwrap()) {
        if walked.insert(format!("{ty}.{}", field.name)) {
            below(schema, field.ty.inner_named_type(), walked);
        }
    }
}

/// The ids of everything that a type leads to without another row between.
pub fn selection(schema: &Schema, ty: &str) -> String {
    if is_row(schema, ty) {
        return "{ id }".to_owned();
    }
    let field = |field: &FieldDefinition| {
        let given = arguments(ty, field, None);
        format!("{}{given} {}", field.name, selection(schema, field.ty.inner_named_type()))
    };
    let fields: Vec<String> = row_fields(schema, object(schema, ty).unwrap()).map(field).collect();
    format!("{{ {} }}", fields.join(" "))
}

fn leaves(schema: &Schema, ty: &str) -> Vec<String> {
    if is_row(schema, ty) {
        return vec![String::new()];
    }
    let mut all = Vec::new();
    for field in row_fields(schema, object(schema, ty).unwrap()) {
        let below = leaves(schema, field.ty.inner_named_type());
        all.extend(below.into_iter().map(|leaf| format!(".{}{leaf}", field.name)));
    }
    all
}

/// An enum's value for an argument, in each way; nothing where no argument takes an enum.
pub fn choices(schema: &Schema, field: &FieldDefinition) -> Vec<Option<(String, String)>> {
    let mut choices = Vec::new();
    for argument in &field.arguments {
        if let Some(ExtendedType::Enum(values)) = schema.types.get(argument.ty.inner_named_type()) {
            let values = values.values.keys();
            choices.extend(values.map(|value| Some((argument.name.to_string(), value.to_string()))));
        }
    }
    if choices.is_empty() { vec![None] } else { choices }
}

/// The arguments that a field has to have, and the one that is chosen.
fn arguments(of: &str, field: &FieldDefinition, chosen: Option<(String, String)>) -> String {
    let required = field.arguments.iter().filter(|argument| argument.is_required());
    let mut given: Vec<String> = required
        .map(|argument| {
            let ty = argument.ty.inner_named_type();
            let known = GIVEN.iter().find(|(name, _)| *name == ty.as_str());
            let (_, value) =
                known.unwrap_or_else(|| panic!("{of}.{} cannot be walked: {ty} is not given", field.name));
            format!("{}: {value}", argument.name)
        })
        .collect();
    given.extend(chosen.map(|(name, value)| format!("{name}: {value}")));
    if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
}

/// True for a field that cannot be asked without an id.
fn takes_an_id(schema: &Schema, field: &FieldDefinition) -> bool {
    let required = field.arguments.iter().filter(|argument| argument.is_required());
    required.into_iter().any(|argument| !id_paths(schema, "", &argument.ty, &[]).is_empty())
}
