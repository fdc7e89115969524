//! Each list takes a number of statements that its length does not change, with everything that hangs on its rows.

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use serde_json::json;

use crate::rights::printed::{object, printed};
use crate::support::app::{Person, TestApp};
use crate::support::statements;

/// What hangs on the rows of these lists and is read for one row at a time: the lists of a user, of which only an admin sees several.
const ONE_BY_ONE: [&str; 1] = ["users"];

/// Fields that are no objects, and take a statement all the same.
const READ: [&str; 1] = ["text"];

/// More statements than any list takes, and fewer than one for each of its rows.
const ROWS: usize = 40;

/// A list, and what is asked of it.
struct List {
    name: String,
    selection: String,
    /// The most statements that it may take.
    most: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_takes_as_many_statements_for_many_rows_as_for_few() {
    statements::watch();
    // What a caller may ask for would not hold forty rows with all that hangs on them.
    let change = |app: &mut pennypost::app::App| {
        app.config.limits.complexity = 1_000_000;
        app.config.cost_capacity = 1_000_000_000;
    };
    let test = TestApp::start_with(change).await;
    let (ana, chief) = (test.register("ana").await, test.register_admin("chief").await);
    ana.fetch_demo().await;
    test.run_jobs().await;
    for number in 0..ROWS {
        ana.account(&format!("Account {number}"), "EUR").await;
        ana.category(&format!("Category {number}"), "EXPENSE").await;
        test.sign_in("ana").await;
    }
    // Ended jobs like the ones that ran, so that there are as many as of everything else.
    test.execute(&format!(
        "INSERT INTO jobs SELECT (jsonb_populate_record(job, jsonb_build_object('id', gen_random_uuid(), 'version', 1))).*
         FROM jobs job, generate_series(1, {ROWS}) WHERE kind = 'EXTRACT_EMAILS' AND state = 'SUCCESS'"
    ))
    .await;
    let schema = printed();
    let (own, roots) = (lists(&schema, "User"), lists(&schema, "Query"));
    assert!(own.len() >= 12 && roots.len() >= 10, "{} {}", own.len(), roots.len());
    let mut long = 0;
    for list in &own {
        long += usize::from(check(&test, &ana, list, |inner| format!("{{ me {{ {inner} }} }}"), "/me").await);
    }
    for list in &roots {
        long += usize::from(check(&test, &chief, list, |inner| format!("{{ {inner} }}"), "").await);
    }
    assert!(long >= 16, "{long} lists have {ROWS} rows");
    test.finish().await;
}

/// Asks for some rows; true when there were as many as were asked for.
async fn check(
    test: &TestApp,
    person: &Person<'_>,
    list: &List,
    whole: impl Fn(&str) -> String,
    above: &str,
) -> bool {
    let List { name, selection, most } = list;
    let query = whole(&format!("{name}(first: {ROWS}) {{ totalCount nodes {{ {selection} }} }}"));
    // Who asks is found out once every few seconds, whatever is asked.
    person.data("{ __typename }", json!({})).await;
    test.take_statements();
    let data = person.data(&query, json!({})).await;
    let sent = test.take_statements();
    let rows = data.pointer(&format!("{above}/{name}/nodes")).unwrap().as_array().unwrap().len();
    assert!(sent.len() <= *most, "{} statements for {rows} rows of {query}: {sent:#?}", sent.len());
    rows == ROWS
}

/// The lists of a type, each with all that hangs on its rows.
fn lists(schema: &Schema, of: &str) -> Vec<List> {
    let fields = object(schema, of).unwrap().fields.values();
    let fields = fields.filter(|field| !ONE_BY_ONE.contains(&field.name.as_str()));
    let connections = fields.filter(|field| is_connection(field) && !needs_arguments(field));
    connections.map(|field| list(schema, field)).collect()
}

fn list(schema: &Schema, field: &FieldDefinition) -> List {
    let node = field.ty.inner_named_type().strip_suffix("Connection").unwrap();
    let node = object(schema, node).unwrap();
    // The page and the count; `me`; and BEGIN and COMMIT around what is written down.
    let (mut selection, mut most) = ("__typename".to_owned(), 5);
    for field in node.fields.values().filter(|field| !needs_arguments(field)) {
        if is_connection(field) {
            write!(selection, " {}(first: 2) {{ totalCount nodes {{ __typename }} }}", field.name).unwrap();
            most += 3;
        } else if READ.contains(&field.name.as_str()) {
            write!(selection, " {}", field.name).unwrap();
            most += 2;
        } else if object(schema, field.ty.inner_named_type()).is_some() {
            write!(selection, " {} {{ __typename }}", field.name).unwrap();
            most += 2;
        }
    }
    assert!(most < ROWS, "{selection}");
    List { name: field.name.to_string(), selection, most }
}

fn is_connection(field: &FieldDefinition) -> bool {
    field.ty.inner_named_type().ends_with("Connection")
}

fn needs_arguments(field: &FieldDefinition) -> bool {
    field.arguments.iter().any(|argument| argument.is_required())
}
