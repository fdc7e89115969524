//! Every field that leads to rows, followed from every row that there is, by everybody: it leads to rows of whoever has the one it
//! hangs on, for an admin too, and to nobody else's.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use serde_json::{Value, json};

use crate::rights::matrix::{ROWS, Way};
use crate::rights::people::People;
use crate::rights::printed::printed;
use crate::rights::rows::Rows;
use crate::rights::scene;
use crate::rights::steps::{Step, steps};
use crate::support::app::Person;

/// The rows that one document is about: what hangs on each of them has a price.
const AT_ONCE: usize = 15;

/// Fields that lead an admin to rows of others than the owner of what they hang on, and why.
const OF_OTHERS: [(&str, &str); 1] =
    [("AuditEntry.actor", "whoever did it to the owner, whom admins may see")];

/// For whoever is no admin, or shows a token that may not act as one.
const NO_ADMIN: bool = false;

/// No field at all.
const NOWHERE: BTreeSet<&str> = BTreeSet::new();

/// The ways that were found, each: from the row (none at the root), by the field and what is below it, to a row.
type Reached = BTreeSet<(String, String, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn every_field_leads_to_rows_of_whoever_has_what_it_hangs_on() {
    let test = scene::start().await;
    let people = scene::people(&test).await;
    let (schema, rows) = (printed(), &people.rows);
    let of_owner = walk(&schema, rows, &people.owner, NO_ADMIN).await;
    let of_stranger = walk(&schema, rows, &people.stranger, NO_ADMIN).await;
    let of_token = walk(&schema, rows, &people.admins_token, NO_ADMIN).await;
    let users =
        [(&people.owner, &of_owner), (&people.stranger, &of_stranger), (&people.admins_token, &of_token)];
    let strange = users.into_iter().flat_map(|(person, reached)| of_others(rows, person, reached));
    assert_eq!(paths(strange), NOWHERE, "lead a user to rows of others");
    for (_, reached) in users {
        leads_everywhere(steps(&schema).filter(|step| !is_for_admins(step)), reached);
    }
    let by_token = walk(&schema, rows, &people.strangers_token, NO_ADMIN).await;
    assert_eq!(differences(&by_token, &of_stranger), NOWHERE, "differ for a token");
    let of_admin = walk(&schema, rows, &people.admin, true).await;
    leads_everywhere(steps(&schema).filter(is_for_admins), &of_admin);
    check_an_admin(&people, &of_admin, &of_owner);
    test.run_jobs().await;
    test.finish().await;
}

/// What an admin finds under the owner's rows is what the owner finds there; under their own, their own.
fn check_an_admin(people: &People<'_>, of_admin: &Reached, of_owner: &Reached) {
    let rows = &people.rows;
    let is_of_others = |path: &str| OF_OTHERS.iter().any(|(of, _)| *of == path);
    let under = |reached: &Reached, of: &Person<'_>| -> Reached {
        let hangs = |parent: &str| !parent.is_empty() && rows.owner(parent) == of.id;
        let kept = reached.iter().filter(|(parent, path, _)| hangs(parent) && !is_of_others(path));
        kept.cloned().collect()
    };
    let (seen, own) = (under(of_admin, &people.owner), under(of_owner, &people.owner));
    assert_eq!(differences(&seen, &own), NOWHERE, "differ under the owner's rows for an admin");
    let below_own = under(of_admin, &people.admin);
    let strange = of_others(rows, &people.admin, &below_own);
    assert_eq!(paths(strange), NOWHERE, "lead an admin from their own rows to others'");
    for (_, path, id) in of_admin.iter().filter(|(parent, path, _)| parent.is_empty() && path == "Query.me") {
        assert_eq!(*id, people.admin.id, "{path}");
    }
    for (path, why) in OF_OTHERS {
        let leads = |(parent, of, id): &(String, String, String)| of == path && rows.owner(parent) != id;
        assert!(of_admin.iter().any(leads), "{path} is no exception, for {why}");
    }
}

/// What was found that is not the person's own.
fn of_others<'a>(
    rows: &'a Rows,
    person: &'a Person<'_>,
    reached: &'a Reached,
) -> impl Iterator<Item = &'a (String, String, String)> {
    reached.iter().filter(|(.., id)| rows.owner(id) != person.id)
}

/// Fails, and names the fields, unless something was found in each.
fn leads_everywhere<'a>(asked: impl Iterator<Item = Step<'a>>, reached: &Reached) {
    let found: BTreeSet<&str> = reached.iter().map(|(_, path, _)| path.as_str()).collect();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for step in asked {
        wanted.extend(step.leaves.iter().map(|leaf| format!("{}.{}{leaf}", step.of, step.field.name)));
    }
    wanted.retain(|path| !found.contains(path.as_str()));
    assert!(wanted.is_empty(), "fields that led nowhere: {wanted:?}");
}

/// The ways that are in one and not in the other.
fn differences<'a>(one: &'a Reached, other: &'a Reached) -> BTreeSet<&'a str> {
    paths(one.symmetric_difference(other))
}

fn paths<'a>(reached: impl Iterator<Item = &'a (String, String, String)>) -> BTreeSet<&'a str> {
    reached.map(|(_, path, _)| path.as_str()).collect()
}

/// True for a field of the query root that is for admins alone.
fn is_for_admins(step: &Step<'_>) -> bool {
    let path = format!("{}.{}", step.of, step.field.name);
    ROWS.iter().any(|(of, way, _)| *of == path && matches!(way, Way::Admins))
}

/// Everything that a person finds, from the root and from each row of whomever.
async fn walk(schema: &Schema, rows: &Rows, person: &Person<'_>, is_admin: bool) -> Reached {
    let mut reached = Reached::new();
    for step in steps(schema) {
        let path = format!("{}.{}", step.of, step.field.name);
        for call in &step.calls {
            if !is_admin && is_for_admins(&step) {
                let query = format!("{{ found: {call} }}");
                assert_eq!(person.error_code(&query, json!({})).await, "FORBIDDEN", "{query}");
            } else if step.of == "Query" {
                let data = person.data(&format!("{{ found: {call} }}"), json!({})).await;
                collect(&data["found"], "", &path, &mut reached);
            }
            for ids in rows.ids(step.of).chunks(AT_ONCE) {
                for object in found_by_ids(person, &step, call, ids).await {
                    let id = object["id"].as_str().unwrap();
                    reached.insert((id.to_owned(), format!("{} by its id", step.of), id.to_owned()));
                    collect(&object["found"], id, &path, &mut reached);
                }
            }
        }
    }
    reached
}

/// The objects with those ids that a person may see, with what a field of theirs leads to.
async fn found_by_ids(person: &Person<'_>, step: &Step<'_>, call: &str, ids: &[String]) -> Vec<Value> {
    let of = step.of;
    let query =
        format!("query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {of} {{ id found: {call} }} }} }}");
    let mut data = person.data(&query, json!({ "ids": ids })).await;
    let Value::Array(objects) = data["nodes"].take() else { panic!("{data}") };
    objects.into_iter().filter(|object| !object.is_null()).collect()
}

/// The ids below `value`, with the fields on the way.
fn collect(value: &Value, parent: &str, path: &str, reached: &mut Reached) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, parent, path, reached)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(id) => drop(reached.insert((parent.to_owned(), path.to_owned(), id.to_owned()))),
                    None => collect(value, parent, &format!("{path}.{name}"), reached),
                }
            }
        }
        _ => {}
    }
}
