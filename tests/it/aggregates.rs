//! Sums over the ledger: in the currency of the rows, without transfers, and with refunds where they belong.

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

/// A month with something of everything.
async fn month(ana: &Person<'_>) {
    let (euros, dollars) = (ana.account("Euros", "EUR").await, ana.account("Dollars", "USD").await);
    let (sport, pay) = (ana.category("Sport", "EXPENSE").await, ana.category("Pay", "INCOME").await);
    let moved = ana.category("Between accounts", "TRANSFER").await;
    for (account, amount, day, category) in [
        (&euros, "-30.10", "2026-10-01", Some(&sport)),
        (&euros, "10", "2026-10-05", Some(&sport)),
        (&euros, "-4", "2026-10-31", None),
        (&euros, "6", "2026-10-31", None),
        (&euros, "2000", "2026-10-30", Some(&pay)),
        (&euros, "-100", "2026-10-30", Some(&pay)),
        (&euros, "-500", "2026-10-20", Some(&moved)),
        (&dollars, "500", "2026-10-20", Some(&moved)),
        (&dollars, "-7", "2026-10-02", Some(&sport)),
        (&euros, "-8", "2026-11-02", Some(&sport)),
    ] {
        ana.book(account, amount, day, category).await;
    }
    let void = ana.book(&euros, "-1000", "2026-10-10", Some(&sport)).await;
    ana.done("updateTransaction", json!({ "id": void, "state": "VOID" }), "").await;
    let deleted = ana.book(&euros, "-1000", "2026-10-10", Some(&sport)).await;
    ana.done("deleteTransaction", json!({ "id": deleted }), "").await;
}

const OCTOBER: &str = "period: { from: \"2026-10-01\", to: \"2026-10-31\" }";

#[tokio::test(flavor = "multi_thread")]
async fn spending_is_summed_up_by_currency_with_refunds_and_without_transfers() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    month(&ana).await;
    let query = format!("{{ spending({OCTOBER}) {{ category {{ name }} spent {{ amount currency }} transactionCount }}
        me {{ spending({OCTOBER}) {{ category {{ name }} spent {{ amount currency }} transactionCount }} }} }}");
    let data = ana.data(&query, json!({})).await;
    let row = |category: Value, amount: &str, currency: &str, count: i32| json!({ "category": category, "spent": { "amount": amount, "currency": currency }, "transactionCount": count });
    let sport = json!({ "name": "Sport" });
    let wanted = json!([
        row(sport.clone(), "20.10", "EUR", 2),
        row(Value::Null, "4.00", "EUR", 1),
        row(sport, "7.00", "USD", 1)
    ]);
    assert_eq!(data["spending"], wanted);
    assert_eq!(data["me"]["spending"], wanted);
    assert_eq!(bob.data(&query, json!({})).await["spending"], json!([]));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spending_is_grouped_by_merchant_or_account_and_cut_to_the_largest() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    month(&ana).await;
    let query = format!("{{ byMerchant: spending({OCTOBER}, groupBy: MERCHANT) {{ merchant account {{ name }} spent {{ amount }} }}
        byAccount: spending({OCTOBER}, groupBy: ACCOUNT) {{ merchant account {{ name }} spent {{ amount }} }}
        largest: spending({OCTOBER}, first: 1) {{ spent {{ amount currency }} }} }}");
    let data = ana.data(&query, json!({})).await;
    let merchant =
        |amount: &str| json!({ "merchant": "Korbmarkt", "account": null, "spent": { "amount": amount } });
    assert_eq!(data["byMerchant"], json!([merchant("24.10"), merchant("7.00")]));
    let account = |name: &str, amount: &str| json!({ "merchant": null, "account": { "name": name }, "spent": { "amount": amount } });
    assert_eq!(data["byAccount"], json!([account("Euros", "24.10"), account("Dollars", "7.00")]));
    let largest = json!([{ "spent": { "amount": "20.10", "currency": "EUR" } }, { "spent": { "amount": "7.00", "currency": "USD" } }]);
    assert_eq!(data["largest"], largest);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_flow_tells_earned_and_spent_apart_in_each_interval() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    month(&ana).await;
    let fields = "startsOn income { amount currency } spending { amount } net { amount } transactionCount";
    let query = format!(
        "{{ me {{ cashFlow(period: {{ from: \"2026-10-01\", to: \"2026-11-30\" }}) {{ {fields} }} }}
        cashFlow({OCTOBER}, interval: WEEK) {{ {fields} }} }}"
    );
    let data = ana.data(&query, json!({})).await;
    let row = |day: &str, currency: &str, income: &str, spending: &str, net: &str, count: i32| {
        json!({ "startsOn": day, "income": { "amount": income, "currency": currency }, "spending": { "amount": spending },
            "net": { "amount": net }, "transactionCount": count })
    };
    let wanted = json!([
        row("2026-10-01", "EUR", "1906.00", "24.10", "1881.90", 6),
        row("2026-10-01", "USD", "0.00", "7.00", "-7.00", 1),
        row("2026-11-01", "EUR", "0.00", "8.00", "-8.00", 1),
    ]);
    assert_eq!(data["me"]["cashFlow"], wanted);
    let weeks: Vec<&Value> =
        data["cashFlow"].as_array().unwrap().iter().map(|row| &row["startsOn"]).collect();
    assert_eq!(weeks, ["2026-09-28", "2026-09-28", "2026-10-05", "2026-10-26"]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_cannot_be_is_refused() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    for query in [
        "{ spending(period: { from: \"2026-10-02\", to: \"2026-10-01\" }) { transactionCount } }",
        "{ spending(period: { from: \"2026-10-01\", to: \"2026-10-01\" }, first: 101) { transactionCount } }",
        "{ cashFlow(period: { from: \"2025-01-01\", to: \"2026-10-01\" }, interval: DAY) { transactionCount } }",
    ] {
        assert_eq!(ana.error_code(query, json!({})).await, "BAD_USER_INPUT");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sums_up_everyone_and_anybody_else_their_own() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    month(&ana).await;
    let account = bob.account("Euros", "EUR").await;
    bob.book(&account, "-1", "2026-10-01", None).await;
    let all = format!(
        "query ($user: ID) {{ spending({OCTOBER}, groupBy: MERCHANT, userId: $user) {{ spent {{ amount }} }}
        cashFlow({OCTOBER}, userId: $user) {{ transactionCount }} }}"
    );
    let sums = |data: &Value| {
        data["spending"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["spent"]["amount"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(sums(&admin.data(&all, json!({})).await), ["25.10", "7.00"]);
    assert_eq!(sums(&admin.data(&all, json!({ "user": bob.id })).await), ["1.00"]);
    assert_eq!(sums(&bob.data(&all, json!({})).await), ["1.00"]);
    assert_eq!(bob.error_code(&all, json!({ "user": ana.id })).await, "BAD_USER_INPUT");
    test.run_jobs().await;
    test.finish().await;
}
