//! Whose rows each way into the schema shows: asked as nobody, as the owner, as a stranger and as an admin.
//!
//! What is somebody else's has to be answered like what never was. Each root field, and each argument that takes an id, has
//! a row in [`ROWS`]; a new one without a row fails the test.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use pennypost::graphql::schema::sdl;
use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

/// The types with an id of their own.
const NODES: &[&str] =
    &["Account", "Category", "ConnectedAccount", "Email", "Extraction", "Job", "Transaction", "User"];

/// How a way into the schema is asked.
#[derive(Clone, Copy)]
enum Way {
    /// By the id of an object of one of these types, which an admin finds like its owner.
    Id(&'static [&'static str]),
    /// By such an id among the viewer's own rows, for an admin too.
    OwnId(&'static [&'static str]),
    /// Not by an id: a list, of which an admin sees everyone's rows.
    List,
    /// Not by an id: it needs a viewer, and is about them.
    Viewer,
    /// By anybody.
    Public,
}
use Way::{Id, List, OwnId, Public, Viewer};

/// (the way: a type, its field, the argument and what it holds; how it is asked; with what).
#[rustfmt::skip]
const ROWS: &[(&str, Way, &str)] = &[
    ("Query.me", Viewer, "{ me { id } }"),
    ("Query.node.id", Id(NODES), "query ($id: ID!) { node(id: $id) { __typename id } }"),
    ("Query.nodes.ids", Id(NODES), "query ($id: ID!) { nodes(ids: [$id, $id]) { __typename id } }"),
    ("Query.account.id", Id(&["Account"]), "query ($id: ID!) { account(id: $id) { id name } }"),
    ("Query.category.id", Id(&["Category"]), "query ($id: ID!) { category(id: $id) { id name parent { id } } }"),
    ("Query.connectedAccount.id", Id(&["ConnectedAccount"]), "query ($id: ID!) { connectedAccount(id: $id) { id address } }"),
    ("Query.email.id", Id(&["Email"]), "query ($id: ID!) { email(id: $id) { id transactions { totalCount nodes { id } } } }"),
    ("Query.job.id", Id(&["Job"]), "query ($id: ID!) { job(id: $id) { id user { id } events { totalCount nodes { version } } } }"),
    ("Query.transaction.id", Id(&["Transaction"]), "query ($id: ID!) { transaction(id: $id) { id account { id } category { id }
        email { id } extraction { id } job { id } } }"),
    ("Query.accounts", List, "{ accounts(first: 100) { nodes { id } } }"),
    ("Query.accounts.userId", Id(&["User"]), "query ($id: ID) { accounts(userId: $id) { totalCount nodes { id } } }"),
    ("Query.categories", List, "{ categories(first: 100) { nodes { id } } }"),
    ("Query.categories.userId", Id(&["User"]), "query ($id: ID) { categories(userId: $id) { totalCount nodes { id } } }"),
    ("Query.connectedAccounts", List, "{ connectedAccounts(first: 100) { nodes { id } } }"),
    ("Query.connectedAccounts.userId", Id(&["User"]), "query ($id: ID) { connectedAccounts(userId: $id) { totalCount nodes { id } } }"),
    ("Query.emails", List, "{ emails(first: 100) { nodes { id } } }"),
    ("Query.emails.userId", Id(&["User"]), "query ($id: ID) { emails(userId: $id) { totalCount nodes { id } } }"),
    ("Query.emails.filter.connectedAccountIds", Id(&["ConnectedAccount"]), "query ($id: ID!) {
        emails(filter: { connectedAccountIds: [$id] }) { totalCount nodes { id } } }"),
    ("Query.jobs", List, "{ jobs(first: 100) { nodes { id } } }"),
    ("Query.jobs.filter.userId", Id(&["User"]), "query ($id: ID) { jobs(filter: { userId: $id }) { totalCount nodes { id } } }"),
    ("Query.transactions", List, "{ transactions(first: 100) { nodes { id } } }"),
    ("Query.transactions.userId", Id(&["User"]), "query ($id: ID) { transactions(userId: $id) { totalCount nodes { id } } }"),
    ("Query.transactions.filter.accountIds", Id(&["Account"]), "query ($id: ID!) {
        transactions(filter: { accountIds: [$id] }) { totalCount nodes { id } } }"),
    ("Query.transactions.filter.categoryIds", Id(&["Category"]), "query ($id: ID!) {
        transactions(filter: { categoryIds: [$id] }) { totalCount nodes { id } } }"),
    ("User.emails.filter.connectedAccountIds", OwnId(&["ConnectedAccount"]), "query ($id: ID!) {
        me { emails(filter: { connectedAccountIds: [$id] }) { totalCount nodes { id } } } }"),
    ("User.jobs.filter.userId", OwnId(&["User"]), "query ($id: ID) { me { jobs(filter: { userId: $id }) { totalCount nodes { id } } } }"),
    ("User.transactions.filter.accountIds", OwnId(&["Account"]), "query ($id: ID!) {
        me { transactions(filter: { accountIds: [$id] }) { totalCount nodes { id } } } }"),
    ("User.transactions.filter.categoryIds", OwnId(&["Category"]), "query ($id: ID!) {
        me { transactions(filter: { categoryIds: [$id] }) { totalCount nodes { id } } } }"),
    ("Mutation.register", Public, "mutation { register(input: { username: \"x\", email: \"x\", password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.login", Public, "mutation { login(input: { login: \"x\", password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.createConnectedAccount", Viewer, "mutation { createConnectedAccount(input: { provider: DEMO }) { userErrors { code } } }"),
    ("Mutation.fetchEmails.input.source.connectedAccountId", Id(&["ConnectedAccount"]), "mutation ($id: ID!) {
        fetchEmails(input: { source: { connectedAccountId: $id } }) { job { id } userErrors { code field message } } }"),
    ("Mutation.extractEmails.input.userId", Id(&["User"]), "mutation ($id: ID) {
        extractEmails(input: { userId: $id }) { job { id } userErrors { code field message } } }"),
];

/// The ids in an argument of that type, by way of its input objects.
fn id_paths(schema: &Schema, path: &str, ty: &Type, above: &[&str]) -> Vec<String> {
    let name = ty.inner_named_type().as_str();
    if name == "ID" {
        return vec![path.to_owned()];
    }
    let Some(ExtendedType::InputObject(input)) = schema.types.get(name) else { return Vec::new() };
    if above.contains(&name) {
        return Vec::new();
    }
    let above = [above, &[name]].concat();
    let fields = input.fields.iter();
    fields
        .flat_map(|(field, definition)| id_paths(schema, &format!("{path}.{field}"), &definition.ty, &above))
        .collect()
}

/// Every root field, and every argument that takes an id.
fn ways(schema: &Schema) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut roots, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let definition = &schema.schema_definition;
    let is_root = |name: &str| definition.iter_root_operations().any(|(_, root)| root.name.as_str() == name);
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        let ExtendedType::Object(object) = ty else { continue };
        for (field, definition) in &object.fields {
            let path = format!("{name}.{field}");
            for argument in &definition.arguments {
                ids.extend(id_paths(schema, &format!("{path}.{}", argument.name), &argument.ty, &[]));
            }
            if is_root(name) {
                roots.insert(path);
            }
        }
    }
    (roots, ids)
}

#[test]
fn every_root_field_and_every_argument_that_takes_an_id_has_a_row() {
    let schema = Schema::parse_and_validate(sdl().unwrap(), "schema.graphql").unwrap();
    let (roots, ids) = ways(&schema);
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
    let implements = |(name, ty): (&apollo_compiler::Name, &ExtendedType)| match ty {
        ExtendedType::Object(object) if object.implements_interfaces.contains("Node") => {
            Some(name.to_string())
        }
        _ => None,
    };
    let nodes: BTreeSet<String> = schema.types.iter().filter_map(implements).collect();
    assert_eq!(nodes, NODES.iter().map(ToString::to_string).collect(), "types with an id");
}

/// One id of each type that is the person's.
async fn ids_of(person: &Person<'_>) -> BTreeMap<&'static str, Value> {
    let query = "{ me { id accounts(first: 1) { nodes { id } } connectedAccounts(first: 1) { nodes { id } }
        emails(filter: { extractionStatus: [COMPLETED] }, first: 1) { nodes { id } } jobs(first: 1) { nodes { id } }
        transactions(first: 1) { nodes { id account { id } category { id } extraction { id } } } } }";
    let data = person.data(query, json!({})).await;
    let (me, transaction) = (&data["me"], &data["me"]["transactions"]["nodes"][0]);
    let first = |list: &str| me[list]["nodes"][0]["id"].clone();
    let ids = BTreeMap::from([
        ("Account", transaction["account"]["id"].clone()),
        ("Category", transaction["category"]["id"].clone()),
        ("ConnectedAccount", first("connectedAccounts")),
        ("Email", first("emails")),
        ("Extraction", transaction["extraction"]["id"].clone()),
        ("Job", first("jobs")),
        ("Transaction", transaction["id"].clone()),
        ("User", me["id"].clone()),
    ]);
    assert!(ids.values().all(Value::is_string) && ids.keys().eq(NODES), "{ids:?}");
    ids
}

/// An id of the same type that never was anybody's.
fn never(id: &Value) -> Value {
    let id = id.as_str().unwrap();
    let (start, end) = id.split_at(12);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    json!(format!("{start}{other}{}", &end[1..]))
}

/// Who asks.
struct People<'a> {
    nobody: Person<'a>,
    owner: Person<'a>,
    stranger: Person<'a>,
    admin: Person<'a>,
}

impl People<'_> {
    async fn needs_a_viewer(&self, path: &str, query: &str, variables: Value) {
        assert_eq!(self.nobody.error_code(query, variables).await, "UNAUTHENTICATED", "{path}");
    }

    /// Asks by `id`, which is the owner's.
    async fn ask_by_id(&self, test: &TestApp, path: &str, query: &str, id: &Value, is_own_only: bool) {
        let (theirs, none) = (json!({ "id": id }), json!({ "id": never(id) }));
        self.needs_a_viewer(path, query, theirs.clone()).await;
        let jobs = "SELECT count(*) AS number FROM jobs";
        let before = test.number(jobs).await;
        let strange = self.stranger.ask(query, theirs.clone()).await;
        assert_eq!(strange, self.stranger.ask(query, none.clone()).await, "{path}: a stranger can tell");
        assert_eq!(test.number(jobs).await, before, "{path}: a stranger started a job");
        let own = self.owner.ask(query, theirs.clone()).await;
        assert_eq!(own.get("errors"), None, "{path}: {own}");
        assert_ne!(own, self.owner.ask(query, none.clone()).await, "{path}: the owner sees nothing");
        let admins = self.admin.ask(query, theirs).await;
        let expected = if is_own_only { self.admin.ask(query, none).await } else { own };
        assert_eq!(admins, expected, "{path}: as an admin");
    }

    /// Asks for a list: everybody sees their own, and an admin both.
    async fn ask_for_a_list(&self, path: &str, query: &str) {
        self.needs_a_viewer(path, query, json!({})).await;
        let own = ids_in(&self.owner.data(query, json!({})).await);
        let strange = ids_in(&self.stranger.data(query, json!({})).await);
        assert!(!own.is_empty() && !strange.is_empty(), "{path}: {own:?} {strange:?}");
        assert!(own.is_disjoint(&strange), "{path}: a stranger sees the owner's rows");
        let everyones = ids_in(&self.admin.data(query, json!({})).await);
        assert!(!own.is_disjoint(&everyones), "{path}: an admin sees nothing of the owner's");
        assert!(!strange.is_disjoint(&everyones), "{path}: an admin sees nothing of the stranger's");
    }
}

/// The ids of the one list of an answer.
fn ids_in(data: &Value) -> BTreeSet<String> {
    let lists = data.as_object().unwrap().values();
    let nodes = lists.flat_map(|list| list["nodes"].as_array().unwrap());
    nodes.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_answered_like_what_never_was() {
    let test = TestApp::start().await;
    let (owner, stranger) = (test.register("ana").await, test.register("bob").await);
    owner.fetch_demo().await;
    stranger.fetch_demo().await;
    test.run_jobs().await;
    let admin = test.register_admin("root").await;
    let ids = ids_of(&owner).await;
    let people = People { nobody: test.nobody(), owner, stranger, admin };
    for (path, way, query) in ROWS {
        match way {
            Id(types) | OwnId(types) => {
                for id in types.iter().map(|name| &ids[name]) {
                    people.ask_by_id(&test, path, query, id, matches!(way, OwnId(_))).await;
                }
            }
            List => people.ask_for_a_list(path, query).await,
            Viewer => people.needs_a_viewer(path, query, json!({})).await,
            Public => assert!(people.nobody.ask(query, json!({})).await.get("errors").is_none(), "{path}"),
        }
    }
    for person in [&people.owner, &people.stranger, &people.admin] {
        assert_eq!(person.data("{ me { id } }", json!({})).await["me"]["id"], person.id);
    }
    test.run_jobs().await;
    test.finish().await;
}
