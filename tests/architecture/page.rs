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

#[test]
fn each_package_has_its_place_on_the_page() {
    let (page, manifest) = (page(), fs::read_to_string(root().join("Cargo.toml")).unwrap());
    let table = page.split("## The packages").nth(1).unwrap();
    let sections =
        manifest.split("\n[").filter(|section| section.split(']').next().unwrap().ends_with("dependencies"));
    let lines = sections.flat_map(str::lines).filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    // The parts of async-graphql stand in its row.
    let missing: Vec<_> = lines
        .filter(|name| !name.starts_with("async-graphql-"))
        .filter(|name| !table.lines().any(|row| row.split('|').nth(1).is_some_and(|cell| names(cell, name))))
        .collect();
    assert!(missing.is_empty(), "without a row in ARCHITECTURE.md: {missing:?}");
}

/// True when a cell of the table is about that package, alone or with others.
fn names(cell: &str, package: &str) -> bool {
    cell.split(',').any(|part| part.split('(').next().unwrap_or_default().trim() == package)
}
