//! Documents that fit a schema, made from a row of bytes: fields with their arguments, aliases, fragments, directives and
//! variables, nested and repeated as the bytes say.

use apollo_compiler::Schema;
use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::executable::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use serde_json::{Map, Value};

use super::values::{literal, right, wrong};

/// A request.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) query: String,
    pub(super) variables: Map<String, Value>,
}

/// Makes one request.
pub(super) struct Maker<'a> {
    schema: &'a Schema,
    bytes: &'a [u8],
    at: usize,
    /// Fields that are never asked for.
    avoided: &'a [&'a str],
    /// Whether variables may have values that their types do not hold.
    may_be_wrong: bool,
    declared: Vec<String>,
    variables: Map<String, Value>,
    fragments: Vec<String>,
    names: usize,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        bytes: &'a [u8],
        avoided: &'a [&'a str],
        may_be_wrong: bool,
    ) -> Self {
        let (declared, fragments, variables) = (Vec::new(), Vec::new(), Map::new());
        Self { schema, bytes, at: 0, avoided, may_be_wrong, declared, variables, fragments, names: 0 }
    }

    /// The request that the bytes say.
    pub(super) fn make(mut self) -> Made {
        let roots: Vec<_> = self.schema.schema_definition.iter_root_operations().collect();
        let (kind, root) = roots[self.pick(2).min(roots.len() - 1)];
        let deepest = [1, 2, 3, 4, 6, 14][self.pick(6)];
        let selection = self.selection(root.name.as_str(), deepest);
        let declared = self.declared.join(", ");
        let declared = if declared.is_empty() { declared } else { format!("({declared})") };
        let query = format!("{} Q{declared} {selection} {}", kind.name(), self.fragments.join(" "));
        Made { query, variables: self.variables }
    }

    /// The next byte as one of that many ways; the first one when there are no more.
    fn pick(&mut self, ways: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % ways
    }

    fn name(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    fn selection(&mut self, on: &str, deepest: usize) -> String {
        let ExtendedType::Object(object) = &self.schema.types[on] else { return "{ __typename }".to_owned() };
        let is_asked = |field: &&FieldDefinition| !self.avoided.contains(&field.name.as_str());
        let fields: Vec<&FieldDefinition> =
            object.fields.values().map(AsRef::as_ref).filter(is_asked).collect();
        let count = [1, 2, 3, 1, 2, 5, 1, 40][self.pick(8)];
        let mut selected = Vec::new();
        for _ in 0..count {
            if self.at > self.bytes.len() {
                break;
            }
            let field = fields[self.pick(fields.len())];
            let text = self.field(field, deepest);
            let directive = self.directive();
            selected.push(match self.pick(8) {
                6 => format!("... on {on}{directive} {{ {text} }}"),
                7 => {
                    let name = self.name();
                    self.fragments.push(format!("fragment F{name} on {on} {{ {text} }}"));
                    format!("...F{name}{directive} ...F{name}")
                }
                _ => text,
            });
        }
        if selected.is_empty() {
            selected.push("__typename".to_owned());
        }
        format!("{{ {} }}", selected.join(" "))
    }

    fn directive(&mut self) -> String {
        let wanted = ["include", "skip"][self.pick(2)];
        match self.pick(6) {
            4 => format!(" @{wanted}(if: true)"),
            5 => {
                let name = self.declare(&Type::NonNullNamed(apollo_compiler::name!("Boolean")));
                format!(" @{wanted}(if: ${name})")
            }
            _ => String::new(),
        }
    }

    fn field(&mut self, field: &FieldDefinition, deepest: usize) -> String {
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            if argument.is_required() || self.pick(3) == 2 {
                arguments.push(format!("{}: {}", argument.name, self.argument(argument)));
            }
        }
        // A name of its own, so that it meets no other field of that name with other arguments.
        let (alias, arguments) = if arguments.is_empty() {
            (String::new(), String::new())
        } else {
            (format!("a{}: ", self.name()), format!("({})", arguments.join(", ")))
        };
        let below = field.ty.inner_named_type().as_str();
        let selection = match &self.schema.types[below] {
            ExtendedType::Object(_) if deepest > 1 => self.selection(below, deepest - 1),
            ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_) => {
                "{ __typename }".to_owned()
            }
            _ => String::new(),
        };
        let directive = self.directive();
        format!("{alias}{}{arguments}{directive} {selection}", field.name)
    }

    fn argument(&mut self, argument: &InputValueDefinition) -> String {
        match self.pick(4) {
            0 => format!("${}", self.declare(&argument.ty)),
            1 if !argument.ty.is_non_null() => "null".to_owned(),
            _ => {
                let schema = self.schema;
                let value = right(schema, &argument.ty, &mut |ways| self.pick(ways));
                self.with_variable(&argument.ty, &value)
            }
        }
    }

    /// A literal; of an input object, one of whose fields may be a variable.
    fn with_variable(&mut self, ty: &Type, value: &Value) -> String {
        let object = match self.schema.types.get(ty.inner_named_type()) {
            Some(ExtendedType::InputObject(object)) if object.directives.get("oneOf").is_none() => object,
            _ => return literal(self.schema, ty, value),
        };
        let Some(given) = value.as_object() else { return literal(self.schema, ty, value) };
        let mut written = Vec::new();
        let (chosen, field) = object.fields.get_index(self.pick(object.fields.len())).unwrap();
        for (name, value) in given.iter().filter(|(name, _)| name.as_str() != chosen.as_str()) {
            let ty = &object.fields[name.as_str()].ty;
            written.push(format!("{name}: {}", literal(self.schema, ty, value)));
        }
        written.push(format!("{chosen}: ${}", self.declare(&field.ty)));
        format!("{{{}}}", written.join(", "))
    }

    /// Declares a variable and gives it a value, null or none, as far as its type lets it; its name.
    fn declare(&mut self, ty: &Type) -> String {
        let name = format!("v{}", self.name());
        self.declared.push(format!("${name}: {ty}"));
        let schema = self.schema;
        let is_free = self.may_be_wrong || !ty.is_non_null();
        let value = match self.pick(6) {
            3 if is_free => None,
            4 if is_free => Some(Value::Null),
            5 if self.may_be_wrong => wrong(schema, ty),
            _ => Some(right(schema, ty, &mut |ways| self.pick(ways))),
        };
        if let Some(value) = value {
            self.variables.insert(name.clone(), value);
        }
        name
    }
}
