//! The matrix and the walk leave nothing of the printed schema out.

use std::collections::BTreeSet;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Schema;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::validation::Valid;

use crate::rights::matrix::{NODES, ROWS};
use crate::rights::printed::{ids, nodes, objects, printed, roots, row_fields};
use crate::rights::rows::{JOB_EVENT, TABLES};
use crate::rights::steps::walked;

#[test]
fn every_root_field_and_every_argument_that_takes_an_id_has_a_row() {
    let schema = printed();
    let (roots, ids) = (roots(&schema), ids(&schema));
    assert!(roots.len() > 15 && ids.len() > 15, "{roots:?} {ids:?}");
    let asked: BTreeSet<&str> = ROWS.iter().map(|(path, ..)| *path).collect();
    let begun =
        |root: &String| asked.iter().any(|path| *path == root || path.starts_with(&format!("{root}.")));
    let bare: Vec<_> = roots.iter().filter(|root| !begun(root)).collect();
    assert!(bare.is_empty(), "root fields without a row: {bare:?}");
    let bare: Vec<_> = ids.iter().filter(|path| !asked.contains(path.as_str())).collect();
    assert!(bare.is_empty(), "ids without a row: {bare:?}");
    let gone: Vec<_> = asked.iter().filter(|path| !roots.contains(**path) && !ids.contains(**path)).collect();
    assert!(gone.is_empty(), "rows about nothing: {gone:?}");
    assert!(nodes(&schema).into_iter().eq(NODES.iter().copied()), "types with an id");
    let tables: BTreeSet<&str> = TABLES.iter().map(|(name, ..)| *name).chain([JOB_EVENT]).collect();
    assert!(NODES.iter().copied().eq(tables), "types with a table");
}

#[test]
fn every_field_that_leads_to_rows_is_walked_or_asked_for_by_a_row() {
    let schema = printed();
    let mut asked = walked(&schema);
    assert!(asked.len() > 80, "{asked:?}");
    for (path, _, query) in ROWS {
        let document = ExecutableDocument::parse_and_validate(&schema, *query, "row.graphql");
        let document = document.unwrap_or_else(|error| panic!("{path}: {error}"));
        for operation in document.operations.iter() {
            select(&operation.selection_set, &mut asked);
        }
    }
    let missing: Vec<String> = all(&schema).filter(|field| !asked.contains(field)).collect();
    assert!(missing.is_empty(), "fields that nothing asks for: {missing:?}");
}

fn all(schema: &Valid<Schema>) -> impl Iterator<Item = String> {
    objects(schema)
        .flat_map(|object| row_fields(schema, object).map(|field| format!("{}.{}", object.name, field.name)))
}

fn select(set: &SelectionSet, asked: &mut BTreeSet<String>) {
    for selection in &set.selections {
        let below = match selection {
            Selection::Field(field) => {
                asked.insert(format!("{}.{}", set.ty, field.name));
                &field.selection_set
            }
            Selection::InlineFragment(fragment) => &fragment.selection_set,
            Selection::FragmentSpread(_) => panic!("the rows use no named fragments"),
        };
        select(below, asked);
    }
}
