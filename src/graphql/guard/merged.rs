//! An operation as it is executed: what is skipped is gone, fragments stand in the place of their spreads, and what is asked for
//! twice is asked for once, as `CollectFields` and `MergeSelectionSets` of the specification would do it for each object anew.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use apollo_compiler::Schema;
use apollo_compiler::response::{JsonMap, JsonValue};
use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection, SelectionSet,
    TypeCondition,
};
use async_graphql_value::Value;

/// An operation without spreads and without conditions.
pub struct Merged {
    /// The operation.
    pub operation: OperationDefinition,
    /// True when no two answers that lead to something have one name, whatever an abstract type turns out to be.
    pub asks_once: bool,
}

/// An operation of a valid document, with the values of its variables. Its shape is below the limits: what is spread at several
/// places stands at each of them.
pub fn merge<'a>(
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    root: &str,
    variables: &'a JsonMap,
) -> Merged {
    let mut merging = Merging { schema, document, variables, asks_once: true };
    let selection_set = &operation.selection_set;
    let merged = merging.put_together(root, &[&selection_set.node.items]);
    let operation = OperationDefinition {
        ty: operation.ty,
        variable_definitions: operation.variable_definitions.clone(),
        directives: operation.directives.clone(),
        selection_set: Positioned::new(merged, selection_set.pos),
    };
    Merged { operation, asks_once: merging.asks_once }
}

struct Merging<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    asks_once: bool,
}

type Items<'a> = &'a [Positioned<Selection>];

/// What is selected of one object, or of what an abstract type may turn out to be.
#[derive(Default)]
struct Selected<'a> {
    parts: Vec<Part<'a>>,
    /// Where in `parts` the fields stand, by the names of their answers.
    fields: HashMap<&'a str, usize>,
    /// Where in `parts` the fragments stand, by their types.
    fragments: HashMap<&'a str, usize>,
}

/// One part of what is selected, with all the selections below it.
enum Part<'a> {
    /// A field.
    Field(&'a Positioned<Field>, Vec<Items<'a>>),
    /// What is selected where an abstract type turns out to be this one.
    Fragment(&'a Positioned<TypeCondition>, Vec<Items<'a>>),
}

impl<'a> Merging<'a> {
    fn put_together(&mut self, parent: &str, selections: &[Items<'a>]) -> SelectionSet {
        let mut selected = Selected::default();
        for items in selections {
            self.gather(parent, items, &mut selected);
        }
        let has_fragments = !selected.fragments.is_empty();
        let items: Vec<_> = selected.parts.into_iter().map(|part| self.part(parent, part)).collect();
        if has_fragments {
            self.asks_once &= self.each_once(&items);
        }
        SelectionSet { items }
    }

    /// Adds what is selected of `parent`. Of an object it is known which fragments apply; so the engine finds the field of a
    /// subscription, for which it looks into no fragment.
    fn gather(&self, parent: &str, items: Items<'a>, selected: &mut Selected<'a>) {
        for item in items {
            if self.is_skipped(item.node.directives()) {
                continue;
            }
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    selected.add_field(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set)
                }
            };
            let inner = &inner.node.items[..];
            let unknown = condition.filter(|condition| {
                let name = condition.node.on.node.as_str();
                name != parent && !self.schema.is_subtype(name, parent)
            });
            match unknown {
                None => self.gather(parent, inner, selected),
                Some(condition) if !self.is_object(parent) => selected.add_fragment(condition, inner),
                Some(_) => {}
            }
        }
    }

    fn part(&mut self, parent: &str, part: Part<'a>) -> Positioned<Selection> {
        match part {
            Part::Field(field, selections) => {
                let Field { alias, name, arguments, selection_set: given, .. } = &field.node;
                let selection_set = if given.node.items.is_empty() {
                    SelectionSet::default()
                } else {
                    self.put_together(&self.type_of(parent, field), &selections)
                };
                // What leads to nothing any more would be taken for a field that never led to anything.
                self.asks_once &= given.node.items.is_empty() || !selection_set.items.is_empty();
                let merged = Field {
                    alias: alias.clone(),
                    name: name.clone(),
                    arguments: arguments.clone(),
                    directives: Vec::new(),
                    selection_set: Positioned::new(selection_set, given.pos),
                };
                Positioned::new(Selection::Field(Positioned::new(merged, field.pos)), field.pos)
            }
            Part::Fragment(condition, selections) => {
                let merged = InlineFragment {
                    type_condition: Some(condition.clone()),
                    directives: Vec::new(),
                    selection_set: Positioned::new(
                        self.put_together(&condition.node.on.node, &selections),
                        condition.pos,
                    ),
                };
                let pos = condition.pos;
                Positioned::new(Selection::InlineFragment(Positioned::new(merged, pos)), pos)
            }
        }
    }

    /// True when `@skip` or `@include` take the selection out.
    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let skips_when = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.get_argument("if").map(|value| &value.node);
            let holds = match condition {
                Some(Value::Boolean(holds)) => *holds,
                Some(Value::Variable(name)) => {
                    self.variables.get(name.as_str()).and_then(JsonValue::as_bool).unwrap_or_default()
                }
                _ => false,
            };
            holds == skips_when
        })
    }

    fn is_object(&self, name: &str) -> bool {
        self.schema.get_object(name).is_some()
    }

    /// The type of what a field of a valid document leads to.
    fn type_of(&self, parent: &str, field: &Positioned<Field>) -> String {
        let found = self.schema.type_field(parent, &field.node.name.node);
        found.map_or_else(|_| String::new(), |found| found.ty.inner_named_type().to_string())
    }

    /// True when no two fields of an abstract type that lead to something have one name and may be asked of the same object.
    fn each_once(&self, items: &[Positioned<Selection>]) -> bool {
        let (mut of_all, mut of_objects) = (Vec::new(), Vec::new());
        for item in items {
            match &item.node {
                Selection::InlineFragment(fragment)
                    if fragment
                        .node
                        .type_condition
                        .as_ref()
                        .is_some_and(|condition| self.is_object(&condition.node.on.node)) =>
                {
                    leading_on(&fragment.node.selection_set.node.items, &mut of_objects);
                }
                _ => leading_on(std::slice::from_ref(item), &mut of_all),
            }
        }
        let mut seen = HashSet::new();
        of_all.into_iter().all(|name| seen.insert(name))
            && of_objects.into_iter().all(|name| !seen.contains(name))
    }
}

impl<'a> Selected<'a> {
    fn add_field(&mut self, field: &'a Positioned<Field>) {
        let below = &field.node.selection_set.node.items[..];
        match self.fields.entry(field.node.response_key().node.as_str()) {
            Entry::Occupied(place) => add_below(&mut self.parts, *place.get(), below),
            Entry::Vacant(place) => {
                place.insert(self.parts.len());
                self.parts.push(Part::Field(field, vec![below]));
            }
        }
    }

    fn add_fragment(&mut self, condition: &'a Positioned<TypeCondition>, below: Items<'a>) {
        match self.fragments.entry(condition.node.on.node.as_str()) {
            Entry::Occupied(place) => add_below(&mut self.parts, *place.get(), below),
            Entry::Vacant(place) => {
                place.insert(self.parts.len());
                self.parts.push(Part::Fragment(condition, vec![below]));
            }
        }
    }
}

fn add_below<'a>(parts: &mut [Part<'a>], place: usize, below: Items<'a>) {
    if let Some(Part::Field(_, selections) | Part::Fragment(_, selections)) = parts.get_mut(place) {
        selections.push(below);
    }
}

/// Adds the names of the fields that lead to something, whatever fragments they stand in.
fn leading_on<'a>(items: &'a [Positioned<Selection>], names: &mut Vec<&'a str>) {
    for item in items {
        match &item.node {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
            Selection::Field(field) => names.push(field.node.response_key().node.as_str()),
            Selection::InlineFragment(fragment) => {
                leading_on(&fragment.node.selection_set.node.items, names);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
