//! Whose rows each way into the schema shows: asked as nobody, as the owner, as a stranger and as an admin.
//!
//! What is somebody else's has to be answered like what never was. Each root field, and each argument that takes an id, has
//! a row in [`ROWS`]; a new one without a row fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use pennypost::graphql::schema::sdl;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::rights::people::People;
use crate::support::app::{Person, TestApp};

mod people;

/// The types with an id of their own.
const NODES: &[&str] = &[
    "Account",
    "ApiToken",
    "AuditEntry",
    "Category",
    "ConnectedAccount",
    "Email",
    "Extraction",
    "Job",
    "LlmUsage",
    "Session",
    "Sighting",
    "Transaction",
    "User",
];

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
    /// Not by an id: a stream, of the events of the viewer's own jobs, for an admin too.
    OwnEvents,
    /// By admins alone: a stream, of the events of everyone's jobs or of those of the user whom the id names.
    EveryonesEvents,
    /// By admins alone, about no person.
    Admins,
    /// By anybody.
    Public,
}
use Way::{Admins, EveryonesEvents, Id, List, OwnEvents, OwnId, Public, Viewer};

/// (the way: a type, its field, the argument and what it holds; how it is asked; with what).
#[rustfmt::skip]
const ROWS: &[(&str, Way, &str)] = &[
    ("Query.me", Viewer, "{ me { id } }"),
    ("Query.user.id", Id(&["User"]), "query ($id: ID!) { user(id: $id) { id username } }"),
    ("Query.users", List, "{ users(first: 100) { nodes { id } } }"),
    ("Query.statistics", Admins, "{ statistics { transactionCount } }"),
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
    ("Query.auditEntries", List, "{ auditEntries(first: 100) { nodes { id } } }"),
    ("Query.auditEntries.userId", Id(&["User"]), "query ($id: ID) { auditEntries(userId: $id) { totalCount nodes { id subjectId } } }"),
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
    ("Query.extraction.id", Id(&["Extraction"]), "query ($id: ID!) { extraction(id: $id) { id email { id } job { id } } }"),
    ("Query.sighting.id", Id(&["Sighting"]), "query ($id: ID!) { sighting(id: $id) { id draft { amount } email { id } extraction { id }
        transaction { id } } }"),
    ("Query.llmUsage.id", Id(&["LlmUsage"]), "query ($id: ID!) { llmUsage(id: $id) { id email { id } extraction { id } job { id } } }"),
    ("Query.extractions", List, "{ extractions(first: 100, filter: { outcomes: [NOTHING, IN_REVIEW] }) { nodes { id } } }"),
    ("Query.extractions.userId", Id(&["User"]), "query ($id: ID) { extractions(userId: $id) { totalCount nodes { id } } }"),
    ("Query.extractions.filter.emailIds", Id(&["Email"]), "query ($id: ID!) {
        extractions(filter: { emailIds: [$id] }) { totalCount nodes { id } } }"),
    ("Query.sightings", List, "{ sightings(first: 100, filter: { states: [REJECTED] }) { nodes { id } } }"),
    ("Query.sightings.userId", Id(&["User"]), "query ($id: ID) { sightings(userId: $id) { totalCount nodes { id } } }"),
    ("Query.sightings.filter.emailIds", Id(&["Email"]), "query ($id: ID!) {
        sightings(filter: { emailIds: [$id] }) { totalCount nodes { id } } }"),
    ("Query.llmUsages", List, "{ llmUsages(first: 100) { nodes { id } } }"),
    ("Query.llmUsages.userId", Id(&["User"]), "query ($id: ID) { llmUsages(userId: $id) { totalCount nodes { id } } }"),
    ("Query.spending.userId", Id(&["User"]), "query ($id: ID) { spending(userId: $id, period: { from: \"2000-01-01\", to: \"2099-12-31\" }) {
        category { id } spent { amount } transactionCount } }"),
    ("Query.cashFlow.userId", Id(&["User"]), "query ($id: ID) { cashFlow(userId: $id, interval: YEAR,
        period: { from: \"2000-01-01\", to: \"2099-12-31\" }) { startsOn net { amount } transactionCount } }"),
    ("Query.categories.filter.parentIds", Id(&["Category"]), "query ($id: ID!) {
        categories(filter: { parentIds: [$id] }) { totalCount nodes { id } } }"),
    ("User.categories.filter.parentIds", OwnId(&["Category"]), "query ($id: ID!) {
        me { categories(filter: { parentIds: [$id] }) { totalCount nodes { id } } } }"),
    ("User.extractions.filter.emailIds", OwnId(&["Email"]), "query ($id: ID!) {
        me { extractions(filter: { emailIds: [$id] }) { totalCount nodes { id } } } }"),
    ("User.sightings.filter.emailIds", OwnId(&["Email"]), "query ($id: ID!) {
        me { sightings(filter: { emailIds: [$id] }) { totalCount nodes { id } } } }"),
    ("Mutation.register", Public, "mutation { register(input: { username: \"x\", email: \"x\", password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.login", Public, "mutation { login(input: { login: \"x\", password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.refreshSession", Public, "mutation { refreshSession(input: { refreshToken: \"x\" }) { userErrors { code } } }"),
    ("Mutation.requestPasswordReset", Public, "mutation { requestPasswordReset(input: { email: \"x@mail.example\" }) { userErrors { code } } }"),
    ("Mutation.resetPassword", Public, "mutation { resetPassword(input: { email: \"x@mail.example\", code: \"000000\",
        newPassword: \"correct horse battery\" }) { userErrors { code } } }"),
    ("Mutation.changePassword", Viewer, "mutation { changePassword(input: { oldPassword: \"x\", newPassword: \"x\" }) { userErrors { code } } }"),
    ("Mutation.updateUser", Viewer, "mutation { updateUser(input: {}) { userErrors { code } } }"),
    ("Mutation.deleteUser", Viewer, "mutation { deleteUser(input: { password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.logout", Viewer, "mutation { logout { userErrors { code } } }"),
    ("Mutation.logoutEverywhere", Viewer, "mutation { logoutEverywhere { userErrors { code } } }"),
    ("Mutation.setUserRole.input.userId", Admins, "mutation { setUserRole(input: { userId: \"x\", role: USER }) { userErrors { code } } }"),
    ("Mutation.activateUser.input.userId", Admins, "mutation { activateUser(input: { userId: \"x\" }) { userErrors { code } } }"),
    ("Mutation.deactivateUser.input.userId", Admins, "mutation { deactivateUser(input: { userId: \"x\" }) { userErrors { code } } }"),
    ("Mutation.createApiToken", Viewer, "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { userErrors { code } } }"),
    ("Mutation.revokeApiToken.input.apiTokenId", OwnId(&["ApiToken"]), "mutation ($id: ID!) {
        revokeApiToken(input: { apiTokenId: $id }) { apiToken { id } userErrors { code field message } } }"),
    ("Mutation.createConnectedAccount", Viewer, "mutation { createConnectedAccount(input: { provider: DEMO }) { userErrors { code } } }"),
    ("Mutation.fetchEmails.input.source.connectedAccountId", Id(&["ConnectedAccount"]), "mutation ($id: ID!) {
        fetchEmails(input: { source: { connectedAccountId: $id } }) { job { id } userErrors { code field message } } }"),
    ("Mutation.extractEmails.input.userId", Id(&["User"]), "mutation ($id: ID) {
        extractEmails(input: { userId: $id }) { job { id } userErrors { code field message } } }"),
    ("Mutation.createCategory.input.parentId", OwnId(&["Category"]), "mutation ($id: ID!) {
        createCategory(input: { name: \"x\", kind: EXPENSE, parentId: $id }) { userErrors { code field } } }"),
    ("Mutation.updateCategory.input.id", OwnId(&["Category"]), "mutation ($id: ID!) {
        updateCategory(input: { id: $id, icon: \"x\" }) { category { id } userErrors { code field } } }"),
    ("Mutation.updateCategory.input.parentId", OwnId(&["Category"]), "mutation ($id: ID!, $category: ID!) {
        updateCategory(input: { id: $category, parentId: $id }) { userErrors { code field } } }"),
    ("Mutation.deleteCategory.input.id", OwnId(&["Category"]), "mutation ($id: ID!) {
        deleteCategory(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.deleteCategory.input.transactionsTo.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $category: ID!) {
        deleteCategory(input: { id: $category, transactionsTo: { categoryId: $id } }) { userErrors { code field } } }"),
    ("Mutation.deleteCategory.input.childrenTo.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $category: ID!) {
        deleteCategory(input: { id: $category, childrenTo: { categoryId: $id } }) { userErrors { code field } } }"),
    ("Mutation.createAccount", Viewer, "mutation { createAccount(input: { name: \"x\", kind: CASH, currency: \"EUR\" }) { userErrors { code } } }"),
    ("Mutation.updateAccount.input.id", OwnId(&["Account"]), "mutation ($id: ID!) {
        updateAccount(input: { id: $id }) { account { id } userErrors { code field } } }"),
    ("Mutation.deleteAccount.input.id", OwnId(&["Account"]), "mutation ($id: ID!) {
        deleteAccount(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.deleteAccount.input.transactionsTo", OwnId(&["Account"]), "mutation ($id: ID!, $account: ID!) {
        deleteAccount(input: { id: $account, transactionsTo: $id }) { userErrors { code field } } }"),
    ("Mutation.createTransaction.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!) {
        createTransaction(input: { accountId: $id, bookedOn: \"2026-11-01\", amount: \"-1\" }) { userErrors { code field } } }"),
    ("Mutation.createTransaction.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $account: ID!) {
        createTransaction(input: { accountId: $account, categoryId: $id, bookedOn: \"2026-11-01\", amount: \"-1\" }) {
            userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.id", OwnId(&["Transaction"]), "mutation ($id: ID!) {
        updateTransaction(input: { id: $id }) { transaction { id } userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!, $transaction: ID!) {
        updateTransaction(input: { id: $transaction, accountId: $id }) { userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $transaction: ID!) {
        updateTransaction(input: { id: $transaction, categoryId: $id }) { userErrors { code field } } }"),
    ("Mutation.updateConnectedAccount.input.id", OwnId(&["ConnectedAccount"]), "mutation ($id: ID!) {
        updateConnectedAccount(input: { id: $id }) { connectedAccount { id } userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.id", OwnId(&["Sighting"]), "mutation ($id: ID!) {
        acceptSighting(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!, $sighting: ID!) {
        acceptSighting(input: { id: $sighting, accountId: $id }) { userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $sighting: ID!) {
        acceptSighting(input: { id: $sighting, categoryId: $id }) { userErrors { code field } } }"),
    ("Mutation.rejectSighting.input.id", OwnId(&["Sighting"]), "mutation ($id: ID!) {
        rejectSighting(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.extractEmails.input.emailIds", OwnId(&["Email"]), "mutation ($id: ID!) {
        extractEmails(input: { emailIds: [$id] }) { job { state } results { email { id } userErrors { code } } userErrors { code field } } }"),
    ("Mutation.ignoreEmails.input.ids", OwnId(&["Email"]), "mutation ($id: ID!) {
        ignoreEmails(input: { ids: [$id] }) { results { email { id } userErrors { code } } } }"),
    ("Mutation.restoreEmails.input.ids", OwnId(&["Email"]), "mutation ($id: ID!) {
        restoreEmails(input: { ids: [$id] }) { results { email { id } userErrors { code } } } }"),
    ("Mutation.cancelJob.input.jobId", Id(&["Job"]), "mutation ($id: ID!) {
        cancelJob(input: { jobId: $id }) { job { id state user { id } } userErrors { code field message } } }"),
    ("Mutation.retryJob.input.jobId", Id(&["Job"]), "mutation ($id: ID!) {
        retryJob(input: { jobId: $id }) { job { id state user { id } } userErrors { code field message } } }"),
    ("Subscription.jobEvents.jobId", Id(&["Job"]), "subscription ($id: ID!) {
        jobEvents(jobId: $id) { jobId version state job { id user { id } } } }"),
    ("Subscription.myJobEvents", OwnEvents, "subscription { myJobEvents { jobId version job { id } } }"),
    ("Subscription.allJobEvents.userId", EveryonesEvents, "subscription ($id: ID) {
        allJobEvents(userId: $id) { jobId version job { id } } }"),
    ("Subscription.queueStats", Admins, "subscription { queueStats { workers queues { queue queued } } }"),
    // What takes something away comes last.
    ("Mutation.revokeSession.input.sessionId", OwnId(&["Session"]), "mutation ($id: ID!) {
        revokeSession(input: { sessionId: $id }) { session { id } userErrors { code field } } }"),
    ("Mutation.deleteTransaction.input.id", OwnId(&["Transaction"]), "mutation ($id: ID!) {
        deleteTransaction(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.deleteEmails.input.ids", OwnId(&["Email"]), "mutation ($id: ID!) {
        deleteEmails(input: { ids: [$id] }) { results { userErrors { code } } } }"),
    ("Mutation.deleteConnectedAccount.input.id", OwnId(&["ConnectedAccount"]), "mutation ($id: ID!) {
        deleteConnectedAccount(input: { id: $id }) { userErrors { code field } } }"),
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

/// A call of a language model about a mail of each user, and the oldest sighting of each rejected.
const FINDINGS: &str = "INSERT INTO llm_usages (id, user_id, email_id, job_id, attempt, call, model, latency_ms, outcome)
    SELECT DISTINCT ON (user_id) gen_random_uuid(), user_id, id, gen_random_uuid(), 1, 1, 'small', 7, 'ANSWERED' FROM emails;
    UPDATE sightings SET state = 'REJECTED', reason = 'none'
        WHERE id IN (SELECT DISTINCT ON (user_id) id FROM sightings ORDER BY user_id, id)";

/// The variables by which a row names something of the viewer's own beside, and its type.
const OWN_VARIABLES: [(&str, &str); 4] = [
    ("account", "Account"),
    ("category", "Category"),
    ("transaction", "Transaction"),
    ("sighting", "Sighting"),
];

/// One id of each type that is the person's; the job's is of one that waits.
async fn ids_of(person: &Person<'_>) -> BTreeMap<&'static str, Value> {
    let query = "{ me { id accounts(first: 1) { nodes { id } } connectedAccounts(first: 1) { nodes { id } }
        auditEntries(first: 1) { nodes { id } } apiTokens(first: 1) { nodes { id } }
        jobs(filter: { states: [QUEUED], kinds: [FETCH_EMAILS] }) { nodes { id } }
        sightings(first: 1) { nodes { id } } sessions(last: 1) { nodes { id } } llmUsages(first: 1) { nodes { id } }
        transactions(first: 1) { nodes { id account { id } category { id } extraction { id } email { id } } } } }";
    let data = person.data(query, json!({})).await;
    let (me, transaction) = (&data["me"], &data["me"]["transactions"]["nodes"][0]);
    let first = |list: &str| me[list]["nodes"][0]["id"].clone();
    let ids = BTreeMap::from([
        ("Account", transaction["account"]["id"].clone()),
        ("ApiToken", first("apiTokens")),
        ("AuditEntry", first("auditEntries")),
        ("Category", transaction["category"]["id"].clone()),
        ("ConnectedAccount", first("connectedAccounts")),
        ("Email", transaction["email"]["id"].clone()),
        ("Extraction", transaction["extraction"]["id"].clone()),
        ("Job", first("jobs")),
        ("LlmUsage", first("llmUsages")),
        ("Session", first("sessions")),
        ("Sighting", first("sightings")),
        ("Transaction", transaction["id"].clone()),
        ("User", me["id"].clone()),
    ]);
    assert!(ids.values().all(Value::is_string) && ids.keys().eq(NODES), "{ids:?}");
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_answered_like_what_never_was() {
    // Sockets are opened faster than the server notices that they are closed.
    let test = TestApp::start_with(|app| app.config.sockets_per_user = 100).await;
    let (app, stop) = (Arc::clone(&test.app), CancellationToken::new());
    let ending = stop.clone();
    tokio::spawn(async move { app.live.run(&app.pool, &app.redis, ending).await.unwrap() });
    let (owner, stranger) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    for person in [&owner, &stranger, &admin] {
        person.fetch_demo().await;
    }
    test.run_jobs().await;
    let make = "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { token } }";
    for person in [&owner, &stranger, &admin] {
        person.data(make, json!({})).await;
        let accounts = "{ me { connectedAccounts(first: 1) { nodes { id } } } }";
        let data = person.data(accounts, json!({})).await;
        person.fetch(data["me"]["connectedAccounts"]["nodes"][0]["id"].clone()).await;
    }
    test.execute(FINDINGS).await;
    // Another device, so that nobody loses the one that asks.
    for name in ["ana", "bob", "root"] {
        test.sign_in(name).await;
    }
    let mut own = BTreeMap::new();
    for person in [&owner, &stranger, &admin] {
        let ids = ids_of(person).await;
        let own_ids = OWN_VARIABLES.map(|(name, of)| (name.to_owned(), ids[of].clone()));
        own.insert(person.id.clone(), own_ids.into_iter().collect());
        let kind = person
            .data("query ($id: ID!) { category(id: $id) { kind } }", json!({ "id": ids["Category"] }))
            .await;
        let child = json!({ "name": "Below", "kind": kind["category"]["kind"], "parentId": ids["Category"] });
        person.done("createCategory", child, "").await;
    }
    let ids = ids_of(&owner).await;
    let people = People { nobody: test.nobody(), owner, stranger, admin, own };
    for (path, way, query) in ROWS {
        match way {
            Id(types) | OwnId(types) => {
                for id in types.iter().map(|name| &ids[name]) {
                    people.ask_by_id(&test, path, query, id, matches!(way, OwnId(_))).await;
                }
            }
            List => people.ask_for_a_list(path, query).await,
            Viewer => people.needs_a_viewer(path, query, json!({})).await,
            OwnEvents => people.ask_for_own_events(path, query).await,
            EveryonesEvents => people.ask_for_everyones_events(path, query).await,
            Admins => people.ask_as_an_admin(path, query).await,
            Public => assert!(people.nobody.ask(query, json!({})).await.get("errors").is_none(), "{path}"),
        }
    }
    for person in [&people.owner, &people.stranger, &people.admin] {
        assert_eq!(person.data("{ me { id } }", json!({})).await["me"]["id"], person.id);
    }
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}
