//! What ARCHITECTURE.md names is there: each place in the tree, and each package.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// The parts of the page in backticks that look like a place in the tree: `a/b`, `a/`, `a/b.rs`. `/a` is one of the API.
fn places(page: &str) -> Vec<&str> {
    let is_place = |text: &&str| {
        text.find('/').is_some_and(|at| at > 0)
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
    };
    let quoted = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter(is_place).collect()
}

fn is_there(place: &str) -> bool {
    let place = place.trim_end_matches('/');
    [format!("src/{place}"), format!("src/{place}.rs"), place.to_owned()]
        .iter()
        .any(|path| root().join(path).exists())
}

#[test]
fn each_place_that_the_page_names_is_in_the_tree() {
    let page = page();
    let places = places(&page);
    assert!(places.len() > 30, "{places:?}");
    let gone: Vec<_> = places.into_iter().filter(|place| !is_there(place)).collect();
    assert!(gone.is_empty(), "named in ARCHITECTURE.md, and not there: {gone:?}");
}

/// The packages that the project set out with. Each is used, or the page says what rules it out.
const STACK: &[&str] = &[
    "async-graphql",
    "async-graphql-axum",
    "axum",
    "tokio",
    "diesel",
    "diesel-async",
    "deadpool",
    "serde",
    "jsonwebtoken",
    "argon2",
    "fred",
    "lettre",
    "yup-oauth2",
    "reqwest",
    "dataloader",
    "tracing",
];

/// The packages that the manifest names. The parts of async-graphql stand in its row.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let sections =
        manifest.split("\n[").filter(|section| section.split(']').next().unwrap().ends_with("dependencies"));
    let lines = sections.flat_map(str::lines).filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    lines.filter(|name| !name.starts_with("async-graphql-")).map(str::to_owned).collect()
}

/// The packages that the page has in its table, row by row.
fn rows(page: &str) -> Vec<&str> {
    let table = page.split("## The packages").nth(1).unwrap();
    let cells = table.lines().filter_map(|row| row.split('|').nth(1));
    // A remark of a package stands in brackets behind it, with commas of its own.
    let names = cells.map(|cell| cell.split('(').next().unwrap_or_default());
    let names = names.flat_map(|cell| cell.split(',').map(str::trim));
    names.filter(|name| !name.is_empty() && *name != "package" && !name.starts_with("---")).collect()
}

#[test]
fn each_package_has_one_row_on_the_page_and_no_row_is_about_nothing() {
    let (page, dependencies) = (page(), dependencies());
    let rows = rows(&page);
    let known = || dependencies.iter().map(String::as_str).chain(STACK.iter().copied());
    let times = |name: &str| rows.iter().filter(|row| **row == name).count();
    let wrong: Vec<_> = known().filter(|name| times(name) != 1).collect();
    assert!(wrong.is_empty(), "without one row in ARCHITECTURE.md: {wrong:?}");
    let gone: Vec<_> = rows.iter().filter(|row| !known().any(|name| name == **row)).collect();
    assert!(gone.is_empty(), "rows in ARCHITECTURE.md about nothing: {gone:?}");
}
