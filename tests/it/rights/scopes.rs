//! What each root field needs of an API token: what its kind needs, and a few what no token gives.

use serde_json::{Value, json};

use crate::rights::digest::{assert_unchanged, digest};
use crate::rights::matrix::{ROWS, Way};
use crate::rights::people::{People, never};
use crate::rights::printed::{printed, roots};
use crate::rights::scene::{self, holder};
use crate::support::app::{Person, TestApp};

/// The mutations that need INGEST, and not WRITE.
const INGEST: [&str; 2] = ["Mutation.extractEmails", "Mutation.fetchEmails"];

/// The mutations that need a session: no token may ever use them.
const SESSION: [&str; 7] = [
    "Mutation.changePassword",
    "Mutation.createApiToken",
    "Mutation.deleteUser",
    "Mutation.logout",
    "Mutation.logoutEverywhere",
    "Mutation.revokeApiToken",
    "Mutation.revokeSession",
];

/// The scopes of the tokens that ask. What needs ADMIN is for admins: nobody else gets such a token.
const USERS_TOKENS: [&[&str]; 4] = [&["READ"], &["WRITE"], &["INGEST"], &["READ", "WRITE", "INGEST"]];
const ADMINS_TOKENS: [&[&str]; 4] =
    [&["READ", "ADMIN"], &["WRITE", "ADMIN"], &["INGEST", "ADMIN"], &["READ", "WRITE", "INGEST", "ADMIN"]];

/// Somebody's token.
struct Token<'a> {
    scopes: &'static [&'static str],
    holder: Person<'a>,
}

/// A root field as it is asked.
struct Root<'a> {
    path: &'a str,
    way: Way,
    query: &'static str,
}

impl Root<'_> {
    /// The row of a root field.
    fn of(path: &str) -> Root<'_> {
        let is_of = |row: &str| row == path || row.starts_with(&format!("{path}."));
        let row = ROWS.iter().find(|(row, ..)| is_of(row));
        let (_, way, query) = row.unwrap_or_else(|| panic!("{path} has no row"));
        Root { path, way: *way, query }
    }

    fn is_mutation(&self) -> bool {
        self.path.starts_with("Mutation.")
    }

    /// True for what a token with these scopes may do.
    fn is_open_to(&self, scopes: &[&str]) -> bool {
        let has = |scope| scopes.contains(&scope);
        let is_for_admins = matches!(self.way, Way::Admins | Way::AdminsAbout | Way::EveryonesEvents);
        let has_kind = if SESSION.contains(&self.path) {
            false
        } else if INGEST.contains(&self.path) {
            has("INGEST")
        } else if self.is_mutation() {
            has("WRITE")
        } else {
            has("READ") || has("WRITE")
        };
        has_kind && (has("ADMIN") || !is_for_admins)
    }

    /// What it is asked with: an id of one's own, or for a mutation, which is to change nothing, one that never was.
    fn variables(&self, people: &People<'_>, person: &str) -> Value {
        let of = match self.way {
            Way::Id(types) | Way::OwnId(types) => types[0],
            Way::AdminsAbout => "User",
            _ => return json!({}),
        };
        let id = &people.ids[person][of];
        json!({ "id": if self.is_mutation() { never(id) } else { id.clone() } })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_what_its_kind_of_root_field_needs_and_nothing_else() {
    let test = scene::start().await;
    let stop = scene::tell_of_jobs(&test);
    let people = scene::people(&test).await;
    let mut tokens = Vec::new();
    for (person, kinds) in
        [(&people.owner, USERS_TOKENS), (&people.admin, USERS_TOKENS), (&people.admin, ADMINS_TOKENS)]
    {
        for scopes in kinds {
            tokens.push(Token { scopes, holder: holder(&test, person, scopes).await });
        }
    }
    let schema = printed();
    let roots = roots(&schema);
    let gone = INGEST.iter().chain(&SESSION).find(|path| !roots.contains(**path));
    assert_eq!(gone, None, "rules about nothing");
    for path in &roots {
        ask(&test, &people, &Root::of(path), &tokens).await;
    }
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}

/// Asks by each token: those that may not change nothing, and those that may and only read are answered like their owner's session.
async fn ask(test: &TestApp, people: &People<'_>, root: &Root<'_>, tokens: &[Token<'_>]) {
    let path = root.path;
    let (open, shut): (Vec<_>, Vec<_>) = tokens.iter().partition(|token| root.is_open_to(token.scopes));
    assert!(
        open.is_empty() == SESSION.contains(&path) && !shut.is_empty(),
        "{path}: for no token, or for each"
    );
    let before = digest(test).await;
    for token in shut {
        let variables = root.variables(people, &token.holder.id);
        let answer = people.answer(&token.holder, root.query, &variables).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{path} by {:?}: {answer}",
            token.scopes
        );
        assert!(answer["data"].is_null(), "{path} by {:?}: {answer}", token.scopes);
    }
    assert_unchanged(test, &before, path).await;
    for token in open {
        let variables = root.variables(people, &token.holder.id);
        let answer = people.answer(&token.holder, root.query, &variables).await;
        assert!(answer.get("errors").is_none(), "{path} by {:?}: {answer}", token.scopes);
        let owner = if token.holder.id == people.owner.id { &people.owner } else { &people.admin };
        let is_alike = token.holder.id == people.owner.id || token.scopes.contains(&"ADMIN");
        if is_alike && !root.is_mutation() {
            let expected = people.answer(owner, root.query, &variables).await;
            assert_eq!(answer, expected, "{path} by {:?}: like a session", token.scopes);
        }
    }
}
