//! Filing, from a small mail file to the ledger: what a person said stays said, and what is doubtful waits for one.

use pennypost::app::App;
use pennypost::extraction::extractor::Extractor;
use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

const TRUSTED: &str = "mx.home.example";
const LIVING: &str = "SELECT count(*) AS number FROM transactions WHERE deleted_at IS NULL";

/// A mail about one purchase by card.
pub struct Alert<'a> {
    pub id: &'a str,
    pub from: &'a str,
    pub amount: &'a str,
    pub merchant: &'a str,
    pub mask: &'a str,
    pub checks: Option<&'a str>,
}

impl Default for Alert<'_> {
    fn default() -> Self {
        Self {
            id: "1",
            from: "Wrenfold <alerts@wrenfold.example>",
            amount: "3.40",
            merchant: "Korbmarkt",
            mask: "1965",
            checks: Some("dmarc=pass header.from=wrenfold.example"),
        }
    }
}

impl Alert<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let Self { id, from, amount, merchant, mask, checks } = self;
        let checks = checks.map(|checks| format!("Authentication-Results: {TRUSTED}; {checks}\r\n"));
        let checks = checks.unwrap_or_default();
        format!(
            "{checks}Message-ID: <{id}@wrenfold.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nFrom: {from}\r\n\
             To: Ana <ana@home.example>\r\nSubject: You spent EUR {amount} at {merchant}\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nHi Ana,\r\n\r\n\
             you spent EUR {amount} at {merchant} on 20 November 2026.\r\nCard: ending in {mask}\r\n"
        )
        .into_bytes()
    }
}

pub async fn start() -> TestApp {
    TestApp::start_with(|app| app.config.mail_authserv_ids = vec![TRUSTED.to_owned()]).await
}

/// Puts the mail into a mailbox of its own and reads it into the ledger.
pub async fn receive(test: &TestApp, person: &Person<'_>, mailbox: &str, mail: &[u8]) {
    let file = format!("{mailbox}.eml");
    test.write_import_file("ana", &file, mail);
    let connect = "mutation ($file: String!, $name: String!) {
        createConnectedAccount(input: { provider: MBOX, file: $file, address: $name }) {
        connectedAccount { id } userErrors { code message } } }";
    let made = person.data(connect, json!({ "file": file, "name": mailbox })).await;
    let id = made["createConnectedAccount"]["connectedAccount"]["id"].clone();
    assert!(id.is_string(), "{made:#}");
    person.fetch(id).await;
    test.run_jobs().await;
}

/// Reads every mail again, by a later version of the extractor.
pub async fn read_again(test: &TestApp, person: &Person<'_>, raised_by: i32) {
    let Extractor::Offline { version } = test.app.extractor;
    let raise = |app: &mut App| app.extractor = Extractor::Offline { version: version + raised_by };
    let later = test.successor(raise);
    let before = test.number("SELECT count(*) AS number FROM extractions").await;
    test.execute("UPDATE emails SET extraction_status = 'PENDING' WHERE extraction_status = 'COMPLETED'")
        .await;
    let extract = "mutation { extractEmails(input: {}) { job { id } userErrors { code } } }";
    person.data(extract, json!({})).await;
    test.run_jobs_of(&later).await;
    assert!(
        test.number("SELECT count(*) AS number FROM extractions").await > before,
        "nothing was read again"
    );
}

async fn transactions(person: &Person<'_>) -> Value {
    let query = "{ me { transactions(first: 100, orderBy: BOOKED_ON_ASC) { nodes { bookedOn amount { amount currency }
        merchant account { id name } category { name } } } } }";
    person.data(query, json!({})).await["me"]["transactions"]["nodes"].take()
}

/// Each sighting as its state, its reason, and whether it has a transaction.
async fn sightings(test: &TestApp) -> Vec<String> {
    let query = "SELECT concat_ws(' ', state, coalesce(reason, '-'),
        CASE WHEN transaction_id IS NULL THEN 'none' ELSE 'booked' END) AS text FROM sightings ORDER BY id";
    test.texts(query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_a_verified_sender_is_a_transaction() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert::default().bytes()).await;
    let found = transactions(&ana).await;
    let wanted = json!([{ "bookedOn": "2026-11-20", "amount": { "amount": "-3.40", "currency": "EUR" },
        "merchant": "Korbmarkt", "category": found[0]["category"],
        "account": { "id": found[0]["account"]["id"], "name": "Wrenfold 1965" } }]);
    assert_eq!(found, wanted);
    assert_eq!(sightings(&test).await, ["FILED - booked"]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_transaction_is_not_brought_back() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert::default().bytes()).await;
    test.execute("UPDATE transactions SET deleted_at = now(), amount = -1").await;
    read_again(&test, &ana, 1).await;
    receive(&test, &ana, "second", &Alert::default().bytes()).await;
    assert_eq!(transactions(&ana).await, json!([]));
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 1);
    let untouched = test.texts("SELECT amount::text AS text FROM transactions").await;
    assert_eq!(untouched, ["-1.0000"], "a tombstone is not corrected");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_edited_stays_and_the_rest_is_corrected() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert::default().bytes()).await;
    test.execute(
        "UPDATE transactions SET merchant = 'The corner shop', edited_fields = '{merchant}', amount = -340,
            booked_on = '2026-01-01', category_id = NULL",
    )
    .await;
    read_again(&test, &ana, 1).await;
    let found = transactions(&ana).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["merchant"], "The corner shop");
    assert_eq!(found[0]["amount"]["amount"], "-3.40");
    assert_eq!(found[0]["bookedOn"], "2026-11-20");

    // A day and an amount of a person's own stay, too, and so does a field that they emptied.
    test.execute(
        "UPDATE transactions SET merchant = NULL, amount = -5, booked_on = '2026-11-19', category_id = NULL,
            edited_fields = '{merchant,amount,booked_on,category_id}'",
    )
    .await;
    read_again(&test, &ana, 2).await;
    let found = transactions(&ana).await;
    assert_eq!((&found[0]["merchant"], &found[0]["category"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&found[0]["amount"]["amount"], &found[0]["bookedOn"]),
        (&json!("-5.00"), &json!("2026-11-19"))
    );
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_rejected_stays_rejected_with_its_reason() {
    let test = start().await;
    let ana = test.register("ana").await;
    let checks = Some("dmarc=fail header.from=wrenfold.example");
    receive(&test, &ana, "inbox", &Alert { checks, ..Alert::default() }.bytes()).await;
    assert_eq!(sightings(&test).await, ["IN_REVIEW SENDER_NOT_AUTHENTIC none"]);
    test.execute("UPDATE sightings SET state = 'REJECTED', reason = 'spam'").await;
    // Without the rejection the next reading would book it.
    test.execute("UPDATE emails SET authenticity = 'VERIFIED'").await;
    read_again(&test, &ana, 1).await;
    assert_eq!(sightings(&test).await, ["REJECTED spam none"]);
    assert_eq!(test.number(LIVING).await, 0);
    test.execute("UPDATE sightings SET state = 'IN_REVIEW'").await;
    read_again(&test, &ana, 2).await;
    assert_eq!(sightings(&test).await, ["FILED - booked"]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_claims_a_false_sender_books_nothing_and_waits() {
    let test = start().await;
    let ana = test.register("ana").await;
    let failing = ["dmarc=fail header.from=wrenfold.example", "dkim=fail header.d=wrenfold.example"];
    for (place, checks) in failing.into_iter().enumerate() {
        let id = place.to_string();
        let alert = Alert { id: &id, checks: Some(checks), ..Alert::default() };
        receive(&test, &ana, &id, &alert.bytes()).await;
    }
    assert_eq!(sightings(&test).await, ["IN_REVIEW SENDER_NOT_AUTHENTIC none"; 2]);
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 0);
    assert_eq!(test.number("SELECT count(*) AS number FROM accounts").await, 0);
    let query = "{ emails { nodes { authenticity extractionStatus } } }";
    let data = ana.data(query, json!({})).await;
    let read = json!({ "authenticity": "FAILED", "extractionStatus": "COMPLETED" });
    assert_eq!(data["emails"]["nodes"], json!([read, read]));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_nobody_checked_is_filed_and_not_called_verified() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert { checks: None, ..Alert::default() }.bytes()).await;
    // Somebody else's server says that all is well.
    let forged = [
        b"Authentication-Results: mx.evil.example; dmarc=pass\r\n",
        &*Alert { id: "2", checks: None, ..Alert::default() }.bytes(),
    ]
    .concat();
    receive(&test, &ana, "second", &forged).await;
    let data = ana.data("{ emails { nodes { authenticity } } }", json!({})).await;
    let unverified = json!({ "authenticity": "UNVERIFIED" });
    assert_eq!(data["emails"]["nodes"], json!([unverified, unverified]));
    assert_eq!(sightings(&test).await, ["FILED - booked"; 2]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_equal_coffees_are_two_transactions() {
    let test = start().await;
    let ana = test.register("ana").await;
    let coffee = |id| Alert { id, amount: "2.80", merchant: "Café Möwe", ..Alert::default() }.bytes();
    receive(&test, &ana, "first", &coffee("1")).await;
    receive(&test, &ana, "second", &coffee("2")).await;
    let found = transactions(&ana).await;
    assert_eq!(found.as_array().unwrap().len(), 2, "{found:#}");
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0]["amount"]["amount"], "-2.80");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mail_in_two_mailboxes_is_one_mail_with_two_places() {
    let test = start().await;
    let ana = test.register("ana").await;
    let mail = Alert::default().bytes();
    receive(&test, &ana, "first", &mail).await;
    // On its way to the second mailbox it got other headers of the transport, and other line ends.
    let unix = String::from_utf8(mail).unwrap().replace("\r\n", "\n");
    let second = format!("Received: from a by b; Fri, 20 Nov 2026 10:00:05 +0100\n{unix}");
    receive(&test, &ana, "second", second.as_bytes()).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, 1);
    let places = "SELECT count(DISTINCT connected_account_id) AS number FROM email_places";
    assert_eq!(test.number(places).await, 2);
    assert_eq!(test.number("SELECT count(*) AS number FROM email_places").await, 2);
    assert_eq!(transactions(&ana).await.as_array().unwrap().len(), 1);
    let counts = ana.data("{ connectedAccounts { nodes { emailCount } } }", json!({})).await;
    assert_eq!(counts["connectedAccounts"]["nodes"], json!([{ "emailCount": 1 }, { "emailCount": 1 }]));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_large_is_skipped_with_its_reason() {
    let test = TestApp::start_with(|app| {
        app.config.max_email_bytes = 2000;
        app.config.mail_authserv_ids = vec![TRUSTED.to_owned()];
    })
    .await;
    let ana = test.register("ana").await;
    let mut mail = Alert::default().bytes();
    mail.resize(2000, b'.');
    mail.push(b'\n');
    receive(&test, &ana, "large", &mail).await;
    let query = "{ emails { nodes { subject sizeBytes extractionStatus extractionReason transactions { nodes { id } } } } }";
    let data = ana.data(query, json!({})).await;
    let reason = "The mail is larger than the server keeps (MAX_EMAIL_BYTES).";
    let wanted = json!([{ "subject": "You spent EUR 3.40 at Korbmarkt", "sizeBytes": 2001,
        "extractionStatus": "SKIPPED", "extractionReason": reason, "transactions": { "nodes": [] } }]);
    assert_eq!(data["emails"]["nodes"], wanted);
    for table in ["email_sources", "email_texts", "extractions", "transactions"] {
        assert_eq!(test.number(&format!("SELECT count(*) AS number FROM {table}")).await, 0, "{table}");
    }
    // One byte less, and it is read.
    mail.remove(1999);
    receive(&test, &ana, "small", &mail).await;
    assert_eq!(test.number(LIVING).await, 1);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_again_by_its_mask() {
    let test = start().await;
    let ana = test.register("ana").await;
    let of_other = "Larkbank <alerts@larkbank.example>";
    let alerts = [
        Alert { id: "1", ..Alert::default() },
        Alert {
            id: "2",
            from: "Wrenfold Cards <other@wrenfold.example>",
            amount: "7.10",
            ..Alert::default()
        },
        Alert { id: "3", mask: "2044", ..Alert::default() },
        Alert { id: "4", from: of_other, checks: Some("dmarc=pass"), ..Alert::default() },
    ];
    for alert in &alerts {
        receive(&test, &ana, alert.id, &alert.bytes()).await;
    }
    let found = transactions(&ana).await;
    let accounts: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["account"]["name"]).collect();
    assert_eq!(accounts, ["Wrenfold 1965", "Wrenfold 1965", "Wrenfold 2044", "Larkbank 1965"]);
    assert_eq!(found[0]["account"]["id"], found[1]["account"]["id"]);
    let masks = "SELECT concat_ws(' ', issuer, kind, mask) AS text FROM account_masks ORDER BY id";
    let wanted = ["wrenfold.example CARD 1965", "wrenfold.example CARD 2044", "larkbank.example CARD 1965"];
    assert_eq!(test.texts(masks).await, wanted);
    // An account that a person has renamed is found all the same.
    test.execute("UPDATE accounts SET name = 'My card' WHERE name = 'Wrenfold 1965'").await;
    receive(&test, &ana, "5", &Alert { id: "5", ..Alert::default() }.bytes()).await;
    assert_eq!(test.number("SELECT count(*) AS number FROM accounts").await, 3);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sender_stops_the_mails_behind_it() {
    let test = start().await;
    let ana = test.register("ana").await;
    let long_domain = format!("Wrenfold <alerts@{}.example>", "w".repeat(300));
    let long_name = format!("{} <alerts@wrenfold.example>", "Wren".repeat(60));
    let senders = [
        "İŞ Wrenfold ẞ <alerts@is.example>",
        long_domain.as_str(),
        long_name.as_str(),
        "Wrenfold <alerts@>",
        "<>",
        "Wrenfold",
    ];
    for (place, from) in senders.into_iter().enumerate() {
        let id = place.to_string();
        let alert = Alert { id: &id, from, checks: None, ..Alert::default() };
        receive(&test, &ana, &id, &alert.bytes()).await;
    }
    let states = "SELECT DISTINCT state AS text FROM jobs";
    assert_eq!(test.texts(states).await, ["SUCCESS"]);
    let unread = "SELECT sender AS text FROM emails WHERE extraction_status <> 'COMPLETED'";
    assert_eq!(test.texts(unread).await, Vec::<String>::new());
    assert_eq!(test.number(LIVING).await, 6);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_cards_of_an_issuer_with_a_long_name_stay_two_accounts() {
    let test = start().await;
    let ana = test.register("ana").await;
    let from = format!("{} <alerts@wrenfold.example>", "Wren".repeat(30));
    for mask in ["1965", "2044"] {
        receive(&test, &ana, mask, &Alert { id: mask, mask, from: &from, ..Alert::default() }.bytes()).await;
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM accounts").await, 2);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_filed_fails_alone() {
    let test = start().await;
    let ana = test.register("ana").await;
    test.execute("ALTER TABLE transactions ADD CONSTRAINT refusal CHECK (merchant <> 'Poison Ivy')").await;
    let refused = Alert { id: "1", merchant: "Poison Ivy", ..Alert::default() }.bytes();
    let good = Alert { id: "2", ..Alert::default() }.bytes();
    let separator = b"From a@b Fri Nov 20 10:00:00 2026\n".as_slice();
    let mbox = [separator, &refused, b"\n", separator, &good].concat();
    receive(&test, &ana, "both", &mbox).await;
    assert_eq!(test.number(LIVING).await, 1);
    let failed = "SELECT count(*) AS number FROM emails WHERE extraction_status = 'FAILED' AND extraction_reason IS NOT NULL";
    assert_eq!(test.number(failed).await, 1);
    assert_eq!(test.number("SELECT count(*) AS number FROM extractions").await, 1);
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE state <> 'SUCCESS'").await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_under_a_banks_name_from_elsewhere_gets_another_account() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "real", &Alert::default().bytes()).await;
    let elsewhere = Alert {
        id: "2",
        from: "Wrenfold <alerts@wrenfo1d.example>",
        checks: Some("dmarc=pass header.from=wrenfo1d.example"),
        ..Alert::default()
    };
    receive(&test, &ana, "other", &elsewhere.bytes()).await;
    assert_eq!(test.number("SELECT count(DISTINCT account_id) AS number FROM transactions").await, 2);
    let named = "SELECT count(*) AS number FROM accounts WHERE name = 'wrenfo1d.example 1965'";
    assert_eq!(test.number(named).await, 1);
    test.finish().await;
}
