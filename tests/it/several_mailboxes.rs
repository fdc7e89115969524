//! Several mailbox files of one user: one that cannot be read keeps no other out, and one that the command fills needs no file.

use pennypost::graphql::global_id::NodeType;
use pennypost::mailbox::connected_account::find_or_create_import;
use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};
use crate::worker_faults::mailbox;

const STORED: &str = "SELECT count(*) AS number FROM emails";

async fn connect(person: &Person<'_>, file: &str, name: Option<&str>) -> Value {
    let query = "mutation ($file: String!, $name: String) { createConnectedAccount(input: { provider: MBOX, file: $file, address: $name }) {
        connectedAccount { id status statusReason } userErrors { code } } }";
    let data = person.data(query, json!({ "file": file, "name": name })).await;
    data["createConnectedAccount"].clone()
}

async fn fetch_all(person: &Person<'_>) -> Value {
    let query = "mutation { fetchEmails(input: { source: { provider: MBOX } }) {
        job { id } userErrors { field code } } }";
    person.data(query, json!({})).await["fetchEmails"].clone()
}

/// The account that `pennypost import` makes; its global id.
async fn import_account(test: &TestApp, person: &Person<'_>) -> Value {
    let user_id = NodeType::User.parse(&person.id.as_str().into()).unwrap();
    let mut conn = test.app.pool.connection().await.unwrap();
    find_or_create_import(&mut conn, &test.app.clock, user_id).await.unwrap();
    drop(conn);
    let query = "{ connectedAccounts { nodes { id address } } }";
    let found = person.data(query, json!({})).await;
    let nodes = found["connectedAccounts"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().find(|node| node["address"] == "import").unwrap()["id"].clone()
}

/// How the last fetch ended: its state, its error's code, and how many mailboxes failed.
async fn ended(test: &TestApp, person: &Person<'_>) -> Value {
    let payload = fetch_all(person).await;
    assert_eq!(payload["userErrors"], json!([]));
    test.run_jobs().await;
    let query =
        "query ($id: ID!) { job(id: $id) { state error { code message } progress { failed stored } } }";
    person.data(query, json!({ "id": payload["job"]["id"] })).await["job"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_file_is_no_hindrance_to_a_fetch_of_all() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    import_account(&test, &ana).await;
    let errors = fetch_all(&ana).await["userErrors"].clone();
    assert_eq!(errors, json!([{ "field": ["source", "provider"], "code": "NOT_FOUND" }]));
    test.write_import_file("ana", "mail.mbox", &mailbox(3));
    connect(&ana, "mail.mbox", Some("Bank")).await;
    let job = ended(&test, &ana).await;
    assert_eq!(job, json!({ "state": "SUCCESS", "error": null, "progress": { "failed": 0, "stored": 3 } }));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_missing_fails_its_own_account_alone() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for name in ["a.mbox", "b.mbox", "c.mbox"] {
        test.write_import_file("ana", name, &mailbox(2));
        connect(&ana, name, Some(name)).await;
    }
    test.write_import_file("ana", "c.mbox", &mailbox(5));
    std::fs::remove_file(test.import_dir().join("ana/a.mbox")).unwrap();
    let job = ended(&test, &ana).await;
    assert_eq!(job, json!({ "state": "SUCCESS", "error": null, "progress": { "failed": 1, "stored": 5 } }));
    let query = "{ connectedAccounts { nodes { address status statusReason } } }";
    let missing = "There is no such file in your import folder.";
    let wanted = json!([
        { "address": "a.mbox", "status": "FAILED", "statusReason": missing },
        { "address": "b.mbox", "status": "ACTIVE", "statusReason": null },
        { "address": "c.mbox", "status": "ACTIVE", "statusReason": null },
    ]);
    assert_eq!(ana.data(query, json!({})).await["connectedAccounts"]["nodes"], wanted);

    // Without any that can be read the job fails; once the files are back, the same job reads them all.
    std::fs::rename(test.import_dir().join("ana"), test.import_dir().join("aside")).unwrap();
    let job = ended(&test, &ana).await;
    let message =
        "None of the 3 mailboxes could be read. The last one: There is no such file in your import folder.";
    assert_eq!(job["error"], json!({ "code": "MAILBOX_UNREADABLE", "message": message }), "{job:#}");
    assert_eq!(job["state"], "FAILED", "{job:#}");
    std::fs::rename(test.import_dir().join("aside"), test.import_dir().join("ana")).unwrap();
    test.write_import_file("ana", "a.mbox", &mailbox(9));
    let last = "UPDATE jobs SET state = 'QUEUED', version = version + 1, finished_at = NULL, run_at = clock_timestamp(),
        max_attempts = 9 WHERE state = 'FAILED'";
    test.execute(last).await;
    test.run_jobs().await;
    assert_eq!(test.number(STORED).await, 9);
    let failed = "SELECT count(*) AS number FROM connected_accounts WHERE status <> 'ACTIVE'";
    assert_eq!(test.number(failed).await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gives_the_account_of_the_import_command_what_it_lacks() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let import = import_account(&test, &ana).await;
    test.write_import_file("ana", "mail.mbox", &mailbox(3));
    // A fetch of it by its id says what is missing.
    ana.fetch(import.clone()).await;
    test.run_jobs().await;
    let made = connect(&ana, "mail.mbox", None).await;
    let wanted = json!({ "id": import, "status": "ACTIVE", "statusReason": null });
    assert_eq!(made, json!({ "connectedAccount": wanted, "userErrors": [] }));
    ana.fetch(import).await;
    test.run_jobs().await;
    assert_eq!(test.number(STORED).await, 3);
    // It has one now.
    let again = connect(&ana, "mail.mbox", None).await;
    assert_eq!(again["userErrors"], json!([{ "code": "TAKEN" }]), "{again}");
    test.finish().await;
}
