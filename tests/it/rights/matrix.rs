//! The matrix: each way into the schema with who is asked by it, and how.
//!
//! Each root field, and each argument that takes an id, has a row in [`ROWS`]; a new one without a row fails the test, and so does
//! a field of a payload that no row asks for.

/// The types with an id of their own.
pub const NODES: &[&str] = &[
    "Account",
    "ApiToken",
    "AuditEntry",
    "Category",
    "ConnectedAccount",
    "Email",
    "Extraction",
    "Job",
    "JobEvent",
    "LlmUsage",
    "Session",
    "Sighting",
    "Transaction",
    "User",
];

/// How a way into the schema is asked.
#[derive(Clone, Copy)]
pub enum Way {
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
    /// By admins alone, about the user whom the id names.
    AdminsAbout,
    /// By anybody.
    Public,
}
use Way::{Admins, AdminsAbout, EveryonesEvents, Id, List, OwnEvents, OwnId, Public, Viewer};

/// (the way: a type, its field, the argument and what it holds; how it is asked; with what).
#[rustfmt::skip]
pub const ROWS: &[(&str, Way, &str)] = &[
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
    ("Mutation.register", Public, "mutation { register(input: { username: \"x\", email: \"x\", password: \"x\" }) { user { id } userErrors { code } } }"),
    ("Mutation.login", Public, "mutation { login(input: { login: \"x\", password: \"x\" }) { user { id } userErrors { code } } }"),
    ("Mutation.refreshSession", Public, "mutation { refreshSession(input: { refreshToken: \"x\" }) { user { id } userErrors { code } } }"),
    ("Mutation.requestPasswordReset", Public, "mutation { requestPasswordReset(input: { email: \"x@mail.example\" }) { userErrors { code } } }"),
    ("Mutation.resetPassword", Public, "mutation { resetPassword(input: { email: \"x@mail.example\", code: \"000000\",
        newPassword: \"correct horse battery\" }) { userErrors { code } } }"),
    ("Mutation.changePassword", Viewer, "mutation { changePassword(input: { oldPassword: \"x\", newPassword: \"x\" }) { user { id } userErrors { code } } }"),
    ("Mutation.updateUser", Viewer, "mutation { updateUser(input: {}) { user { id } userErrors { code } } }"),
    ("Mutation.deleteUser", Viewer, "mutation { deleteUser(input: { password: \"x\" }) { userErrors { code } } }"),
    ("Mutation.logout", Viewer, "mutation { logout { session { id } userErrors { code } } }"),
    ("Mutation.logoutEverywhere", Viewer, "mutation { logoutEverywhere { userErrors { code } } }"),
    ("Mutation.setUserRole.input.userId", AdminsAbout, "mutation ($id: ID!, $role: Role! = ADMIN) {
        setUserRole(input: { userId: $id, role: $role }) { user { id role } userErrors { code field } } }"),
    ("Mutation.activateUser.input.userId", AdminsAbout, "mutation ($id: ID!) {
        activateUser(input: { userId: $id }) { user { id isActive } userErrors { code field } } }"),
    ("Mutation.deactivateUser.input.userId", AdminsAbout, "mutation ($id: ID!) {
        deactivateUser(input: { userId: $id }) { user { id isActive } userErrors { code field } } }"),
    ("Mutation.createApiToken", Viewer, "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { apiToken { id } userErrors { code } } }"),
    ("Mutation.revokeApiToken.input.apiTokenId", OwnId(&["ApiToken"]), "mutation ($id: ID!) {
        revokeApiToken(input: { apiTokenId: $id }) { apiToken { id } userErrors { code field message } } }"),
    ("Mutation.createConnectedAccount", Viewer, "mutation { createConnectedAccount(input: { provider: DEMO }) { connectedAccount { id } userErrors { code } } }"),
    ("Mutation.fetchEmails.input.source.connectedAccountId", Id(&["ConnectedAccount"]), "mutation ($id: ID!) {
        fetchEmails(input: { source: { connectedAccountId: $id } }) { job { id } userErrors { code field message } } }"),
    ("Mutation.extractEmails.input.userId", Id(&["User"]), "mutation ($id: ID) {
        extractEmails(input: { userId: $id }) { job { id } userErrors { code field message } } }"),
    ("Mutation.createCategory.input.parentId", OwnId(&["Category"]), "mutation ($id: ID!) {
        createCategory(input: { name: \"x\", kind: EXPENSE, parentId: $id }) { category { id } userErrors { code field } } }"),
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
    ("Mutation.createAccount", Viewer, "mutation { createAccount(input: { name: \"x\", kind: CASH, currency: \"EUR\" }) { account { id } userErrors { code } } }"),
    ("Mutation.updateAccount.input.id", OwnId(&["Account"]), "mutation ($id: ID!) {
        updateAccount(input: { id: $id }) { account { id } userErrors { code field } } }"),
    ("Mutation.deleteAccount.input.id", OwnId(&["Account"]), "mutation ($id: ID!) {
        deleteAccount(input: { id: $id }) { userErrors { code field } } }"),
    ("Mutation.deleteAccount.input.transactionsTo", OwnId(&["Account"]), "mutation ($id: ID!, $account: ID!) {
        deleteAccount(input: { id: $account, transactionsTo: $id }) { userErrors { code field } } }"),
    ("Mutation.createTransaction.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!) {
        createTransaction(input: { accountId: $id, bookedOn: \"2026-11-01\", amount: \"-1\" }) { transaction { id } userErrors { code field } } }"),
    ("Mutation.createTransaction.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $account: ID!) {
        createTransaction(input: { accountId: $account, categoryId: $id, bookedOn: \"2026-11-01\", amount: \"-1\" }) {
            transaction { id } userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.id", OwnId(&["Transaction"]), "mutation ($id: ID!) {
        updateTransaction(input: { id: $id }) { transaction { id } userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!, $transaction: ID!) {
        updateTransaction(input: { id: $transaction, accountId: $id }) { userErrors { code field } } }"),
    ("Mutation.updateTransaction.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $transaction: ID!) {
        updateTransaction(input: { id: $transaction, categoryId: $id }) { userErrors { code field } } }"),
    ("Mutation.updateConnectedAccount.input.id", OwnId(&["ConnectedAccount"]), "mutation ($id: ID!) {
        updateConnectedAccount(input: { id: $id }) { connectedAccount { id } userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.id", OwnId(&["Sighting"]), "mutation ($id: ID!) {
        acceptSighting(input: { id: $id }) { sighting { id } transaction { id } userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.accountId", OwnId(&["Account"]), "mutation ($id: ID!, $sighting: ID!) {
        acceptSighting(input: { id: $sighting, accountId: $id }) { sighting { id } transaction { id } userErrors { code field } } }"),
    ("Mutation.acceptSighting.input.categoryId", OwnId(&["Category"]), "mutation ($id: ID!, $sighting: ID!) {
        acceptSighting(input: { id: $sighting, categoryId: $id }) { sighting { id } transaction { id } userErrors { code field } } }"),
    ("Mutation.rejectSighting.input.id", OwnId(&["Sighting"]), "mutation ($id: ID!) {
        rejectSighting(input: { id: $id }) { sighting { id } userErrors { code field } } }"),
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
