//! Cursors of another's list: they say a place and nothing of the row that stood there.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rights::people::{People, answer};
use crate::rights::printed::{nodes, objects, printed};
use crate::rights::rows::Rows;
use crate::rights::scene;
use crate::rights::steps::{choices, selection};
use crate::support::app::Person;

/// The rows that one document is about, and of how many of them the lists are turned over.
const AT_ONCE: usize = 15;
/// The arguments that take a cursor.
const CURSORS: [&str; 2] = ["after", "before"];

/// One list in one order.
struct List {
    of: String,
    name: String,
    query: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_anothers_list_is_like_one_to_a_row_that_never_was() {
    let test = scene::start().await;
    let people = scene::people(&test).await;
    let schema = printed();
    let lists = lists(&schema);
    assert!(lists.len() > 25);
    for list in &lists {
        turn_over(&people, list).await;
    }
    test.run_jobs().await;
    test.finish().await;
}

/// Goes through the stranger's list with the owner's cursors, and with those of rows that never were at the same places.
async fn turn_over(people: &People<'_>, list: &List) {
    let (rows, name) = (&people.rows, &list.name);
    let owners = filled(rows, &people.owner, list).await;
    let strangers = filled(rows, &people.stranger, list).await;
    let cursors = cursors_in(&owners);
    assert!(!cursors.is_empty(), "{name}: the owner's list is empty");
    let ids: Vec<&Value> = strangers.iter().map(|(id, _)| id).collect();
    let mut seen = 0;
    for cursor in
        [cursors.first(), cursors.iter().nth(cursors.len() / 2), cursors.last()].into_iter().flatten()
    {
        for argument in CURSORS {
            let ask = |cursor: Value| {
                answer(&people.stranger, &list.query, json!({ "ids": ids, argument: cursor }))
            };
            let strange = ask(json!(cursor)).await;
            assert_eq!(strange.get("errors"), None, "{name}: {argument}: {strange}");
            assert_eq!(
                strange,
                ask(json!(forged(rows, cursor))).await,
                "{name}: {argument}: a stranger can tell"
            );
            let others = rows.of_others(&strange["data"], &people.stranger.id);
            assert_eq!(others, Vec::<&str>::new(), "{name}: {argument}: a stranger sees another's rows");
            seen += edges_in(&strange["data"]);
        }
    }
    assert!(seen > 0, "{name}: no cursor of the owner's had any of the stranger's rows on either side");
}

/// The person's lists that have rows, each with the id of what it hangs on; that is null at the root.
async fn filled(rows: &Rows, person: &Person<'_>, list: &List) -> Vec<(Value, Value)> {
    if list.of == "Query" {
        return vec![(Value::Null, person.data(&list.query, json!({})).await)];
    }
    let own: Vec<&String> = rows.ids(&list.of).iter().filter(|id| rows.owner(id) == person.id).collect();
    let mut filled = Vec::new();
    for ids in own.chunks(AT_ONCE) {
        let data = person.data(&list.query, json!({ "ids": ids })).await;
        let objects = data["nodes"].as_array().unwrap().iter().filter(|object| edges_in(object) > 0);
        filled.extend(objects.map(|object| (object["id"].clone(), object.clone())));
    }
    filled.truncate(AT_ONCE);
    filled
}

/// A cursor to the same place, of a row that never was. One that is a number and no id names no row to begin with.
fn forged(rows: &Rows, cursor: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    if bytes.len() < 16 {
        return cursor.to_owned();
    }
    *bytes.last_mut().unwrap() ^= 1;
    let id: [u8; 16] = *bytes.last_chunk().unwrap();
    assert!(!rows.has(Uuid::from_bytes(id)), "{cursor} is the neighbour of another row");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cursors_in(filled: &[(Value, Value)]) -> BTreeSet<String> {
    let mut cursors = BTreeSet::new();
    let mut below: Vec<&Value> = filled.iter().map(|(_, value)| value).collect();
    while let Some(value) = below.pop() {
        match value {
            Value::Array(values) => below.extend(values),
            Value::Object(fields) => {
                cursors.extend(fields.get("cursor").and_then(Value::as_str).map(str::to_owned));
                below.extend(fields.values());
            }
            _ => {}
        }
    }
    cursors
}

/// How many rows the lists below `value` show.
fn edges_in(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(edges_in).sum(),
        Value::Object(fields) => fields
            .get("edges")
            .map_or_else(|| fields.values().map(edges_in).sum(), |edges| edges.as_array().unwrap().len()),
        _ => 0,
    }
}

/// Every list with cursors, in each of its orders.
fn lists(schema: &Schema) -> Vec<List> {
    let mut lists = Vec::new();
    for object in objects(schema) {
        for field in object.fields.values() {
            let takes = CURSORS.map(|name| field.argument_by_name(name).is_some());
            let is_connection = field.ty.inner_named_type().ends_with("Connection");
            let name = format!("{}.{}", object.name, field.name);
            assert_eq!(
                takes, [is_connection; 2],
                "{name}: a connection takes both cursors, and nothing else one"
            );
            if is_connection {
                let is_known = object.name == "Query" || nodes(schema).contains(object.name.as_str());
                assert!(is_known, "{name}: nobody knows how to get there");
                let orders = choices(schema, field).into_iter();
                lists.extend(orders.map(|order| list(schema, &object.name, field, order)));
            }
        }
    }
    lists
}

fn list(schema: &Schema, of: &str, field: &FieldDefinition, order: Option<(String, String)>) -> List {
    let edge = format!("{}Edge", field.ty.inner_named_type().trim_end_matches("Connection"));
    let edges = selection(schema, &edge).replacen('{', "{ cursor", 1);
    let order = order.map(|(name, value)| format!(", {name}: {value}")).unwrap_or_default();
    let found = format!(
        "found: {}(after: $after, before: $before{order}) {{
            edges {edges} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
        field.name
    );
    let query = if of == "Query" {
        format!("query ($after: String, $before: String) {{ {found} }}")
    } else {
        format!(
            "query ($ids: [ID!]!, $after: String, $before: String) {{ nodes(ids: $ids) {{ ... on {of} {{ id {found} }} }} }}"
        )
    };
    List { of: of.to_owned(), name: format!("{of}.{}{order}", field.name), query }
}
