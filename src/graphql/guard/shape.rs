//! The shape of an operation: how many fields, aliases and levels it has once its fragments are spread.
//!
//! Each fragment is measured once, however often it is spread, and the sums saturate: a small document whose
//! fragments double at each level costs no more than any other.

use std::collections::HashMap;

use apollo_compiler::ast::Value;
use apollo_compiler::executable::{ExecutableDocument, Name, Operation, Selection, SelectionSet};

use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::limits::Limits;

/// The measures of a selection set, or of a whole operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// All fields.
    pub fields: u64,
    /// The fields at the root.
    pub root_fields: u64,
    /// The fields at the root that check a secret.
    pub sign_in_fields: u64,
    /// All aliases.
    pub aliases: u64,
    /// The values in the arguments of all fields, and in them: each field is executed with its own.
    pub literals: u64,
    /// The deepest nesting of fields.
    pub depth: u64,
    /// The deepest nesting of fields and fragments.
    pub levels: u64,
    /// True when the schema itself is asked for.
    pub introspects: bool,
}

/// The shape of one operation and the fragments that it reaches.
#[derive(Debug)]
pub struct Measured<'a> {
    /// The shape of the operation.
    pub shape: Shape,
    /// The fragments that the operation reaches.
    pub fragments: Vec<&'a Name>,
}

/// Measures an operation of a valid document.
pub fn measure<'a>(
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    limits: &'a Limits,
) -> Measured<'a> {
    let mut measuring = Measuring { document, limits, fragments: HashMap::new() };
    let shape = measuring.selection_set(&operation.selection_set);
    Measured { shape, fragments: measuring.fragments.into_keys().collect() }
}

impl Shape {
    /// Refuses a shape that is above a limit.
    pub fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        let measures = [
            (self.fields, limits.fields, "fields"),
            (self.root_fields, limits.root_fields, "fields at its root"),
            (self.aliases, limits.aliases, "aliases"),
            (self.literals, limits.literals, "values in arguments"),
            (self.depth, limits.depth, "levels of fields"),
            (self.levels, limits.levels, "levels of fields and fragments"),
            (self.sign_in_fields, 1, "field that signs in or checks a code"),
        ];
        for (measured, limit, what) in measures {
            if measured > limit {
                return Err(Refusal::new(
                    RequestCode::QueryTooComplex,
                    format!("The operation is too large: at most {limit} {what} are allowed in a request."),
                ));
            }
        }
        Ok(())
    }

    /// The shape of two selections side by side.
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            sign_in_fields: self.sign_in_fields.saturating_add(other.sign_in_fields),
            aliases: self.aliases.saturating_add(other.aliases),
            literals: self.literals.saturating_add(other.literals),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            introspects: self.introspects || other.introspects,
        }
    }
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    fragments: HashMap<&'a Name, Shape>,
}

impl<'a> Measuring<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet) -> Shape {
        set.selections.iter().fold(Shape::default(), |sum, selection| sum.beside(self.selection(selection)))
    }

    fn selection(&mut self, selection: &'a Selection) -> Shape {
        match selection {
            Selection::Field(field) => {
                let below = self.selection_set(&field.selection_set);
                let introspects = matches!(field.name.as_str(), "__schema" | "__type");
                let is_sign_in = self.limits.sign_in_fields.iter().any(|name| field.name == name.as_str());
                Shape {
                    fields: below.fields.saturating_add(1),
                    root_fields: 1,
                    sign_in_fields: u64::from(is_sign_in),
                    aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
                    literals: field
                        .arguments
                        .iter()
                        .fold(below.literals, |sum, argument| sum.saturating_add(literals(&argument.value))),
                    depth: if introspects { 1 } else { below.depth.saturating_add(1) },
                    levels: below.levels.saturating_add(1),
                    introspects: introspects || below.introspects,
                }
            }
            Selection::InlineFragment(fragment) => {
                let inner = self.selection_set(&fragment.selection_set);
                Shape { levels: inner.levels.saturating_add(1), ..inner }
            }
            Selection::FragmentSpread(spread) => {
                let inner = self.fragment(&spread.fragment_name);
                Shape { levels: inner.levels.saturating_add(1), ..inner }
            }
        }
    }

    /// A valid document has no fragment that spreads itself, so this ends.
    fn fragment(&mut self, name: &Name) -> Shape {
        if let Some(shape) = self.fragments.get(name) {
            return *shape;
        }
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Shape::default();
        };
        let shape = self.selection_set(&fragment.selection_set);
        self.fragments.insert(name, shape);
        shape
    }
}

/// How many values there are in a literal, itself among them. The reader has bounded how deep it is nested.
fn literals(value: &Value) -> u64 {
    let within = match value {
        Value::List(items) => items.iter().map(|item| literals(item)).sum(),
        Value::Object(fields) => fields.iter().map(|(_, field)| literals(field)).sum(),
        _ => 0_u64,
    };
    within.saturating_add(1)
}
