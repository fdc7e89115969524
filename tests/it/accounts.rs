//! Money accounts: made, changed and deleted by their owner, without losing a transaction.

use serde_json::{Value, json};

use crate::review::{Alert, receive, start};
use crate::support::app::TestApp;
use crate::support::mutation::refusal;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_exact_money_in_its_own_currency() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let input = json!({ "name": "Dinars", "kind": "CASH", "currency": "KWD", "openingBalance": "24.6550", "issuer": "Bank.Example" });
    let wanted = "account { id name kind currency issuer openingBalance { amount currency } balance { amount } masks { mask } }";
    let made = ana.done("createAccount", input, wanted).await;
    let account = json!({ "id": made["account"]["id"], "name": "Dinars", "kind": "CASH", "currency": "KWD", "issuer": "bank.example",
        "openingBalance": { "amount": "24.655", "currency": "KWD" }, "balance": { "amount": "24.655" }, "masks": [] });
    assert_eq!(made["account"], account);
    for (input, field, code) in [
        (json!({ "name": "dinars", "kind": "CASH", "currency": "EUR" }), "name", "TAKEN"),
        (
            json!({ "name": "New", "kind": "CASH", "currency": "JPY", "openingBalance": "1.5" }),
            "openingBalance",
            "INVALID",
        ),
        (
            json!({ "name": "New", "kind": "CASH", "currency": "EUR", "openingBalance": "0.00001" }),
            "openingBalance",
            "INVALID",
        ),
        (
            json!({ "name": "New", "kind": "CASH", "currency": "EUR", "openingBalance": "10000000000000000" }),
            "openingBalance",
            "INVALID",
        ),
    ] {
        assert_eq!(ana.refused("createAccount", input).await, refusal(field, code));
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_changes_and_its_currency_only_while_it_is_empty() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let id = ana.account("Giro", "EUR").await;
    let input = json!({ "id": id, "name": "Current", "kind": "CARD", "currency": "USD", "issuer": "a.example", "openingBalance": "-3.5" });
    let wanted = "account { name kind currency issuer openingBalance { amount } }";
    let now = ana.done("updateAccount", input, wanted).await;
    let account = json!({ "name": "Current", "kind": "CARD", "currency": "USD", "issuer": "a.example", "openingBalance": { "amount": "-3.50" } });
    assert_eq!(now["account"], account);
    // Neither a new balance nor the one that it has may be finer than the currency.
    for change in [json!({ "id": id, "openingBalance": "0.001" }), json!({ "id": id, "currency": "JPY" })] {
        assert_eq!(ana.refused("updateAccount", change).await, refusal("openingBalance", "INVALID"));
    }
    ana.done("updateAccount", json!({ "id": id, "currency": "JPY", "openingBalance": "350" }), "").await;
    ana.done("updateAccount", json!({ "id": id, "currency": "USD" }), "").await;
    ana.book(&id, "-5", "2026-11-01", None).await;
    assert_eq!(
        ana.refused("updateAccount", json!({ "id": id, "currency": "EUR" })).await,
        refusal("currency", "IN_USE")
    );
    assert_eq!(
        ana.refused("updateAccount", json!({ "id": id, "kind": null })).await,
        refusal("kind", "INVALID")
    );
    let cleared =
        ana.done("updateAccount", json!({ "id": id, "issuer": null, "currency": "USD" }), wanted).await;
    assert_eq!(
        (&cleared["account"]["issuer"], &cleared["account"]["name"]),
        (&Value::Null, &json!("Current"))
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_counts_what_is_living_and_not_void_in_the_accounts_currency() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let input = json!({ "name": "Giro", "kind": "BANK", "currency": "EUR", "openingBalance": "100" });
    let id = ana.done("createAccount", input, "account { id }").await["account"]["id"].take();
    ana.book(&id, "-0.1", "2026-11-01", None).await;
    ana.book(&id, "-0.2", "2026-11-01", None).await;
    let void = ana.book(&id, "-50", "2026-11-01", None).await;
    ana.done("updateTransaction", json!({ "id": void, "state": "VOID" }), "").await;
    let deleted = ana.book(&id, "-50", "2026-11-01", None).await;
    ana.done("deleteTransaction", json!({ "id": deleted }), "").await;
    test.execute("INSERT INTO transactions (id, user_id, booked_on, amount, currency, account_id, source, state)
        SELECT gen_random_uuid(), user_id, booked_on, -7, 'USD', account_id, 'MAIL', 'POSTED' FROM transactions LIMIT 1").await;
    let query = "query ($id: ID!) { account(id: $id) { balance { amount currency } transactions { totalCount nodes { amount { amount } } } } }";
    let data = ana.data(query, json!({ "id": id })).await;
    assert_eq!(data["account"]["balance"], json!({ "amount": "99.70", "currency": "EUR" }));
    assert_eq!(data["account"]["transactions"]["totalCount"], 4);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_account_goes_when_another_takes_over_its_transactions_and_masks() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "first", &Alert::default().bytes()).await;
    let learned = ana.data("{ accounts { nodes { id masks { issuer kind mask } } } }", json!({})).await;
    let learned = &learned["accounts"]["nodes"][0];
    assert_eq!(learned["masks"], json!([{ "issuer": "wrenfold.example", "kind": "CARD", "mask": "1965" }]));
    let (card, dollars) = (ana.account("My card", "EUR").await, ana.account("Dollars", "USD").await);
    let id = &learned["id"];
    for (input, code) in [
        (json!({ "id": id }), "IN_USE"),
        (json!({ "id": id, "transactionsTo": dollars }), "INVALID"),
        (json!({ "id": id, "transactionsTo": id }), "INVALID"),
        (json!({ "id": id, "transactionsTo": "nonsense" }), "NOT_FOUND"),
    ] {
        assert_eq!(ana.refused("deleteAccount", input).await, refusal("transactionsTo", code));
    }
    let deleted =
        ana.done("deleteAccount", json!({ "id": id, "transactionsTo": card }), "deletedAccountId").await;
    assert_eq!(deleted["deletedAccountId"], *id);
    // A mail that names the card of the account that is gone is booked on the one that took its place.
    receive(&test, &ana, "second", &Alert { id: "2", ..Alert::default() }.bytes()).await;
    let query = "{ transactions { nodes { account { name masks { mask } } editedFields } } }";
    let found = ana.data(query, json!({})).await;
    let account = json!({ "name": "My card", "masks": [{ "mask": "1965" }] });
    let wanted = json!([{ "account": account, "editedFields": [] }, { "account": account, "editedFields": ["ACCOUNT"] }]);
    assert_eq!(found["transactions"]["nodes"], wanted);
    ana.done("deleteAccount", json!({ "id": dollars }), "").await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_account_is_answered_like_one_that_never_was() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    let (anas, bobs) = (ana.account("Giro", "EUR").await, bob.account("Giro", "EUR").await);
    let all = "SELECT md5(string_agg(a::text, ',' ORDER BY id)) AS text FROM accounts a";
    let before = test.texts(all).await;
    for stranger in [&bob, &admin] {
        assert_eq!(
            stranger.refused("updateAccount", json!({ "id": anas, "name": "X" })).await,
            refusal("id", "NOT_FOUND")
        );
        assert_eq!(
            stranger.refused("deleteAccount", json!({ "id": anas })).await,
            refusal("id", "NOT_FOUND")
        );
    }
    let moved = json!({ "id": bobs, "transactionsTo": anas });
    assert_eq!(bob.refused("deleteAccount", moved).await, refusal("transactionsTo", "NOT_FOUND"));
    assert_eq!(test.texts(all).await, before);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_filtered_and_ordered() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let (euros, dollars) = (ana.account("Euros", "EUR").await, ana.account("Dollars", "USD").await);
    let query = "query ($filter: AccountFilter) { me { accounts(filter: $filter, orderBy: CREATED_AT_DESC) { totalCount nodes { id } } } }";
    for (filter, wanted) in [
        (json!({}), vec![&dollars, &euros]),
        (json!({ "currencies": ["USD"] }), vec![&dollars]),
        (json!({ "text": "EURO" }), vec![&euros]),
        (json!({ "kinds": ["CARD"] }), vec![]),
    ] {
        let data = ana.data(query, json!({ "filter": filter })).await;
        let list = &data["me"]["accounts"];
        let ids: Vec<&Value> = list["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
        assert_eq!(ids, wanted);
        assert_eq!(list["totalCount"], wanted.len());
    }
    test.run_jobs().await;
    test.finish().await;
}
