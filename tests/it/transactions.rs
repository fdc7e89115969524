//! Transactions by hand: made, changed and deleted by their owner; what a person says stays said.

use serde_json::{Value, json};

use crate::review::{Alert, read_again, receive, start};
use crate::support::app::{Person, TestApp};
use crate::support::mutation::refusal;

const ROW: &str = "transaction { id amount { amount currency } originalAmount { amount currency } direction bookedOn occurredAt
    merchant description notes source state category { id } account { id } editedFields }";

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_by_hand_is_in_the_currency_of_its_account() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (account, category) = (ana.account("Giro", "EUR").await, ana.category("Sport", "EXPENSE").await);
    let input = json!({ "accountId": account, "bookedOn": "2026-11-20", "occurredAt": "2026-11-20T10:00:00Z", "amount": "-12.34",
        "originalAmount": { "amount": "-1900", "currency": "JPY" }, "merchant": " Korbmarkt ", "description": "Tyres",
        "notes": "two\nlines", "categoryId": category });
    let made = ana.done("createTransaction", input, ROW).await;
    let wanted = json!({ "id": made["transaction"]["id"], "amount": { "amount": "-12.34", "currency": "EUR" },
        "originalAmount": { "amount": "-1900", "currency": "JPY" }, "direction": "OUT", "bookedOn": "2026-11-20",
        "occurredAt": "2026-11-20T10:00:00Z", "merchant": "Korbmarkt", "description": "Tyres", "notes": "two\nlines",
        "source": "MANUAL", "state": "POSTED", "category": { "id": category }, "account": { "id": account }, "editedFields": [] });
    assert_eq!(made["transaction"], wanted);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_the_ledger_cannot_hold_is_refused() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let account = ana.account("Giro", "EUR").await;
    let original = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    for (change, field) in [
        (json!({ "amount": "0" }), "amount"),
        (json!({ "amount": "0.0000" }), "amount"),
        (json!({ "amount": "1.005" }), "amount"),
        (json!({ "amount": "1.00001" }), "amount"),
        (json!({ "amount": "10000000000000000" }), "amount"),
        (json!({ "originalAmount": original("0", "USD") }), "originalAmount"),
        (json!({ "originalAmount": original("-1.001", "USD") }), "originalAmount"),
        (json!({ "originalAmount": original("-1.5", "JPY") }), "originalAmount"),
        (json!({ "originalAmount": original("-1.2345", "KWD") }), "originalAmount"),
        (json!({ "originalAmount": original("1", "USD") }), "originalAmount"),
        (json!({ "originalAmount": original("-1", "EUR") }), "originalAmount"),
    ] {
        let mut input = json!({ "accountId": account, "bookedOn": "2026-11-20", "amount": "-1" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(ana.refused("createTransaction", input).await, refusal(field, "INVALID"), "{change}");
    }
    for (field, length) in [("merchant", 201), ("description", 501), ("notes", 5001)] {
        let mut input = json!({ "accountId": account, "bookedOn": "2026-11-20", "amount": "-1" });
        input[field] = json!("x".repeat(length));
        assert_eq!(ana.refused("createTransaction", input).await, refusal(field, "TOO_LONG"));
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 0);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_leaves_what_is_absent_clears_what_is_null_and_remembers_both() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (account, category) = (ana.account("Giro", "EUR").await, ana.category("Sport", "EXPENSE").await);
    let id = ana.book(&account, "-5", "2026-11-01", Some(&category)).await;
    let now = ana.done("updateTransaction", json!({ "id": id, "notes": "mine", "amount": "-6" }), ROW).await;
    let row = &now["transaction"];
    assert_eq!(
        (&row["merchant"], &row["amount"]["amount"], &row["notes"]),
        (&json!("Korbmarkt"), &json!("-6.00"), &json!("mine"))
    );
    assert_eq!(row["editedFields"], json!(["AMOUNT", "NOTES"]));
    let now =
        ana.done("updateTransaction", json!({ "id": id, "merchant": null, "categoryId": null }), ROW).await;
    let row = &now["transaction"];
    assert_eq!(
        (&row["merchant"], &row["category"], &row["notes"]),
        (&Value::Null, &Value::Null, &json!("mine"))
    );
    assert_eq!(row["editedFields"], json!(["AMOUNT", "NOTES", "MERCHANT", "CATEGORY"]));
    let same = ana.done("updateTransaction", json!({ "id": id }), ROW).await;
    assert_eq!(same["transaction"], *row);
    for field in ["amount", "bookedOn", "accountId", "state"] {
        let mut input = json!({ "id": id });
        input[field] = Value::Null;
        assert_eq!(ana.refused("updateTransaction", input).await, refusal(field, "INVALID"));
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_another_currency_needs_the_amount_in_it() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (euros, dollars) = (ana.account("Euros", "EUR").await, ana.account("Dollars", "USD").await);
    let id = ana.book(&euros, "-5", "2026-11-01", None).await;
    let input = json!({ "id": id, "accountId": dollars });
    assert_eq!(ana.refused("updateTransaction", input).await, refusal("amount", "INVALID"));
    let original = json!({ "amount": "-5", "currency": "EUR" });
    let input = json!({ "id": id, "accountId": dollars, "amount": "-5.5", "originalAmount": original });
    let now = ana.done("updateTransaction", input, ROW).await;
    assert_eq!(now["transaction"]["amount"], json!({ "amount": "-5.50", "currency": "USD" }));
    assert_eq!(now["transaction"]["originalAmount"], json!({ "amount": "-5.00", "currency": "EUR" }));
    let input = json!({ "id": id, "amount": "5.5" });
    assert_eq!(ana.refused("updateTransaction", input).await, refusal("originalAmount", "INVALID"));
    let input = json!({ "id": id, "amount": "5.5", "originalAmount": null });
    assert_eq!(ana.done("updateTransaction", input, ROW).await["transaction"]["direction"], "IN");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_gives_no_more_decimals_than_the_currency_has_and_keeps_what_a_mail_said() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (euros, yen) = (ana.account("Euros", "EUR").await, ana.account("Yen", "JPY").await);
    let id = ana.book(&euros, "-5", "2026-11-01", None).await;
    let original = json!({ "amount": "-1.5", "currency": "JPY" });
    for (change, field) in [
        (json!({ "amount": "-1.005" }), "amount"),
        (json!({ "amount": "-1.5", "accountId": yen }), "amount"),
        (json!({ "originalAmount": original }), "originalAmount"),
    ] {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(ana.refused("updateTransaction", input).await, refusal(field, "INVALID"), "{change}");
    }
    test.execute("UPDATE transactions SET amount = -0.0042").await;
    let original = json!({ "amount": "-1", "currency": "JPY" });
    let kept = ana.done("updateTransaction", json!({ "id": id, "originalAmount": original }), ROW).await;
    assert_eq!(kept["transaction"]["amount"]["amount"], "-0.0042");
    test.run_jobs().await;
    test.finish().await;
}

async fn only(person: &Person<'_>) -> Value {
    let query = "{ transactions { nodes { id amount { amount } merchant category { name } account { name } bookedOn } } }";
    person.data(query, json!({})).await["transactions"]["nodes"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_later_reading_overwrites_what_a_person_set() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert::default().bytes()).await;
    let (id, category) = (only(&ana).await[0]["id"].clone(), ana.category("Sport", "EXPENSE").await);
    let input = json!({ "id": id, "merchant": "The market", "amount": "-3.5", "categoryId": category, "bookedOn": "2026-11-19" });
    ana.done("updateTransaction", input, "").await;
    let edited = only(&ana).await;
    // What the person did not set is corrected: here the account, which somebody has spoilt.
    test.execute("UPDATE transactions SET state = 'PENDING', description = 'spoilt'").await;
    read_again(&test, &ana, 1).await;
    assert_eq!(only(&ana).await, edited);
    let row = "SELECT concat_ws(' ', state, coalesce(description, 'none')) AS text FROM transactions";
    assert_eq!(test.texts(row).await, ["POSTED none"]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_transaction_is_gone_and_no_fetch_or_reading_brings_it_back() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &Alert::default().bytes()).await;
    let id = only(&ana).await[0]["id"].clone();
    let deleted = ana.done("deleteTransaction", json!({ "id": id }), "deletedTransactionId").await;
    assert_eq!(deleted["deletedTransactionId"], id);
    read_again(&test, &ana, 1).await;
    receive(&test, &ana, "second", &Alert::default().bytes()).await;
    assert_eq!(only(&ana).await, json!([]));
    let query = "query ($id: ID!) { transaction(id: $id) { id } node(id: $id) { id } emails { nodes { transactions { totalCount } } } }";
    let data = ana.data(query, json!({ "id": id })).await;
    let wanted = json!({ "transaction": null, "node": null, "emails": { "nodes": [{ "transactions": { "totalCount": 0 } }] } });
    assert_eq!(data, wanted);
    for (mutation, input) in
        [("deleteTransaction", json!({ "id": id })), ("updateTransaction", json!({ "id": id, "notes": "x" }))]
    {
        assert_eq!(ana.refused(mutation, input).await, refusal("id", "NOT_FOUND"));
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_transaction_is_answered_like_one_that_never_was() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    let (anas, bobs) = (ana.account("Giro", "EUR").await, bob.account("Giro", "EUR").await);
    let category = ana.category("Sport", "EXPENSE").await;
    let (hers, his) =
        (ana.book(&anas, "-5", "2026-11-01", None).await, bob.book(&bobs, "-5", "2026-11-01", None).await);
    let all = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) AS text FROM transactions t";
    let before = test.texts(all).await;
    for stranger in [&bob, &admin] {
        assert_eq!(
            stranger.refused("updateTransaction", json!({ "id": hers, "notes": "X" })).await,
            refusal("id", "NOT_FOUND")
        );
        assert_eq!(
            stranger.refused("deleteTransaction", json!({ "id": hers })).await,
            refusal("id", "NOT_FOUND")
        );
        let input = json!({ "accountId": anas, "amount": "-1", "bookedOn": "2026-11-01" });
        assert_eq!(stranger.refused("createTransaction", input).await, refusal("accountId", "NOT_FOUND"));
    }
    let input =
        json!({ "accountId": bobs, "amount": "-1", "bookedOn": "2026-11-01", "categoryId": category });
    assert_eq!(bob.refused("createTransaction", input).await, refusal("categoryId", "NOT_FOUND"));
    for (field, id) in [("accountId", &anas), ("categoryId", &category)] {
        let mut input = json!({ "id": his });
        input[field] = id.clone();
        assert_eq!(bob.refused("updateTransaction", input).await, refusal(field, "NOT_FOUND"));
    }
    assert_eq!(test.texts(all).await, before);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_leaves_what_it_says() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (euros, dollars) = (ana.account("Euros", "EUR").await, ana.account("Dollars", "USD").await);
    let sport = ana.category("Sport", "EXPENSE").await;
    ana.book(&euros, "-5", "2026-11-01", Some(&sport)).await;
    ana.book(&euros, "7", "2026-11-02", None).await;
    ana.book(&dollars, "-9", "2026-11-03", None).await;
    let query = "query ($filter: TransactionFilter) { transactions(filter: $filter, orderBy: BOOKED_ON_ASC) { totalCount
        nodes { amount { amount } } } }";
    for (filter, wanted) in [
        (json!({}), vec!["-5.00", "7.00", "-9.00"]),
        (json!({ "bookedFrom": "2026-11-02", "bookedTo": "2026-11-02" }), vec!["7.00"]),
        (json!({ "minAmount": "5.01", "maxAmount": "8" }), vec!["7.00"]),
        (json!({ "categoryIds": [sport] }), vec!["-5.00"]),
        (json!({ "hasCategory": false }), vec!["7.00", "-9.00"]),
        (json!({ "hasCategory": true }), vec!["-5.00"]),
        (json!({ "accountIds": [dollars] }), vec!["-9.00"]),
        (json!({ "currencies": ["EUR"], "direction": "OUT" }), vec!["-5.00"]),
        (json!({ "sources": ["MANUAL"] }), vec!["-5.00", "7.00", "-9.00"]),
        (json!({ "sources": ["MAIL"] }), vec![]),
        (json!({ "states": ["VOID"] }), vec![]),
        (json!({ "text": "KORB" }), vec!["-5.00", "7.00", "-9.00"]),
        (json!({ "text": "100%" }), vec![]),
    ] {
        let data = ana.data(query, json!({ "filter": filter })).await;
        let list = &data["transactions"];
        let amounts: Vec<&str> = list["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["amount"]["amount"].as_str().unwrap())
            .collect();
        assert_eq!(amounts, wanted, "{filter}");
        assert_eq!(list["totalCount"], wanted.len());
    }
    test.run_jobs().await;
    test.finish().await;
}
