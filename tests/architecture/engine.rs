//! Which names of async-graphql a file may use: its Schema, Request and Response are behind the engine.

/// What the engine keeps to itself.
const BEHIND_THE_ENGINE: [&str; 5] = ["Schema", "SchemaBuilder", "Request", "Response", "BatchRequest"];

/// What is wrong with the use of `target`, a path into async-graphql, in the file at `path` below `src/`.
pub fn complaint(path: &str, target: &[String]) -> Option<String> {
    let name = target.first().map_or("*", String::as_str);
    if name == "extensions" {
        return Some("an extension of async-graphql, even an empty one, makes each field slower".to_owned());
    }
    let is_engine = path == "graphql/engine.rs" || path.starts_with("graphql/engine/");
    // The roots are put together there, into a builder that goes to the engine.
    let is_builder = path == "graphql/schema.rs" && ["Schema", "SchemaBuilder"].contains(&name);
    let is_kept = name == "*" || BEHIND_THE_ENGINE.contains(&name);
    (is_kept && !is_engine && !is_builder)
        .then(|| format!("async_graphql::{name} is for graphql/engine.rs alone"))
}

#[test]
fn what_is_behind_the_engine_is_reported_elsewhere() {
    let uses = "//! Text.\nuse async_graphql::{Context, Response, extensions::Tracing};\nfn f(_: async_graphql::Schema) {}\nuse async_graphql::*;\n";
    let slower = "an extension of async-graphql, even an empty one, makes each field slower";
    assert_eq!(
        super::complaints("graphql/node.rs", uses),
        [
            "src/graphql/node.rs:2: async_graphql::Response is for graphql/engine.rs alone".to_owned(),
            format!("src/graphql/node.rs:2: {slower}"),
            "src/graphql/node.rs:3: async_graphql::Schema is for graphql/engine.rs alone".to_owned(),
            "src/graphql/node.rs:4: async_graphql::* is for graphql/engine.rs alone".to_owned(),
        ]
    );
    assert_eq!(super::complaints("graphql/engine.rs", uses), [format!("src/graphql/engine.rs:2: {slower}")]);
    let building = "//! Text.\nuse async_graphql::{Data, Schema, SchemaBuilder};\n";
    assert!(super::complaints("graphql/schema.rs", building).is_empty());
    let running = "//! Text.\nuse async_graphql::Request;\n";
    assert_eq!(super::complaints("graphql/schema.rs", running).len(), 1);
}
