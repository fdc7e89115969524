//! Who changed what: that it is written down with the change, who reads it, and that nobody changes it afterwards.

mod ledger;

use serde_json::{Value, json};

use crate::identity::world::{client, code_in_mail, start, text};
use crate::support::app::{PASSWORD, Person, TestApp};

const ENTRIES: &str = "query ($filter: AuditEntryFilter) { me { auditEntries(first: 100, filter: $filter) { nodes {
    action actorId ownerId credentialKind address subjectKind subjectId requestId changes { field before after } } } } }";

async fn entries(person: &Person<'_>, filter: Value) -> Vec<Value> {
    let data = person.data(ENTRIES, json!({ "filter": filter })).await;
    data["me"]["auditEntries"]["nodes"].as_array().unwrap().clone()
}

async fn actions(test: &TestApp) -> Vec<String> {
    test.texts("SELECT action AS text FROM audit_entries ORDER BY id").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_with_their_account_is_written_down_in_its_order() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let registered = home.register("ana").await;
    let second = home.login("ana", PASSWORD).await;
    let ana = home.with(&second);
    ana.field("mutation { updateUser(input: { displayName: \"Ana K\" }) { user { id } } }", json!({})).await;
    // What stays as it was is no change.
    ana.field("mutation { updateUser(input: { displayName: \"Ana K\" }) { user { id } } }", json!({})).await;
    let change = "mutation ($old: String!) { changePassword(input: { oldPassword: $old, newPassword: \"another long phrase\" }) {
        userErrors { code } } }";
    ana.field(change, json!({ "old": PASSWORD })).await;
    ana.field("mutation { logout { session { id } } }", json!({})).await;
    home.request_reset("ana@mail.example").await;
    test.run_jobs().await;
    home.reset("ana@mail.example", &code_in_mail(&test), "yet another long phrase").await;
    let third = home.login("ana", "yet another long phrase").await;
    home.with(&third).field("mutation { logoutEverywhere { endedCount } }", json!({})).await;
    let expected = [
        "USER_REGISTERED",
        "SIGNED_IN",
        "USER_UPDATED",
        "PASSWORD_CHANGED",
        "SIGNED_OUT",
        "PASSWORD_RESET",
        "SIGNED_IN",
        "SIGNED_OUT_EVERYWHERE",
    ];
    assert_eq!(actions(&test).await, expected);
    let ana = test.sign_in_with("ana", "yet another long phrase").await;
    let updated = entries(&ana, json!({ "actions": ["USER_UPDATED"] })).await.remove(0);
    assert_eq!(updated["changes"], json!([{ "field": "displayName", "before": "ana", "after": "Ana K" }]));
    assert_eq!(updated["actorId"], registered["user"]["id"]);
    assert_eq!(
        (&updated["address"], &updated["credentialKind"]),
        (&json!("198.51.100.1"), &json!("SESSION"))
    );
    assert!(updated["requestId"].is_string(), "{updated}");
    let whole = test.texts("SELECT audit_entries::text AS text FROM audit_entries").await.join("\n");
    for secret in [PASSWORD, "long phrase", &text(&second, "refreshToken")] {
        assert!(!whole.contains(secret), "{secret}: {whole}");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_and_the_reuse_of_a_token_are_written_down_once() {
    let test = start().await;
    let (home, elsewhere) = (client(&test, "198.51.100.1"), client(&test, "203.0.113.9"));
    let first = home.register("ana").await;
    for name in ["ana", "nobody"] {
        for _ in 0..8 {
            elsewhere.login(name, "wrong").await;
        }
    }
    let locked = "SELECT action || ' ' || (owner IS NULL)::text AS text FROM audit_entries
        WHERE action = 'SIGN_IN_LOCKED' ORDER BY id";
    assert_eq!(test.texts(locked).await, ["SIGN_IN_LOCKED false", "SIGN_IN_LOCKED true"]);
    let second = home.refresh(&first).await;
    home.refresh(&second).await;
    home.refresh(&first).await;
    assert_eq!(actions(&test).await.last().unwrap(), "REFRESH_TOKEN_REUSED");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_and_jobs_are_written_down_for_their_owner() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    ana.fetch_demo().await;
    let data =
        ana.data("{ me { jobs(filter: { kinds: [FETCH_EMAILS] }) { nodes { id } } } }", json!({})).await;
    let id = data["me"]["jobs"]["nodes"][0]["id"].clone();
    let variables = json!({ "id": id });
    let cancel = "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { state } } }";
    root.data(cancel, variables.clone()).await;
    root.data(cancel, variables.clone()).await;
    ana.data("mutation ($id: ID!) { retryJob(input: { jobId: $id }) { job { state } } }", variables).await;
    let own = entries(&ana, json!({})).await;
    let seen: Vec<_> =
        own.iter().map(|entry| (entry["action"].as_str().unwrap(), &entry["actorId"])).collect();
    let (ana_id, root_id) = (json!(ana.id), json!(root.id));
    assert_eq!(
        seen,
        [
            ("JOB_RETRIED", &ana_id),
            ("JOB_CANCELLED", &root_id),
            ("CONNECTED_ACCOUNT_CREATED", &ana_id),
            ("USER_REGISTERED", &ana_id),
        ]
    );
    assert!(own.iter().all(|entry| entry["ownerId"] == ana_id), "{own:?}");
    assert_eq!(own[1]["subjectId"], id);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_starts_for_another_user_is_written_down_once_and_for_that_user() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    ana.fetch_demo().await;
    test.run_jobs().await;
    let mailbox = ana.data("{ connectedAccounts { nodes { id } } }", json!({})).await;
    let mailbox = mailbox["connectedAccounts"]["nodes"][0]["id"].clone();
    let fetch = json!({ "source": { "connectedAccountId": mailbox }, "idempotencyKey": "k" });
    let extract = json!({ "userId": ana.id });
    let mut started = Vec::new();
    for (mutation, input) in [("fetchEmails", &fetch), ("extractEmails", &extract)] {
        let job = root.done(mutation, input.clone(), "job { id }").await["job"]["id"].take();
        // The same again starts nothing.
        root.done(mutation, input.clone(), "").await;
        started.insert(0, json!([job, "JOB", root.id, ana.id]));
    }
    test.run_jobs().await;
    // What they start for themselves is no change of anybody's.
    ana.done("fetchEmails", json!({ "source": { "connectedAccountId": mailbox } }), "").await;
    for person in [&ana, &root] {
        person.done("extractEmails", json!({}), "").await;
    }
    let own = entries(&ana, json!({ "actions": ["JOB_TRIGGERED"] })).await;
    let told: Vec<Value> = own
        .iter()
        .map(|entry| json!([entry["subjectId"], entry["subjectKind"], entry["actorId"], entry["ownerId"]]))
        .collect();
    assert_eq!(told, started);
    assert_eq!(entries(&root, json!({ "actions": ["JOB_TRIGGERED"] })).await, [Value::Null; 0]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_moments_are_told_as_the_rest_of_the_api_writes_them() {
    let test = start().await;
    let (home, elsewhere) = (client(&test, "198.51.100.1"), client(&test, "203.0.113.9"));
    home.register("ana").await;
    let (ana, root) = (test.sign_in_with("ana", PASSWORD).await, test.register_admin("root").await);
    root.done("setUserRole", json!({ "userId": ana.id, "role": "ADMIN" }), "").await;
    let token =
        json!({ "name": "phone", "scopes": ["READ", "WRITE"], "expiresAt": "2026-12-01T00:00:00+01:00" });
    ana.done("createApiToken", token, "").await;
    for _ in 0..8 {
        elsewhere.login("ana", "wrong").await;
    }
    let actions = ["USER_REGISTERED", "USER_ROLE_CHANGED", "API_TOKEN_CREATED", "SIGN_IN_LOCKED"];
    let own = entries(&ana, json!({ "actions": actions })).await;
    let changes: Vec<&Value> = own.iter().flat_map(|entry| entry["changes"].as_array().unwrap()).collect();
    let of =
        |field: &str| changes.iter().filter(|change| change["field"] == field).copied().collect::<Vec<_>>();
    let role = |before: Value, after: &str| json!({ "field": "role", "before": before, "after": after });
    assert_eq!(of("role"), [&role(json!("USER"), "ADMIN"), &role(Value::Null, "USER")]);
    assert_eq!(of("expiresAt")[0]["after"], "2026-11-30T23:00:00Z");
    assert_eq!(of("scopes")[0]["after"], "READ WRITE");
    let until = of("lockedUntil")[0]["after"].as_str().unwrap();
    assert!(until.starts_with("2026-11-21T") && until.ends_with('Z'), "{until}");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_everyones_entries_by_action_time_and_user() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    let query = "query ($filter: AuditEntryFilter, $user: ID) { auditEntries(filter: $filter, userId: $user) { totalCount } }";
    let count = async |person: &Person<'_>, filter: Value, user: Value| {
        let data = person.data(query, json!({ "filter": filter, "user": user })).await;
        data["auditEntries"]["totalCount"].clone()
    };
    assert_eq!(count(&ana, json!({}), Value::Null).await, 1);
    assert_eq!(count(&root, json!({}), Value::Null).await, 3);
    assert_eq!(count(&root, json!({}), json!(ana.id)).await, 1);
    assert_eq!(count(&root, json!({ "actions": ["SIGNED_IN"] }), Value::Null).await, 1);
    assert_eq!(count(&root, json!({ "from": "2026-11-21T09:00:00Z" }), Value::Null).await, 3);
    assert_eq!(count(&root, json!({ "to": "2026-11-21T08:59:59Z" }), Value::Null).await, 0);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_to_change_what_was_written_down() {
    let test = TestApp::start().await;
    test.register("ana").await;
    for change in [
        "UPDATE audit_entries SET action = 'SIGNED_IN'",
        "UPDATE audit_entries SET actor = NULL",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "SET pennypost.pseudonymising = 'on'; DELETE FROM audit_entries",
        "SET pennypost.pseudonymising = 'on'; UPDATE audit_entries SET at = now()",
    ] {
        let refused = test.try_execute(change).await.unwrap_err().to_string();
        assert!(refused.contains("only appended"), "{change}: {refused}");
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM audit_entries").await, 1);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_user_who_is_deleted_stay_the_time_the_action_and_one_pseudonym() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    ana.fetch_demo().await;
    // A user's other jobs have to end before the deletion begins; it would look again in a second, after this test.
    test.run_jobs().await;
    let id = test.texts("SELECT id::text AS text FROM users WHERE username = 'ana'").await.remove(0);
    let before = actions(&test).await;
    let leave = "mutation ($password: String!) { deleteUser(input: { password: $password }) { userErrors { code } } }";
    ana.data(leave, json!({ "password": PASSWORD })).await;
    test.run_jobs().await;
    let after = actions(&test).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.last().unwrap(), "USER_DELETION_REQUESTED");
    let whole = test.texts("SELECT audit_entries::text AS text FROM audit_entries").await.join("\n");
    assert!(!whole.contains(&id), "{whole}");
    let left = "SELECT count(DISTINCT owner) AS number FROM audit_entries WHERE action <> 'USER_REGISTERED' AND actor = owner
        AND num_nonnulls(credential_kind, credential, address, subject_kind, subject, request_id) = 0 AND changes = '{}'";
    assert_eq!(test.number(left).await, 1);
    assert_eq!(entries(&bob, json!({})).await.len(), 1);
    assert_eq!(entries(&bob, json!({})).await[0]["ownerId"], bob.id);
    test.finish().await;
}
