//! The root of a subscription without fragments: the engine looks only at fields that stand there by themselves, and would
//! end a subscription whose field stands in a fragment without an event and without an error.

use std::collections::HashMap;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, FragmentDefinition, Selection};
use async_graphql::{Name, Positioned};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Puts the fields of the fragments at the root in the place of the fragments. The document is valid, so no fragment reaches
/// itself and there is one field in the end.
pub fn flatten(document: &mut ExecutableDocument) {
    let fragments = &document.fragments;
    if let DocumentOperations::Single(operation) = &mut document.operations {
        let items = std::mem::take(&mut operation.node.selection_set.node.items);
        let mut flat = Vec::new();
        gather(items, fragments, &mut flat);
        operation.node.selection_set.node.items = flat;
    }
}

fn gather(items: Vec<Positioned<Selection>>, fragments: &Fragments, flat: &mut Vec<Positioned<Selection>>) {
    for item in items {
        match item.node {
            Selection::Field(_) => flat.push(item),
            Selection::InlineFragment(fragment) => {
                gather(fragment.node.selection_set.node.items, fragments, flat);
            }
            Selection::FragmentSpread(spread) => {
                let found = fragments.get(&spread.node.fragment_name.node);
                let inner = found.map(|found| found.node.selection_set.node.items.clone());
                gather(inner.unwrap_or_default(), fragments, flat);
            }
        }
    }
}
