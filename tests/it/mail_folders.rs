//! Mailboxes that are folders: a Maildir or `.eml` files below the owner's import folder, each mail once, and no way out.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};
use crate::support::redis::shared;
use crate::worker_faults::{
    ACTIVE, WorkerProcess, assert_whole, connect as connect_file, mail, mailbox, wait_until, wait_until_gone,
};

const STORED: &str = "SELECT count(*) AS number FROM emails";

async fn connect(person: &Person<'_>, file: &str) -> Value {
    let connect = "mutation ($file: String!) { createConnectedAccount(input: { provider: MBOX, file: $file, address: $file }) {
        connectedAccount { id } userErrors { code message } } }";
    let made = person.data(connect, json!({ "file": file })).await;
    let id = made["createConnectedAccount"]["connectedAccount"]["id"].clone();
    assert!(id.is_string(), "{file}: {made}");
    id
}

fn put_mail(test: &TestApp, folder: &str, name: &str, number: i64) {
    test.write_import_file(&format!("ana/{folder}"), name, mail(number).as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maildir_is_fetched_whole_and_again_for_what_is_new() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for number in 1..=30 {
        put_mail(&test, "Maildir/new", &format!("17000000{number:02}.host"), number);
        put_mail(&test, "Maildir/cur", &format!("16000000{number:02}.host:2,S"), number + 30);
        put_mail(&test, "Maildir/.Bank/cur", &format!("15000000{number:02}.host:2,"), number + 60);
    }
    put_mail(&test, "Maildir/tmp", "1800000000.host", 500);
    fs::create_dir_all(test.import_dir().join("ana/Maildir/.Bank/new")).unwrap();
    let account = connect(&ana, "Maildir").await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    assert_whole(&test, 90).await;
    // In the order of the folder: its own mails by their names, then the folders in it.
    let order = "SELECT string_agg(substring(message_id FROM '[0-9]+'), ' ' ORDER BY id) AS text FROM emails";
    let wanted = (31..=60).chain(1..=30).chain(61..=90).map(|number: i64| number.to_string());
    assert_eq!(test.texts(order).await, [wanted.collect::<Vec<_>>().join(" ")]);

    // A mail program has looked in: what was new is seen, and something else came.
    for entry in fs::read_dir(test.import_dir().join("ana/Maildir/new")).unwrap() {
        let path = entry.unwrap().path();
        let seen = format!("../cur/{}:2,S", path.file_name().unwrap().to_str().unwrap());
        fs::rename(&path, path.parent().unwrap().join(seen)).unwrap();
    }
    put_mail(&test, "Maildir/new", "1750000000.host", 91);
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_whole(&test, 91).await;
    let output = ana.data("{ jobs(first: 10) { nodes { kind output } } }", json!({})).await;
    let fetched =
        output["jobs"]["nodes"].as_array().unwrap().iter().find(|job| job["kind"] == "FETCH_EMAILS");
    assert_eq!(fetched.unwrap()["output"], json!({ "stored": 1, "seenAgain": 90, "skipped": 0 }));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_mails_has_no_way_out_either() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    test.write_import_file("bob/mail/cur", "1.bob", mail(700).as_bytes());
    test.write_import_file("bob/mail/new", "2.bob", mail(701).as_bytes());
    let bobs = test.import_dir().join("bob/mail");
    put_mail(&test, "mail/cur", "1.own", 1);
    fs::create_dir_all(test.import_dir().join("ana/mail/new")).unwrap();
    let own = test.import_dir().join("ana/mail");
    symlink(bobs.join("cur/1.bob"), own.join("cur/2.link")).unwrap();
    symlink(&bobs, own.join(".Bob")).unwrap();
    symlink("../../../bob/mail/cur", own.join("deep")).unwrap();
    let account = connect(&ana, "mail").await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    assert_whole(&test, 1).await;

    // The folder becomes a link after it was connected.
    fs::rename(&own, test.import_dir().join("ana/aside")).unwrap();
    symlink(&bobs, &own).unwrap();
    let job = ana.fetch(account).await;
    test.run_jobs().await;
    let query = "query ($job: ID!) { job(id: $job) { state error { code } } }";
    let data = ana.data(query, json!({ "job": job["id"] })).await;
    assert_eq!(data["job"], json!({ "state": "FAILED", "error": { "code": "MAILBOX_UNREADABLE" } }));
    assert_eq!(test.number(STORED).await, 1);
    for path in ["mail", "mail/cur", "aside/.Bob", "aside/deep"] {
        let connect = "mutation ($file: String!) { createConnectedAccount(input: { provider: MBOX, file: $file, address: $file }) {
            userErrors { code } } }";
        let made = ana.data(connect, json!({ "file": path })).await;
        assert_eq!(made["createConnectedAccount"]["userErrors"], json!([{ "code": "INVALID" }]), "{path}");
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_mails_fails_its_fetch_with_a_reason() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    test.write_import_file("ana/notes", "readme.txt", b"no mail");
    let account = connect(&ana, "notes").await;
    ana.fetch(account).await;
    test.run_jobs().await;
    let found = ana.data("{ connectedAccounts { nodes { status statusReason } } }", json!({})).await;
    let reason = "That folder holds neither a Maildir nor .eml files.";
    let wanted = json!([{ "status": "FAILED", "statusReason": reason }]);
    assert_eq!(found["connectedAccounts"]["nodes"], wanted);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_killed_goes_on_behind_the_last_file() {
    const MAILS: i64 = 900;
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for number in 1..=MAILS {
        put_mail(&test, "mails", &format!("{number:04}.eml"), number);
    }
    let account = connect(&ana, "mails").await;
    let redis = shared("pennypost");
    let mut first = WorkerProcess::start(&test, &redis, "4");
    ana.fetch(account).await;
    wait_until(&test, "some are stored", STORED, |stored| stored >= 100).await;
    first.kill();
    wait_until_gone(&test).await;
    let place = "SELECT (SELECT count(*) FROM emails) || ' ' || (checkpoint->'at'->'behind'->>'name') AS text
        FROM jobs WHERE kind = 'FETCH_EMAILS'";
    let places = test.texts(place).await;
    let (stored, behind) = places[0].split_once(' ').unwrap();
    let stored: i64 = stored.parse().unwrap();
    assert!(stored < MAILS, "the fetch was over before the kill");
    assert_eq!(behind, format!("{stored:04}.eml"));
    let _second = WorkerProcess::start(&test, &redis, "4");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, MAILS).await;
    let counts =
        "SELECT (output_payload->>'seenAgain')::bigint AS number FROM jobs WHERE kind = 'FETCH_EMAILS'";
    assert_eq!(test.number(counts).await, 0, "files were read again");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_off_and_grows_books_no_mail_twice() {
    const MAILS: i64 = 250;
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect_file(&test, &ana, "ana", MAILS).await;
    let whole = mailbox(MAILS);
    // In the headers of a mail in the middle of the second batch, then in the body of another, behind its amount.
    for (cut, there) in [("<purchase-150@", 149), ("at Supermarkt 180 with", 179)] {
        let at = whole.windows(cut.len()).position(|some| some == cut.as_bytes()).unwrap() + cut.len() - 1;
        test.write_import_file("ana", "mail.mbox", &whole[..at]);
        ana.fetch(account.clone()).await;
        test.run_jobs().await;
        assert_whole(&test, there).await;
        assert_eq!(test.number(STORED).await, there, "the mail that is half there waits");
    }
    test.write_import_file("ana", "mail.mbox", &whole);
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_whole(&test, MAILS).await;
    assert_eq!(test.number(STORED).await, MAILS);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_last_line_end_is_read_whole_once_nobody_writes_it() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect_file(&test, &ana, "ana", 3).await;
    let path = test.write_import_file("ana", "mail.mbox", mailbox(3).trim_ascii_end());
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    assert_whole(&test, 2).await;
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_hours(24 * 365 * 50);
    fs::File::options().append(true).open(path).unwrap().set_modified(long_ago).unwrap();
    ana.fetch(account).await;
    test.run_jobs().await;
    assert_whole(&test, 3).await;
    // Who asked for the fetch learns that there is more to come.
    let left = "SELECT coalesce(output_payload->>'leftForLater', 'none') AS text FROM jobs
        WHERE kind = 'FETCH_EMAILS' ORDER BY id";
    assert_eq!(test.texts(left).await, ["1", "none"]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_an_earlier_program_could_not_read_is_read_by_a_later_one() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = connect_file(&test, &ana, "ana", 3).await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    assert_whole(&test, 3).await;
    let ids = "SELECT string_agg(id::text, ' ' ORDER BY id) AS text FROM emails";
    let before = test.texts(ids).await;
    // As it stands after the program broke off on the second: nothing is known but its bytes.
    test.execute(
        "DELETE FROM sightings; DELETE FROM transactions; DELETE FROM extractions;
        DELETE FROM email_texts WHERE email_id = (SELECT id FROM emails WHERE message_id LIKE 'purchase-2@%');
        UPDATE emails SET extraction_status = 'PENDING';
        UPDATE emails SET fingerprint = decode(provider_key, 'hex'), extraction_status = 'FAILED', extraction_reason = 'x',
            message_id = NULL, sender = NULL, subject = NULL, authenticity_reason = 'the mail cannot be read'
        FROM email_places WHERE email_id = emails.id AND message_id LIKE 'purchase-2@%'",
    )
    .await;
    ana.fetch(account.clone()).await;
    test.run_jobs().await;
    assert_whole(&test, 3).await;
    assert_eq!(test.texts(ids).await, before);
    let read = "SELECT count(*) AS number FROM emails JOIN email_texts ON email_id = emails.id
        WHERE extraction_status = 'COMPLETED' AND extraction_reason IS NULL AND message_id IS NOT NULL";
    assert_eq!(test.number(read).await, 3);
    let outputs =
        "SELECT output_payload->>'stored' AS text FROM jobs WHERE kind = 'FETCH_EMAILS' ORDER BY id";
    assert_eq!(test.texts(outputs).await, ["3", "1"]);
    test.finish().await;
}
