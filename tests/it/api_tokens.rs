//! Personal API tokens: what each scope opens, what none of them does, and how soon a revoked one is shut out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::{Person, TestApp};
use crate::support::socket::{Said, Socket};

const CREATE: &str = "mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) {
    token apiToken { id prefix scopes lastUsedAt } userErrors { field code } } }";
const REVOKE: &str = "mutation ($id: ID!) { revokeApiToken(input: { apiTokenId: $id }) {
    apiToken { id } userErrors { field code } } }";
const AT_THE_LATEST: Duration = Duration::from_secs(5);

/// The payload of a new token with those scopes.
async fn create(person: &Person<'_>, scopes: &[&str]) -> Value {
    let input = json!({ "name": "a script", "scopes": scopes });
    let data = person.data(CREATE, json!({ "input": input })).await;
    assert_eq!(data["createApiToken"]["userErrors"], json!([]), "{data}");
    data["createApiToken"].clone()
}

/// Whoever shows a new token of the person's with those scopes.
async fn holder<'a>(test: &'a TestApp, person: &Person<'_>, scopes: &[&str]) -> Person<'a> {
    test.holder_of(create(person, scopes).await["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let made = create(&ana, &["WRITE", "READ", "READ"]).await;
    let token = made["token"].as_str().unwrap();
    let prefix = made["apiToken"]["prefix"].as_str().unwrap();
    assert!(token.starts_with(&format!("pp_{prefix}_")), "{prefix}");
    assert_eq!(made["apiToken"]["scopes"], json!(["READ", "WRITE"]));
    let listed = ana.data("{ me { apiTokens { totalCount nodes { id prefix } } } }", json!({})).await;
    assert_eq!(
        listed["me"]["apiTokens"]["nodes"],
        json!([{ "id": made["apiToken"]["id"], "prefix": prefix }])
    );
    let kept = "SELECT api_tokens::text AS text FROM api_tokens UNION ALL SELECT audit_entries::text FROM audit_entries";
    let secret = token.rsplit('_').next().unwrap();
    assert!(!test.texts(kept).await.join("\n").contains(secret));
    assert_eq!(test.holder_of(token).data("{ me { username } }", json!({})).await["me"]["username"], "ana");
    // Of the same prefix, and of none.
    for forged in [format!("pp_{prefix}_{}", "A".repeat(43)), "pp_".to_owned(), format!("{token}A")] {
        assert_eq!(test.holder_of(&forged).error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_its_own_and_the_refusal_names_the_one_that_is_missing() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    let change = "mutation { updateUser(input: {}) { userErrors { code } } }";
    let ingest = "mutation { extractEmails(input: {}) { userErrors { code } job { id } } }";
    let admin = "{ statistics { transactionCount } }";
    let asked = [("READ", "{ me { id } }"), ("WRITE", change), ("INGEST", ingest), ("ADMIN", admin)];
    let cases: [(&[&str], &[&str]); 5] = [
        (&["READ"], &["READ"]),
        (&["WRITE"], &["READ", "WRITE"]),
        (&["INGEST"], &["INGEST"]),
        (&["READ", "ADMIN"], &["READ", "ADMIN"]),
        (&["READ", "WRITE", "INGEST", "ADMIN"], &["READ", "WRITE", "INGEST", "ADMIN"]),
    ];
    for (scopes, open) in cases {
        let holder = holder(&test, &root, scopes).await;
        for (scope, query) in asked {
            let answer = holder.ask(query, json!({})).await;
            let error = &answer["errors"][0];
            if open.contains(&scope) {
                assert!(error.is_null(), "{scopes:?}: {query}: {answer}");
            } else {
                assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{scopes:?}: {query}: {answer}");
                let missing = if scopes == ["INGEST"] && scope == "ADMIN" { "READ" } else { scope };
                assert!(error["message"].as_str().unwrap().contains(missing), "{answer}");
            }
        }
    }
    // What hangs on a job is not for a token that may not read.
    let around = "mutation { extractEmails(input: {}) { job { user { username } } } }";
    let answer = holder(&test, &ana, &["INGEST"]).await.ask(around, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    assert_eq!(answer["data"]["extractEmails"]["job"]["user"], Value::Null);
    test.run_jobs().await;
    // Nor are the mails that it names.
    ana.fetch_demo().await;
    test.run_jobs().await;
    let listed = ana.data("{ me { emails(first: 1) { nodes { id } } } }", json!({})).await;
    let named = "mutation ($id: ID!) { extractEmails(input: { emailIds: [$id] }) { results { id email { subject } } } }";
    let variables = json!({ "id": listed["me"]["emails"]["nodes"][0]["id"] });
    let answer = holder(&test, &ana, &["INGEST"]).await.ask(named, variables.clone()).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    let result = json!({ "id": variables["id"], "email": null });
    assert_eq!(answer["data"]["extractEmails"]["results"], json!([result]));
    let data = holder(&test, &ana, &["READ", "INGEST"]).await.data(named, variables).await;
    assert!(data["extractEmails"]["results"][0]["email"]["subject"].is_string(), "{data}");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_acts_as_an_admin_only_with_that_scope_and_only_while_its_owner_is_one() {
    let test = TestApp::start().await;
    let (ana, root) = (test.register("ana").await, test.register_admin("root").await);
    let refused = ana.data(CREATE, json!({ "input": { "name": "x", "scopes": ["ADMIN"] } })).await;
    assert_eq!(refused["createApiToken"]["userErrors"], json!([{ "field": ["scopes"], "code": "INVALID" }]));
    let count = "{ users { totalCount } }";
    let (plain, full) =
        (holder(&test, &root, &["READ"]).await, holder(&test, &root, &["READ", "ADMIN"]).await);
    assert_eq!(plain.data(count, json!({})).await["users"]["totalCount"], 1);
    assert_eq!(full.data(count, json!({})).await["users"]["totalCount"], 2);
    test.execute("UPDATE users SET role = 'user'").await;
    let begun = Instant::now();
    while full.data(count, json!({})).await["users"]["totalCount"] != 1 {
        assert!(begun.elapsed() < AT_THE_LATEST);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_books_is_from_a_program() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let input =
        json!({ "accountId": ana.account("Bank", "EUR").await, "amount": "-1", "bookedOn": "2026-11-20" });
    let program = holder(&test, &ana, &["WRITE"]).await;
    for (person, source) in [(&ana, "MANUAL"), (&program, "API")] {
        let made = person.done("createTransaction", input.clone(), "transaction { source }").await;
        assert_eq!(made["transaction"]["source"], source);
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_makes_tokens_changes_passwords_or_ends_its_owner() {
    let test = TestApp::start().await;
    let root = test.register_admin("root").await;
    let holder = holder(&test, &root, &["READ", "WRITE", "INGEST", "ADMIN"]).await;
    for query in [
        "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { token } }",
        "mutation { revokeApiToken(input: { apiTokenId: \"x\" }) { userErrors { code } } }",
        "mutation { changePassword(input: { oldPassword: \"x\", newPassword: \"x\" }) { userErrors { code } } }",
        "mutation { deleteUser(input: { password: \"x\" }) { userErrors { code } } }",
        "mutation { logoutEverywhere { endedCount } }",
    ] {
        assert_eq!(holder.error_code(query, json!({})).await, "FORBIDDEN", "{query}");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_shut_out_at_once_here_and_within_seconds_elsewhere_on_sockets_too() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    test.run_jobs().await;
    for elsewhere in [false, true] {
        let made = create(&ana, &["READ"]).await;
        let token = made["token"].as_str().unwrap();
        let mut socket = Socket::signed_in(&test.address, Some(token)).await;
        socket.subscribe("s", "subscription { myJobEvents { version } }", json!({})).await;
        let holder = test.holder_of(token);
        holder.data("{ me { id } }", json!({})).await;
        let begun = Instant::now();
        if elsewhere {
            test.execute("UPDATE api_tokens SET revoked_at = now()").await;
        } else {
            let data = ana.data(REVOKE, json!({ "id": made["apiToken"]["id"] })).await;
            assert_eq!(data["revokeApiToken"]["apiToken"]["id"], made["apiToken"]["id"]);
        }
        let code = loop {
            if let Said::Closed(code, _) = socket.hear().await {
                break code;
            }
        };
        assert_eq!(code, 4403);
        assert_eq!(holder.error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
        assert!(begun.elapsed() < AT_THE_LATEST, "{:?}", begun.elapsed());
    }
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_time_and_its_use_is_noted_to_the_minute() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let input = json!({ "name": "x", "scopes": ["READ"], "expiresAt": "2026-11-21T10:00:00Z" });
    let made = ana.data(CREATE, json!({ "input": input })).await["createApiToken"].take();
    let holder = test.holder_of(made["token"].as_str().unwrap());
    let used = "SELECT coalesce(last_used_at::text, 'never') AS text FROM api_tokens";
    assert_eq!(test.texts(used).await, ["never"]);
    holder.data("{ me { id } }", json!({})).await;
    let first = test.texts(used).await;
    assert_ne!(first, ["never"]);
    test.app.clock.advance(chrono::Duration::seconds(30));
    test.app.standings.forget_user(uuid::Uuid::nil());
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    holder.data("{ me { id } }", json!({})).await;
    assert_eq!(test.texts(used).await, first);
    test.app.clock.advance(chrono::Duration::seconds(60));
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    holder.data("{ me { id } }", json!({})).await;
    assert_ne!(test.texts(used).await, first);
    test.app.clock.advance(chrono::Duration::hours(1));
    assert_eq!(holder.error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_than_fifty_good_tokens_also_when_many_are_made_at_once() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    create(&ana, &["READ"]).await;
    test.execute(
        "INSERT INTO api_tokens (id, user_id, name, prefix, token_hash, scopes, expires_at)
         SELECT gen_random_uuid(), user_id, 'x', 'x' || number, token_hash, scopes,
             CASE WHEN number > 44 THEN '2026-11-01T00:00:00Z'::timestamptz END
         FROM api_tokens, generate_series(1, 60) number",
    )
    .await;
    let make = || async {
        let input = json!({ "name": "x", "scopes": ["READ"] });
        let data = ana.data(CREATE, json!({ "input": input })).await;
        data["createApiToken"]["userErrors"][0]["code"].clone()
    };
    let answers = futures_util::future::join_all((0..12).map(|_| make())).await;
    let refused = answers.iter().filter(|code| **code == json!("LIMIT_EXCEEDED")).count();
    assert_eq!(refused, 7, "five were free: {answers:?}");
    let lone = ana.refused("createApiToken", json!({ "name": "x", "scopes": ["ADMIN"] })).await;
    assert_eq!(lone, ("scopes".to_owned(), "INVALID".to_owned()));
    test.run_jobs().await;
    test.finish().await;
}
