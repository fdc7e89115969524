//! Sessions: listed, ended one by one or all at once, and by nobody but their owner.

use chrono::Duration;
use pennypost::jobs::{JobPayload, NewJob, enqueue};
use serde_json::{Value, json};

use crate::identity::world::{client, code, start};
use crate::support::app::PASSWORD;

const SESSIONS: &str = "{ me { sessions { totalCount nodes { id isCurrent userAgent address createdAt lastUsedAt expiresAt } } } }";
const REVOKE: &str = "mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { session { id } userErrors { code field } } }";

fn nodes(me: &Value) -> Vec<Value> {
    me["sessions"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_devices_are_listed_and_the_one_that_asks_is_marked() {
    let test = start().await;
    let (desk, phone) = (client(&test, "198.51.100.1"), client(&test, "2001:db8::7"));
    let first = desk.register("ana").await;
    test.app.clock.advance(Duration::minutes(10));
    let second = phone.login("ana", PASSWORD).await;
    client(&test, "203.0.113.5").register("bob").await;
    let me = phone.with(&second).field(SESSIONS, json!({})).await;
    assert_eq!(me["sessions"]["totalCount"], 2);
    let [at_desk, at_phone] = nodes(&me).try_into().unwrap();
    assert_eq!((&at_desk["isCurrent"], &at_phone["isCurrent"]), (&json!(false), &json!(true)));
    assert_eq!((&at_desk["address"], &at_phone["address"]), (&json!("198.51.100.1"), &json!("2001:db8::7")));
    assert_eq!(at_phone["userAgent"], "a client at 2001:db8::7");
    assert_eq!(at_desk["createdAt"], "2026-11-21T09:00:00Z");
    assert_eq!(at_desk["expiresAt"], "2026-11-28T09:00:00Z");
    // The first goes on under another address, ten minutes later.
    let first = client(&test, "198.51.100.9").refresh(&first).await;
    let me = desk.with(&first).field(SESSIONS, json!({})).await;
    let [at_desk, at_phone] = nodes(&me).try_into().unwrap();
    assert_eq!((&at_desk["isCurrent"], &at_phone["isCurrent"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&at_desk["address"], &at_desk["lastUsedAt"]),
        (&json!("198.51.100.9"), &json!("2026-11-21T09:10:00Z"))
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_by_its_owner_and_by_nobody_else() {
    let test = start().await;
    let (desk, phone) = (client(&test, "198.51.100.1"), client(&test, "198.51.100.2"));
    let (first, second) = (desk.register("ana").await, phone.login("ana", PASSWORD).await);
    let lost = nodes(&desk.with(&first).field(SESSIONS, json!({})).await)[1]["id"].clone();
    let bob = client(&test, "203.0.113.5").register("bob").await;
    let stranger = client(&test, "203.0.113.5").with(&bob);
    let refused = stranger.field(REVOKE, json!({ "id": lost })).await;
    assert_eq!(refused["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["sessionId"] }]));
    assert_eq!(stranger.field(REVOKE, json!({ "id": "nonsense" })).await, refused);
    assert!(phone.with(&second).is_signed_in().await);
    let done = desk.with(&first).field(REVOKE, json!({ "id": lost })).await;
    assert_eq!((&done["session"]["id"], &done["userErrors"]), (&lost, &json!([])));
    assert!(!phone.with(&second).is_signed_in().await, "at once in the process that did it");
    assert_eq!(code(&phone.refresh(&second).await), "EXPIRED");
    assert_eq!(desk.with(&first).field(REVOKE, json!({ "id": lost })).await, refused);
    assert_eq!(nodes(&desk.with(&first).field(SESSIONS, json!({})).await).len(), 1);
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    assert_eq!(desk.with(&first).field(node, json!({ "id": lost })).await, Value::Null);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_one_session_and_logout_everywhere_all() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let first = home.register("ana").await;
    let (second, third) = (home.login("ana", PASSWORD).await, home.login("ana", PASSWORD).await);
    let bob = home.register("bob").await;
    let logout = "mutation { logout { session { isCurrent } userErrors { code } } }";
    let ended = home.with(&first).field(logout, json!({})).await;
    assert_eq!(ended, json!({ "session": { "isCurrent": true }, "userErrors": [] }));
    assert!(!home.with(&first).is_signed_in().await);
    assert_eq!(code(&home.refresh(&first).await), "EXPIRED");
    assert!(home.with(&second).is_signed_in().await && home.with(&third).is_signed_in().await);
    let everywhere = "mutation { logoutEverywhere { endedCount userErrors { code } } }";
    let ended = home.with(&third).field(everywhere, json!({})).await;
    assert_eq!(ended, json!({ "endedCount": 2, "userErrors": [] }));
    for payload in [&second, &third] {
        assert!(!home.with(payload).is_signed_in().await);
        assert_eq!(code(&home.refresh(payload).await), "EXPIRED");
    }
    assert!(home.with(&bob).is_signed_in().await);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_out_or_ends_a_session_without_signing_in() {
    let test = start().await;
    let nobody = test.nobody();
    for query in
        ["mutation { logout { userErrors { code } } }", "mutation { logoutEverywhere { endedCount } }"]
    {
        assert_eq!(nobody.error_code(query, json!({})).await, "UNAUTHENTICATED", "{query}");
    }
    assert_eq!(nobody.error_code(REVOKE, json!({ "id": "x" })).await, "UNAUTHENTICATED");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_deletes_what_sign_ins_leave_behind() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let first = home.register("ana").await;
    home.with(&first).field("mutation { logout { session { id } } }", json!({})).await;
    home.login("nobody", "wrong").await;
    home.request_reset("ana@mail.example").await;
    test.run_jobs().await;
    let left = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM login_attempts)
        + (SELECT count(*) FROM password_resets) AS number";
    let retain = async || {
        let mut conn = test.app.pool.connection().await.unwrap();
        let job = NewJob::new(None, JobPayload::Retention {});
        enqueue(&mut conn, test.app.clock.new_id(), job).await.unwrap();
        drop(conn);
        test.run_jobs().await;
        test.number(left).await
    };
    assert_eq!(retain().await, 6, "one session, four counters, one code");
    test.app.clock.advance(Duration::days(1) + Duration::seconds(1));
    assert_eq!(retain().await, 1, "an ended session tells a known device from a stranger's for a month");
    test.app.clock.advance(Duration::days(30));
    assert_eq!(retain().await, 0);
    test.finish().await;
}
