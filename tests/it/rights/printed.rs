//! The printed schema, read for every way to a row: root fields, arguments that take an id, and fields that lead to rows.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::schema::{ExtendedType, ObjectType};
use apollo_compiler::validation::Valid;
use pennypost::graphql::schema::sdl;

/// The schema as it is printed.
pub fn printed() -> Valid<Schema> {
    Schema::parse_and_validate(sdl().unwrap(), "schema.graphql").unwrap()
}

/// The types of object, but those of the language itself.
pub fn objects(schema: &Schema) -> impl Iterator<Item = &ObjectType> {
    schema.types.values().filter_map(|ty| match ty {
        ExtendedType::Object(object) if !ty.is_built_in() => Some(&**object),
        _ => None,
    })
}

/// The object type of that name.
pub fn object<'a>(schema: &'a Schema, name: &str) -> Option<&'a ObjectType> {
    objects(schema).find(|object| object.name.as_str() == name)
}

/// The types with an id of their own.
pub fn nodes(schema: &Schema) -> BTreeSet<&str> {
    let nodes = objects(schema).filter(|object| object.implements_interfaces.contains("Node"));
    nodes.map(|object| object.name.as_str()).collect()
}

/// True for the name of a root.
pub fn is_root(schema: &Schema, name: &str) -> bool {
    schema.schema_definition.iter_root_operations().any(|(_, root)| root.name.as_str() == name)
}

/// Every root field.
pub fn roots(schema: &Schema) -> BTreeSet<String> {
    let roots = objects(schema).filter(|object| is_root(schema, &object.name));
    roots.flat_map(|object| object.fields.keys().map(|field| format!("{}.{field}", object.name))).collect()
}

/// Every argument that takes an id, by way of its input objects.
pub fn ids(schema: &Schema) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for object in objects(schema) {
        for (field, definition) in &object.fields {
            for argument in &definition.arguments {
                let path = format!("{}.{field}.{}", object.name, argument.name);
                ids.extend(id_paths(schema, &path, &argument.ty, &[]));
            }
        }
    }
    ids
}

/// The ids in an argument of that type.
pub fn id_paths(schema: &Schema, path: &str, ty: &Type, above: &[&str]) -> Vec<String> {
    let name = ty.inner_named_type().as_str();
    if name == "ID" {
        return vec![path.to_owned()];
    }
    let Some(ExtendedType::InputObject(input)) = schema.types.get(name) else { return Vec::new() };
    if above.contains(&name) {
        return Vec::new();
    }
    let above = [above, &[name]].concat();
    let fields = input.fields.iter();
    fields
        .flat_map(|(field, definition)| id_paths(schema, &format!("{path}.{field}"), &definition.ty, &above))
        .collect()
}

/// The fields of an object type that lead to rows.
pub fn row_fields<'a>(
    schema: &'a Schema,
    object: &'a ObjectType,
) -> impl Iterator<Item = &'a FieldDefinition> {
    let fields = object.fields.values().map(|field| &***field);
    fields.filter(|field| leads_to_rows(schema, field.ty.inner_named_type(), &[]))
}

/// True for a type with an id of its own, and for one with a field that leads to such a type.
fn leads_to_rows(schema: &Schema, name: &str, above: &[&str]) -> bool {
    if is_row(schema, name) {
        return true;
    }
    let Some(object) = object(schema, name).filter(|_| !above.contains(&name)) else { return false };
    let above = [above, &[name]].concat();
    object.fields.values().any(|field| leads_to_rows(schema, field.ty.inner_named_type(), &above))
}

/// True for a type with an id of its own, or for any of them.
pub fn is_row(schema: &Schema, name: &str) -> bool {
    name == "Node" || nodes(schema).contains(name)
}
