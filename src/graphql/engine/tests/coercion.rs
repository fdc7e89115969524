//! Every argument and every input object of the whole schema: what the guard lets pass, as a literal and as a variable, is what the
//! specification says of the type's definition.

use std::collections::{BTreeSet, HashMap, VecDeque};

use apollo_compiler::Node;
use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::executable::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use serde_json::{Value, json};

use super::values::{accepts, literal, right, wrong};
use super::*;
use crate::graphql::schema::without_database;

/// The first of the ways to make a value, with nothing that may be left out.
fn plainly(_: usize) -> usize {
    0
}

/// A way from a root to a type.
#[derive(Clone)]
struct Way {
    kind: &'static str,
    /// Each field on it, with the arguments that it needs.
    fields: Vec<String>,
}

/// What is asked about one argument, or one field of an input object within it.
struct Question<'a> {
    way: &'a Way,
    field: &'a FieldDefinition,
    argument: &'a InputValueDefinition,
    /// The value; `None` leaves it out.
    value: Option<Value>,
}

struct Walk<'a> {
    engine: &'a Engine,
    schema: &'a TypedSchema,
    asked: usize,
    mistakes: Vec<String>,
}

/// A field with its arguments, as a document writes it.
fn call(field: &FieldDefinition, arguments: &[String]) -> String {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    format!("{}{arguments}", field.name)
}

impl Walk<'_> {
    fn needed(&self, field: &FieldDefinition, except: Option<&str>) -> Vec<String> {
        let is_needed = |argument: &&Node<InputValueDefinition>| {
            argument.is_required() && except != Some(argument.name.as_str())
        };
        let written = field.arguments.iter().filter(is_needed).map(|argument| {
            let value = right(self.schema, &argument.ty, &mut plainly);
            format!("{}: {}", argument.name, literal(self.schema, &argument.ty, &value))
        });
        written.collect()
    }

    /// Each type that fields lead to, with its shortest way.
    fn ways(&self) -> HashMap<String, Way> {
        let mut ways = HashMap::new();
        let mut next = VecDeque::new();
        for (kind, root) in self.schema.schema_definition.iter_root_operations() {
            next.push_back((root.name.to_string(), Way { kind: kind.name(), fields: Vec::new() }));
        }
        while let Some((name, way)) = next.pop_front() {
            let Some(ExtendedType::Object(object)) = self.schema.types.get(name.as_str()) else { continue };
            if ways.contains_key(&name) || name.starts_with("__") {
                continue;
            }
            for field in object.fields.values() {
                let mut fields = way.fields.clone();
                fields.push(call(field, &self.needed(field, None)));
                next.push_back((field.ty.inner_named_type().to_string(), Way { fields, ..way }));
            }
            ways.insert(name, way);
        }
        ways
    }

    fn ask(&mut self, question: &Question) {
        let Question { way, field, argument, value } = question;
        let ty = &argument.ty;
        let has_default = argument.default_value.is_some();
        let written = value.as_ref().map(|value| literal(self.schema, ty, value));
        let by_literal = self.document(way, field, argument, "", written.as_deref());
        let expected = accepts(self.schema, ty, value.as_ref(), has_default);
        self.judge(&by_literal, &json!({}), expected, RequestCode::ValidationFailed);

        let declared = format!("($v: {ty})");
        let by_variable = self.document(way, field, argument, &declared, Some("$v"));
        let variables = value.as_ref().map_or_else(|| json!({}), |value| json!({ "v": value }));
        let expected = accepts(self.schema, ty, value.as_ref(), false);
        self.judge(&by_variable, &variables, expected, RequestCode::BadUserInput);
    }

    fn document(
        &self,
        way: &Way,
        field: &FieldDefinition,
        argument: &InputValueDefinition,
        declared: &str,
        value: Option<&str>,
    ) -> String {
        let mut arguments = self.needed(field, Some(argument.name.as_str()));
        arguments.extend(value.map(|value| format!("{}: {value}", argument.name)));
        let is_leaf = !matches!(
            self.schema.types[field.ty.inner_named_type()],
            ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)
        );
        let selection = if is_leaf { "" } else { " { __typename }" };
        let before = way.fields.iter().map(|field| format!("{field} {{ ")).collect::<Vec<_>>().concat();
        let after = " }".repeat(way.fields.len());
        format!("{} {declared} {{ {before}{}{selection}{after} }}", way.kind, call(field, &arguments))
    }

    fn judge(&mut self, document: &str, variables: &Value, expected: bool, code: RequestCode) {
        self.asked += 1;
        let found = self.engine.guard.admit(asking(document, variables), Allowed::All, true);
        let found = found.map(drop).map_err(|refusal| refusal.code);
        if found != if expected { Ok(()) } else { Err(code) } {
            self.mistakes
                .push(format!("{document} with {variables}: {found:?}, and it should be {expected}"));
        }
    }

    /// What is asked about a value of that type: itself, none, null, a wrong one, and all that of each field of an input object
    /// that was not asked about before.
    fn values(&self, ty: &Type, seen: &mut BTreeSet<String>) -> Vec<Option<Value>> {
        let given = right(self.schema, ty, &mut plainly);
        let mut values = vec![Some(given.clone()), None, Some(Value::Null)];
        values.extend(wrong(self.schema, ty).map(Some));
        if ty.is_list() {
            values.push(Some(json!([null])));
            values.extend(wrong(self.schema, ty).map(|wrong| Some(json!([wrong]))));
            values.push(Some(right(self.schema, ty.item_type(), &mut plainly)));
        }
        let name = ty.inner_named_type();
        if let Some(ExtendedType::InputObject(object)) = self.schema.types.get(name)
            && seen.insert(name.to_string())
        {
            let whole = right(self.schema, &Type::Named(name.clone()), &mut plainly);
            let with = |field: &str, value: Option<Value>| {
                let mut whole = whole.clone();
                let fields = whole.as_object_mut().unwrap();
                match value {
                    Some(value) => drop(fields.insert(field.to_owned(), value)),
                    None => drop(fields.remove(field)),
                }
                Some(if ty.is_list() { json!([whole]) } else { whole })
            };
            values.push(with("noSuchField", Some(json!(1))));
            for (name, field) in &object.fields {
                let within = self.values(&field.ty, seen);
                values.extend(within.into_iter().map(|value| with(name, value)));
            }
        }
        values
    }
}

#[test]
fn every_argument_takes_what_the_specification_says_and_nothing_else() {
    let engine = without_database(limits()).unwrap();
    let schema = typed(engine.sdl()).unwrap();
    let mut walk = Walk { engine: &engine, schema: &schema, asked: 0, mistakes: Vec::new() };
    let (ways, mut seen, mut arguments) = (walk.ways(), BTreeSet::new(), 0);
    for (name, way) in &ways {
        let object = schema.get_object(name).unwrap();
        for field in object.fields.values() {
            for argument in &field.arguments {
                arguments += 1;
                for value in walk.values(&argument.ty, &mut seen) {
                    walk.ask(&Question { way, field, argument, value });
                }
            }
        }
    }
    let inputs = schema.types.values().filter(|ty| ty.is_input_object()).map(|ty| ty.name().to_string());
    let left: Vec<String> = inputs.filter(|name| !seen.contains(name)).collect();
    assert_eq!(left, Vec::<String>::new(), "input objects that no argument leads to");
    assert!(arguments > 100 && walk.asked > 2_000, "{arguments} arguments, {} questions", walk.asked);
    assert!(
        walk.mistakes.is_empty(),
        "{} of {}:\n{}",
        walk.mistakes.len(),
        walk.asked,
        walk.mistakes.join("\n")
    );
}

#[test]
fn an_omitted_variable_is_dropped_from_every_field_of_every_input() {
    let engine = without_database(limits()).unwrap();
    let schema = typed(engine.sdl()).unwrap();
    let walk = Walk { engine: &engine, schema: &schema, asked: 0, mistakes: Vec::new() };
    let mut dropped = 0;
    for (name, way) in &walk.ways() {
        for field in schema.get_object(name).unwrap().fields.values() {
            for argument in &field.arguments {
                for (ty, value) in omissions(&schema, &argument.ty) {
                    let document = walk.document(way, field, argument, &format!("($v: {ty})"), Some(&value));
                    let admitted = engine.guard.admit(asking(&document, &json!({})), Allowed::All, true);
                    let admitted =
                        admitted.unwrap_or_else(|refusal| panic!("{document}: {:?}", refusal.errors));
                    let left = format!("{:?}", admitted.operation);
                    assert!(!left.contains("Variable("), "{document}: {left}");
                    dropped += 1;
                }
            }
        }
    }
    assert!(dropped > 150, "{dropped}");
}

/// The literals of a type in which one field that may be left out is a variable, each with the type of that.
fn omissions(schema: &TypedSchema, ty: &Type) -> Vec<(Type, String)> {
    let mut found = Vec::new();
    if !ty.is_non_null() {
        found.push((ty.clone(), "$v".to_owned()));
    }
    let Some(ExtendedType::InputObject(object)) = schema.types.get(ty.inner_named_type()) else {
        return found;
    };
    if object.directives.get("oneOf").is_some() {
        return found;
    }
    let whole = right(schema, &Type::Named(object.name.clone()), &mut plainly);
    let rest = whole.as_object().unwrap();
    for (name, field) in &object.fields {
        let others =
            rest.iter().filter(|(other, _)| other.as_str() != name.as_str()).map(|(other, value)| {
                format!("{other}: {}", literal(schema, &object.fields[other.as_str()].ty, value))
            });
        let others: String = others.map(|written| written + ", ").collect();
        let around = |inner: &str| {
            let written = format!("{{{others}{name}: {inner}}}");
            if ty.is_list() { format!("[{written}]") } else { written }
        };
        let within = omissions(schema, &field.ty);
        found.extend(within.into_iter().map(|(inner, written)| (inner, around(&written))));
    }
    found
}
