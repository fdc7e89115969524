//! Which files a mailbox may name: those in its owner's own folder, whatever the path tries and whenever it tries it.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

const MAIL: &[u8] = b"From: Bank <alerts@bank.example>\r\nMessage-ID: <1@bank.example>\r\n\
    Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nSubject: Hello\r\n\r\nNothing was booked.\r\n";

/// What became of the wish to connect `file`: the mailbox's id, or the errors.
async fn connect(person: &Person<'_>, file: &str) -> Result<Value, Value> {
    let query = "mutation ($file: String!, $name: String!) { createConnectedAccount(input: { provider: MBOX, file: $file, address: $name }) {
        connectedAccount { id } userErrors { field code message } } }";
    let name: String = file.chars().take(200).collect();
    let data = person.data(query, json!({ "file": file, "name": name })).await;
    let payload = &data["createConnectedAccount"];
    if payload["userErrors"] == json!([]) {
        Ok(payload["connectedAccount"]["id"].clone())
    } else {
        assert_eq!(payload["connectedAccount"], Value::Null);
        Err(payload["userErrors"].clone())
    }
}

/// The code of the one error that the field `file` is refused with.
async fn refusal(person: &Person<'_>, file: &str) -> String {
    let errors = connect(person, file).await.expect_err(file);
    assert_eq!(errors.as_array().unwrap().len(), 1, "{file}: {errors}");
    assert_eq!(errors[0]["field"], json!(["file"]), "{file}: {errors}");
    assert!(!errors.to_string().contains("/tmp"), "a path of the server shows: {errors}");
    errors[0]["code"].as_str().unwrap().to_owned()
}

async fn assert_nothing_stored(test: &TestApp) {
    for table in ["connected_accounts", "emails", "email_places", "email_sources", "email_texts"] {
        assert_eq!(test.number(&format!("SELECT count(*) AS number FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_owners_own_folder_is_read() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    test.write_import_file("ana", "mail.eml", MAIL);
    test.write_import_file("ana/2026/november", "deep.eml", &[MAIL, b"Deep.\r\n"].concat());
    for (file, count) in [("mail.eml", 1), ("./2026/./november/deep.eml", 2)] {
        let id = connect(&ana, file).await.unwrap();
        ana.fetch(id).await;
        test.run_jobs().await;
        assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, count, "{file}");
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_owners_folder() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let own = test.write_import_file("ana", "mail.eml", MAIL);
    let of_bob = test.write_import_file("bob", "mail.mbox", MAIL);
    test.write_import_file("ana/inner", "mail.eml", MAIL);
    let paths = [
        own.to_str().unwrap(),
        of_bob.to_str().unwrap(),
        "/etc/passwd",
        "..",
        "../bob/mail.mbox",
        "../ana/mail.eml",
        "inner/../mail.eml",
        "inner/../../bob/mail.mbox",
        "./../bob/mail.mbox",
        "//etc/passwd",
    ];
    for path in paths {
        assert_eq!(refusal(&ana, path).await, "INVALID", "{path}");
    }
    // Whether somebody else's file is there cannot be told.
    assert_eq!(connect(&ana, "../bob/mail.mbox").await, connect(&ana, "../bob/none.mbox").await);
    assert_nothing_stored(&test).await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_symbolic_link_is_followed() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let own = test.write_import_file("ana", "mail.eml", MAIL);
    let of_bob = test.write_import_file("bob", "mail.mbox", MAIL);
    test.write_import_file("ana/real", "mail.mbox", MAIL);
    let folder = test.import_dir().join("ana");
    symlink(&of_bob, folder.join("bobs.mbox")).unwrap();
    symlink("../bob/mail.mbox", folder.join("relative.mbox")).unwrap();
    symlink("../bob/none.mbox", folder.join("dangling.mbox")).unwrap();
    symlink(&own, folder.join("own.eml")).unwrap();
    symlink("real", folder.join("folder")).unwrap();
    symlink(test.import_dir().join("bob"), folder.join("bob")).unwrap();
    symlink("/proc/self", folder.join("proc")).unwrap();
    let paths = [
        "bobs.mbox",
        "relative.mbox",
        "dangling.mbox",
        "own.eml",
        "folder/mail.mbox",
        "bob/mail.mbox",
        "bob/none.mbox",
        "proc/environ",
    ];
    for path in paths {
        assert_eq!(refusal(&ana, path).await, "INVALID", "{path}");
    }
    assert_nothing_stored(&test).await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_folder_that_is_a_link_itself_is_not_followed() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    test.write_import_file("bob", "mail.mbox", MAIL);
    symlink("bob", test.import_dir().join("ana")).unwrap();
    assert_eq!(refusal(&ana, "mail.mbox").await, "INVALID");
    assert_nothing_stored(&test).await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused() {
    let test = TestApp::start().await;
    let (ana, carl) = (test.register("ana").await, test.register("carl").await);
    test.write_import_file("ana/folder", "mail.eml", MAIL);
    test.write_import_file("ana", "noise.bin", &[0, 159, 146, 150]);
    let pipe = test.import_dir().join("ana/pipe.mbox");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let long = "x".repeat(1001);
    for (path, code) in [
        (".", "INVALID"),
        ("folder/..", "INVALID"),
        ("", "INVALID"),
        ("   ", "INVALID"),
        ("pipe.mbox", "INVALID"),
        (long.as_str(), "INVALID"),
        ("none.mbox", "NOT_FOUND"),
        ("folder/none.mbox", "NOT_FOUND"),
        ("folder/mail.eml/none", "NOT_FOUND"),
    ] {
        assert_eq!(refusal(&ana, path).await, code, "{path}");
    }
    // Somebody who has no folder yet.
    assert_eq!(refusal(&carl, "mail.mbox").await, "NOT_FOUND");
    assert_nothing_stored(&test).await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_becomes_a_link_after_its_check_is_not_read() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let of_bob = test.write_import_file("bob", "mail.mbox", MAIL);
    let file = test.write_import_file("ana", "mail.mbox", MAIL);
    let inner = test.write_import_file("ana/inner", "mail.mbox", MAIL);
    let by_file = connect(&ana, "mail.mbox").await.unwrap();
    let by_folder = connect(&ana, "inner/mail.mbox").await.unwrap();
    fs::remove_file(&file).unwrap();
    symlink(&of_bob, &file).unwrap();
    fs::remove_dir_all(inner.parent().unwrap()).unwrap();
    symlink(test.import_dir().join("bob"), inner.parent().unwrap()).unwrap();
    for id in [&by_file, &by_folder] {
        assert_fetch_fails(&test, &ana, id).await;
    }
    fs::remove_file(&file).unwrap();
    assert_fetch_fails(&test, &ana, &by_file).await;

    // With the file back in its place the mailbox works again.
    test.write_import_file("ana", "mail.mbox", MAIL);
    ana.fetch(by_file.clone()).await;
    test.run_jobs().await;
    let query = "query ($id: ID!) { connectedAccount(id: $id) { status statusReason emailCount } }";
    let account = ana.data(query, json!({ "id": by_file })).await;
    let wanted = json!({ "status": "ACTIVE", "statusReason": null, "emailCount": 1 });
    assert_eq!(account["connectedAccount"], wanted);
    test.finish().await;
}

async fn assert_fetch_fails(test: &TestApp, person: &Person<'_>, id: &Value) {
    let job = person.fetch(id.clone()).await;
    test.run_jobs().await;
    let query = "query ($job: ID!, $id: ID!) { job(id: $job) { state error { code isRetryable message } }
        connectedAccount(id: $id) { status statusReason emailCount } }";
    let data = person.data(query, json!({ "job": job["id"], "id": id })).await;
    assert_eq!(data["job"]["state"], "FAILED", "{data:#}");
    assert_eq!(data["job"]["error"]["code"], "MAILBOX_UNREADABLE", "{data:#}");
    assert_eq!(data["job"]["error"]["isRetryable"], false, "{data:#}");
    let account = &data["connectedAccount"];
    assert_eq!((&account["status"], &account["emailCount"]), (&json!("FAILED"), &json!(0)), "{data:#}");
    assert_eq!(account["statusReason"], data["job"]["error"]["message"]);
    assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, 0);
}
