//! Values of any input type of a schema, right and wrong, and what the specification says of each.

use apollo_compiler::executable::Type;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Name, Schema};
use serde_json::{Map, Value, json};

/// A value that the type holds; `pick` chooses among that many ways.
pub(super) fn right(schema: &Schema, ty: &Type, pick: &mut dyn FnMut(usize) -> usize) -> Value {
    if ty.is_list() {
        let length = if pick(3) == 0 { 2 } else { 1 };
        return (0..length).map(|_| right(schema, ty.item_type(), pick)).collect();
    }
    match &schema.types[ty.inner_named_type()] {
        ExtendedType::Enum(definition) => {
            let names: Vec<&Name> = definition.values.keys().collect();
            json!(names[pick(names.len())].as_str())
        }
        ExtendedType::InputObject(object) => right_object(schema, object, pick),
        _ => match ty.inner_named_type().as_str() {
            "Int" => json!(pick(3) + 1),
            "Float" => json!(1.5),
            "Boolean" => json!(pick(2) == 0),
            "DateTime" => json!("2026-11-21T08:30:00Z"),
            "Date" => json!("2026-11-21"),
            "Decimal" => json!("1.5"),
            "CurrencyCode" => json!("EUR"),
            "JSON" => json!({ "any": [1, null] }),
            "ID" if pick(2) == 0 => json!(4),
            _ => json!("x"),
        },
    }
}

/// An object with every field that it needs, and with some of the others.
fn right_object(schema: &Schema, object: &InputObjectType, pick: &mut dyn FnMut(usize) -> usize) -> Value {
    if is_one_of(object) {
        let (name, field) = object.fields.get_index(pick(object.fields.len())).unwrap();
        return json!({ name.as_str(): right(schema, &field.ty.as_ref().clone().non_null(), pick) });
    }
    let mut fields = Map::new();
    for (name, field) in &object.fields {
        let is_needed = field.ty.is_non_null() && field.default_value.is_none();
        if is_needed || pick(4) == 3 {
            fields.insert(name.to_string(), right(schema, &field.ty, pick));
        }
    }
    Value::Object(fields)
}

/// A value that the type does not hold; `None` where only the program itself knows what the type holds.
pub(super) fn wrong(schema: &Schema, ty: &Type) -> Option<Value> {
    match &schema.types[ty.inner_named_type()] {
        ExtendedType::Enum(_) => Some(json!("NONE_OF_THEM")),
        ExtendedType::InputObject(_) => Some(json!(1)),
        _ => match ty.inner_named_type().as_str() {
            "Int" | "Float" | "Boolean" => Some(json!("x")),
            "String" => Some(json!(1)),
            "ID" => Some(json!(true)),
            _ => None,
        },
    }
}

/// The value as a document writes it.
pub(super) fn literal(schema: &Schema, ty: &Type, value: &Value) -> String {
    let definition = schema.types.get(ty.inner_named_type());
    match (value, definition) {
        (Value::Array(items), _) => {
            let items: Vec<String> = items.iter().map(|item| literal(schema, ty.item_type(), item)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Object(fields), Some(ExtendedType::InputObject(object))) => {
            let written = fields.iter().map(|(name, value)| match object.fields.get(name.as_str()) {
                Some(field) => format!("{name}: {}", literal(schema, &field.ty, value)),
                None => format!("{name}: {value}"),
            });
            format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
        }
        (Value::Object(fields), _) => {
            let written = fields.iter().map(|(name, value)| format!("{name}: {value}"));
            format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
        }
        (Value::String(name), Some(ExtendedType::Enum(_))) => name.clone(),
        _ => value.to_string(),
    }
}

/// Whether the type holds the value, by the specification's rules of input coercion ("Input Coercion" of each kind of type);
/// `None` is a value that was left out.
pub(super) fn accepts(schema: &Schema, ty: &Type, value: Option<&Value>, has_default: bool) -> bool {
    let Some(value) = value else { return has_default || !ty.is_non_null() };
    if value.is_null() {
        return !ty.is_non_null();
    }
    if ty.is_list() {
        return match value {
            Value::Array(items) => {
                items.iter().all(|item| accepts(schema, ty.item_type(), Some(item), false))
            }
            // One item stands for a list of it.
            _ => accepts(schema, ty.item_type(), Some(value), false),
        };
    }
    match &schema.types[ty.inner_named_type()] {
        ExtendedType::Enum(definition) => {
            value.as_str().is_some_and(|name| definition.values.keys().any(|known| known == name))
        }
        ExtendedType::InputObject(object) => accepts_object(schema, object, value),
        _ => match ty.inner_named_type().as_str() {
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "String" => value.is_string(),
            "ID" => value.is_string() || value.is_i64(),
            _ => true,
        },
    }
}

fn accepts_object(schema: &Schema, object: &InputObjectType, value: &Value) -> bool {
    let Some(given) = value.as_object() else { return false };
    let is_known = given.keys().all(|name| object.fields.contains_key(name.as_str()));
    let holds = object.fields.iter().all(|(name, field)| {
        accepts(schema, &field.ty, given.get(name.as_str()), field.default_value.is_some())
    });
    let is_one = !is_one_of(object) || (given.len() == 1 && given.values().all(|value| !value.is_null()));
    is_known && holds && is_one
}

fn is_one_of(object: &InputObjectType) -> bool {
    object.directives.get("oneOf").is_some()
}
