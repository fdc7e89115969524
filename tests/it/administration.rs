//! What admins see and do: users, roles, activation, counts, and the trace that a look into a mail leaves.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};

const SET_ROLE: &str =
    "mutation ($id: ID!, $role: Role!) { setUserRole(input: { userId: $id, role: $role }) {
    user { role } userErrors { field code } } }";
const DEACTIVATE: &str = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) {
    user { isActive } userErrors { field code } } }";
const ACTIVATE: &str = "mutation ($id: ID!) { activateUser(input: { userId: $id }) {
    user { isActive } userErrors { field code } } }";

async fn set_role(by: &Person<'_>, of: &Person<'_>, role: &str) -> Value {
    by.data(SET_ROLE, json!({ "id": of.id, "role": role })).await["setUserRole"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_finds_users_by_parts_of_their_names_and_everybody_else_only_themselves() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    test.register("an_other").await;
    let query = "query ($search: String) { users(search: $search) { totalCount nodes { username } } }";
    let found = async |person: &Person<'_>, search: &str| {
        let data = person.data(query, json!({ "search": search })).await;
        let nodes = data["users"]["nodes"].as_array().unwrap().clone();
        assert_eq!(data["users"]["totalCount"], nodes.len());
        nodes.iter().map(|node| node["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&root, "").await, ["ana", "root", "an_other"]);
    assert_eq!(found(&root, "AN").await, ["ana", "an_other"]);
    assert_eq!(found(&root, "n_").await, ["an_other"]);
    assert_eq!(found(&root, "ana@mail").await, ["ana"]);
    assert_eq!(found(&ana, "").await, ["ana"]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_and_an_activation_take_effect_and_are_written_down() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    assert_eq!(set_role(&root, &ana, "ADMIN").await["user"]["role"], "ADMIN");
    ana.data("{ statistics { transactionCount } }", json!({})).await;
    set_role(&root, &ana, "USER").await;
    assert_eq!(ana.error_code("{ statistics { transactionCount } }", json!({})).await, "FORBIDDEN");
    let shut = root.data(DEACTIVATE, json!({ "id": ana.id })).await;
    assert_eq!(shut["deactivateUser"]["user"]["isActive"], false);
    assert_eq!(ana.error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    root.data(ACTIVATE, json!({ "id": ana.id })).await;
    // The sessions of before stay ended.
    assert_eq!(ana.error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    test.sign_in("ana").await.data("{ me { id } }", json!({})).await;
    let entries = "SELECT action || ' ' || changes::text AS text FROM audit_entries
        WHERE action LIKE 'USER_%' AND actor <> owner ORDER BY id";
    assert_eq!(
        test.texts(entries).await,
        [
            r#"USER_ROLE_CHANGED {"role": {"after": "admin", "before": "user"}}"#,
            r#"USER_ROLE_CHANGED {"role": {"after": "user", "before": "admin"}}"#,
            "USER_DEACTIVATED {}",
            "USER_ACTIVATED {}",
        ]
    );
    let unknown = json!({ "id": root.id.replace('A', "B"), "role": "USER" });
    let refused = root.data(SET_ROLE, unknown).await;
    assert_eq!(refused["setUserRole"]["userErrors"], json!([{ "field": ["userId"], "code": "NOT_FOUND" }]));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_stays_also_when_two_go_at_once() {
    let test = TestApp::start().await;
    test.register_admin("one").await;
    test.register_admin("other").await;
    let left = "SELECT count(*) AS number FROM users WHERE role = 'admin' AND is_active";
    // Whoever is late may be no admin any more.
    let demote = async |by: &Person<'_>, of: &Person<'_>| {
        by.ask(SET_ROLE, json!({ "id": of.id, "role": "USER" })).await;
    };
    for _ in 0..10 {
        let (one, other) = (test.sign_in("one").await, test.sign_in("other").await);
        tokio::join!(demote(&one, &other), demote(&other, &one));
        assert_eq!(test.number(left).await, 1);
        test.execute("UPDATE users SET role = 'admin'").await;
        let (one, other) = (test.sign_in("one").await, test.sign_in("other").await);
        tokio::join!(demote(&one, &one), demote(&other, &other));
        assert_eq!(test.number(left).await, 1);
        test.execute("UPDATE users SET role = 'admin'").await;
    }
    let one = test.sign_in("one").await;
    test.execute("UPDATE users SET role = 'user' WHERE username = 'other'").await;
    let refused = one.data(DEACTIVATE, json!({ "id": one.id })).await;
    assert_eq!(refused["deactivateUser"]["userErrors"], json!([{ "field": null, "code": "IN_USE" }]));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_are_those_of_the_tables_and_for_admins_alone() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    ana.fetch_demo().await;
    test.run_jobs().await;
    let query = "{ statistics { users { all active admins } transactionCount
        emails { extractionStatus count } jobs { state count } } }";
    let begun = Instant::now();
    let found = root.data(query, json!({})).await["statistics"].take();
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(found["users"], json!({ "all": 2, "active": 2, "admins": 1 }));
    let transactions =
        test.number("SELECT count(*) AS number FROM transactions WHERE deleted_at IS NULL").await;
    assert_eq!(found["transactionCount"], transactions);
    let sum = |list: &str| {
        found[list].as_array().unwrap().iter().map(|row| row["count"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, sum("emails"));
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs").await, sum("jobs"));
    assert_eq!(ana.error_code(query, json!({})).await, "FORBIDDEN");
    test.finish().await;
}

/// Calls of two days about mails of both users, one of them by a model whose price is not known.
const CALLS: &str = "INSERT INTO llm_usages
        (id, user_id, email_id, job_id, attempt, call, model, input_tokens, output_tokens, cost_usd, latency_ms, outcome, created_at)
    SELECT gen_random_uuid(), e.user_id, e.id, gen_random_uuid(), 1, 1, 'small', c.tokens, 10, c.cost, 7, 'ANSWERED', c.at::timestamptz
    FROM (SELECT DISTINCT ON (user_id) id, user_id FROM emails ORDER BY user_id, id) e
    JOIN users u ON u.id = e.user_id
    JOIN (VALUES ('ana', 100, 0.0000001, '2026-11-20T00:00:00Z'), ('ana', 200, 0.0200000002, '2026-11-20T23:59:59.999Z'),
        ('ana', NULL, NULL, '2026-11-20T12:00:00Z'), ('bob', 5, 0.5, '2026-11-20T12:00:00Z'),
        ('ana', 1, 1, '2026-11-21T00:00:00Z'), ('ana', 1, 9, '2026-11-19T23:59:59Z')) c (name, tokens, cost, at) ON c.name = u.username";

#[tokio::test(flavor = "multi_thread")]
async fn what_language_models_cost_is_told_by_day_and_user() {
    let test = TestApp::start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let root = test.register_admin("root").await;
    for person in [&ana, &bob] {
        person.fetch_demo().await;
    }
    test.run_jobs().await;
    test.execute(CALLS).await;
    let costs = "llmCosts(period: { from: \"2026-11-20\", to: \"2026-11-21\" }, first: $first) {
        day user { username } callCount unpricedCallCount inputTokens outputTokens costUsd }";
    let sum = |day: &str, name: &str, calls: (i32, i32), tokens: (&str, &str), cost: &str| {
        json!({ "day": day, "user": { "username": name }, "callCount": calls.0, "unpricedCallCount": calls.1,
            "inputTokens": tokens.0, "outputTokens": tokens.1, "costUsd": cost })
    };
    let second = sum("2026-11-21", "ana", (1, 0), ("1", "10"), "1");
    let bobs = sum("2026-11-20", "bob", (1, 0), ("5", "10"), "0.5");
    let first = sum("2026-11-20", "ana", (3, 1), ("300", "30"), "0.0200001002");
    let everyones = format!("query ($first: Int) {{ statistics {{ {costs} }} }}");
    let found = root.data(&everyones, json!({})).await;
    assert_eq!(found["statistics"]["llmCosts"], json!([second, bobs, first]));
    let found = root.data(&everyones, json!({ "first": 2 })).await;
    assert_eq!(found["statistics"]["llmCosts"], json!([second, bobs]));
    let own = format!("query ($first: Int) {{ me {{ {costs} }} }}");
    assert_eq!(ana.data(&own, json!({})).await["me"]["llmCosts"], json!([second, first]));
    assert_eq!(root.data(&own, json!({})).await["me"]["llmCosts"], json!([]));
    assert_eq!(ana.error_code(&everyones, json!({})).await, "FORBIDDEN");
    assert_eq!(ana.error_code(&own, json!({ "first": 101 })).await, "BAD_USER_INPUT");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_look_into_another_users_mail_is_written_down_for_its_owner() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    ana.fetch_demo().await;
    test.run_jobs().await;
    let own = ana.data("{ me { emails(first: 1) { nodes { id text } } } }", json!({})).await;
    let email = &own["me"]["emails"]["nodes"][0];
    let looks = "SELECT count(*) AS number FROM audit_entries WHERE action = 'EMAIL_TEXT_READ'";
    assert_eq!(test.number(looks).await, 0);
    let by_admin =
        root.data("query ($id: ID!) { email(id: $id) { text } }", json!({ "id": email["id"] })).await;
    assert!(email["text"].as_str().unwrap().len() > 20);
    assert_eq!(by_admin["email"]["text"], email["text"]);
    assert_eq!(test.number(looks).await, 1);
    let seen = "{ me { auditEntries(filter: { actions: [EMAIL_TEXT_READ] }) { nodes { actorId subjectId changes { field } } } } }";
    let seen = ana.data(seen, json!({})).await["me"]["auditEntries"]["nodes"].take();
    assert_eq!(seen, json!([{ "actorId": root.id, "subjectId": email["id"], "changes": [] }]));
    test.finish().await;
}
