//! What people do to their ledger, their mails and their mailboxes: written down once, with what it was before and is after.

use serde_json::{Value, json};

use super::entries;
use crate::review::{Alert, receive, start};
use crate::support::app::{Person, TestApp};

/// The entries with one of those actions, the newest first: action, subject, and each field with its values.
async fn told(person: &Person<'_>, wanted: &[&str]) -> Vec<(String, Value, Value)> {
    let told = entries(person, json!({ "actions": wanted })).await.into_iter().map(|entry| {
        assert_eq!(entry["ownerId"], person.id, "{entry}");
        assert_eq!(entry["actorId"], person.id, "{entry}");
        let fields = entry["changes"].as_array().unwrap().iter();
        let fields = fields.map(|change| {
            (change["field"].as_str().unwrap().to_owned(), json!([change["before"], change["after"]]))
        });
        (entry["action"].as_str().unwrap().to_owned(), entry["subjectId"].clone(), fields.collect())
    });
    told.collect()
}

fn entry(action: &str, subject: &Value, changes: Value) -> (String, Value, Value) {
    (action.to_owned(), subject.clone(), changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_and_accounts_are_told_of_with_what_changed() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let input = json!({ "name": "Sport", "kind": "EXPENSE", "colour": "#4CAF50", "idempotencyKey": "k" });
    let category =
        ana.done("createCategory", input.clone(), "category { id }").await["category"]["id"].take();
    ana.done("createCategory", input, "").await;
    let other = ana.category("Games", "EXPENSE").await;
    // What stays as it was is no change, and what is refused has changed nothing.
    ana.done("updateCategory", json!({ "id": other, "name": "Games" }), "").await;
    ana.refused("updateCategory", json!({ "id": other, "name": "Sport" })).await;
    ana.done("updateCategory", json!({ "id": other, "name": "Play", "parentId": category }), "").await;
    ana.refused("deleteCategory", json!({ "id": category })).await;
    ana.done("deleteCategory", json!({ "id": other, "transactionsTo": { "categoryId": category } }), "")
        .await;
    let wanted = ["CATEGORY_CREATED", "CATEGORY_UPDATED", "CATEGORY_DELETED"];
    let made = json!({ "name": [null, "Sport"], "kind": [null, "EXPENSE"], "colour": [null, "#4caf50"] });
    assert_eq!(
        told(&ana, &wanted).await,
        [
            entry(
                "CATEGORY_DELETED",
                &other,
                json!({ "name": ["Play", null], "kind": ["EXPENSE", null], "parentId": [category, null],
                    "transactionsTo": [null, category] })
            ),
            entry(
                "CATEGORY_UPDATED",
                &other,
                json!({ "name": ["Games", "Play"], "parentId": [null, category] })
            ),
            entry("CATEGORY_CREATED", &other, json!({ "name": [null, "Games"], "kind": [null, "EXPENSE"] })),
            entry("CATEGORY_CREATED", &category, made),
        ]
    );
    let (bank, purse) = (ana.account("Bank", "EUR").await, ana.account("Purse", "EUR").await);
    ana.done("updateAccount", json!({ "id": bank, "issuer": "Bank.Example", "openingBalance": "2.50" }), "")
        .await;
    ana.done("deleteAccount", json!({ "id": purse, "transactionsTo": bank }), "").await;
    let found = told(&ana, &["ACCOUNT_UPDATED", "ACCOUNT_DELETED"]).await;
    let gone = json!({ "name": ["Purse", null], "kind": ["BANK", null], "currency": ["EUR", null],
        "openingBalance": ["0.00 EUR", null], "transactionsTo": [null, bank] });
    let changed = json!({ "issuer": [null, "bank.example"], "openingBalance": ["0.00 EUR", "2.50 EUR"] });
    assert_eq!(found, [entry("ACCOUNT_DELETED", &purse, gone), entry("ACCOUNT_UPDATED", &bank, changed)]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_told_of_with_what_changed() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (bank, category) = (ana.account("Bank", "EUR").await, ana.category("Sport", "EXPENSE").await);
    let id = ana.book(&bank, "-3.40", "2026-11-20", None).await;
    let input = json!({ "id": id, "amount": "-3.40", "categoryId": category, "notes": "a gift" });
    ana.done("updateTransaction", input.clone(), "").await;
    ana.done("updateTransaction", input, "").await;
    ana.done("deleteTransaction", json!({ "id": id }), "").await;
    ana.refused("deleteTransaction", json!({ "id": id })).await;
    let made = json!({ "accountId": [null, bank], "bookedOn": [null, "2026-11-20"], "amount": [null, "-3.40 EUR"],
        "merchant": [null, "Korbmarkt"], "state": [null, "POSTED"] });
    let changed = json!({ "categoryId": [null, category], "notes": [null, "a gift"] });
    let gone = json!({ "accountId": [bank, null], "bookedOn": ["2026-11-20", null], "amount": ["-3.40 EUR", null],
        "merchant": ["Korbmarkt", null], "state": ["POSTED", null], "categoryId": [category, null], "notes": ["a gift", null] });
    assert_eq!(
        told(&ana, &["TRANSACTION_CREATED", "TRANSACTION_UPDATED", "TRANSACTION_DELETED"]).await,
        [
            entry("TRANSACTION_DELETED", &id, gone),
            entry("TRANSACTION_UPDATED", &id, changed),
            entry("TRANSACTION_CREATED", &id, made),
        ]
    );
    // The longest texts, in the longest characters, have room.
    let long = |length: usize| "🦊".repeat(length);
    let texts = json!({ "accountId": bank, "amount": "-1", "bookedOn": "2026-11-20", "merchant": long(200),
        "description": long(500), "notes": long(5_000) });
    let made = ana.done("createTransaction", texts, "transaction { id }").await;
    let other = |length: usize| "🐙".repeat(length);
    let texts = json!({ "id": made["transaction"]["id"], "merchant": other(200), "description": other(500),
        "notes": other(5_000) });
    ana.done("updateTransaction", texts, "").await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sightings_are_told_of_when_they_are_booked_and_when_they_are_rejected() {
    let test = start().await;
    let ana = test.register("ana").await;
    for id in ["1", "2"] {
        let doubtful =
            Alert { id, checks: Some("dmarc=fail header.from=wrenfold.example"), ..Alert::default() };
        receive(&test, &ana, id, &doubtful.bytes()).await;
    }
    let waiting =
        ana.data("{ sightings(filter: { states: [IN_REVIEW] }) { nodes { id } } }", json!({})).await;
    let [one, two] = [0, 1].map(|at| waiting["sightings"]["nodes"][at]["id"].clone());
    let input = json!({ "id": one, "idempotencyKey": "k" });
    let booked =
        ana.done("acceptSighting", input.clone(), "transaction { id account { id } category { id } }").await;
    ana.done("acceptSighting", input, "").await;
    for _ in 0..2 {
        ana.done("rejectSighting", json!({ "id": two, "reason": "a trick" }), "").await;
    }
    let reason = "SENDER_NOT_AUTHENTIC";
    let accepted = json!({ "state": ["IN_REVIEW", "FILED"], "reason": [reason, null],
        "transactionId": [null, booked["transaction"]["id"]] });
    let rejected = json!({ "state": ["IN_REVIEW", "REJECTED"], "reason": [reason, "a trick"] });
    let made = &booked["transaction"];
    let created = json!({ "accountId": [null, made["account"]["id"]], "bookedOn": [null, "2026-11-20"],
        "amount": [null, "-3.40 EUR"], "merchant": [null, "Korbmarkt"], "categoryId": [null, made["category"]["id"]],
        "state": [null, "POSTED"] });
    let wanted = ["SIGHTING_ACCEPTED", "SIGHTING_REJECTED", "TRANSACTION_CREATED", "TRANSACTION_UPDATED"];
    assert_eq!(
        told(&ana, &wanted).await,
        [
            entry("SIGHTING_REJECTED", &two, rejected),
            entry("TRANSACTION_CREATED", &made["id"], created),
            entry("SIGHTING_ACCEPTED", &one, accepted),
        ]
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_mailboxes_are_told_of_without_what_stands_in_the_mails() {
    let test = start().await;
    let ana = test.register("ana").await;
    for id in ["1", "2"] {
        receive(&test, &ana, id, &Alert { id, ..Alert::default() }.bytes()).await;
    }
    let listed = ana
        .data("{ emails { nodes { id } } connectedAccounts(first: 1) { nodes { id address } } }", json!({}))
        .await;
    let [one, two] = [0, 1].map(|at| listed["emails"]["nodes"][at]["id"].clone());
    ana.done("ignoreEmails", json!({ "ids": [one] }), "").await;
    ana.done("ignoreEmails", json!({ "ids": [one, "nonsense"] }), "").await;
    ana.done("restoreEmails", json!({ "ids": [one, two] }), "").await;
    ana.done("deleteEmails", json!({ "ids": [one, one] }), "").await;
    let wanted = ["EMAIL_IGNORED", "EMAIL_RESTORED", "EMAIL_DELETED"];
    assert_eq!(
        told(&ana, &wanted).await,
        ["EMAIL_DELETED", "EMAIL_RESTORED", "EMAIL_IGNORED"].map(|action| entry(action, &one, json!({})))
    );
    let mailbox = &listed["connectedAccounts"]["nodes"][0];
    let id = &mailbox["id"];
    let input = json!({ "id": id, "address": "Bank", "isPaused": true });
    ana.done("updateConnectedAccount", input.clone(), "").await;
    ana.done("updateConnectedAccount", input, "").await;
    ana.done("deleteConnectedAccount", json!({ "id": id }), "").await;
    let found = told(&ana, &["CONNECTED_ACCOUNT_UPDATED", "CONNECTED_ACCOUNT_DELETED"]).await;
    let changed = json!({ "address": [mailbox["address"], "Bank"], "status": ["ACTIVE", "PAUSED"] });
    assert_eq!(found[1], entry("CONNECTED_ACCOUNT_UPDATED", id, changed));
    assert_eq!((found.len(), &found[0].1), (2, id));
    assert_eq!(found[0].2["address"], json!(["Bank", null]));
    let whole = test.texts("SELECT audit_entries::text AS text FROM audit_entries").await.join("\n");
    assert!(!whole.contains("Korbmarkt"), "{whole}");
    test.run_jobs().await;
    test.finish().await;
}
