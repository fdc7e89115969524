//! A new password for an old one, and what a user changes about themselves.

use serde_json::{Value, json};

use crate::identity::world::{client, code, start};
use crate::support::app::PASSWORD;

const CHANGE: &str = "mutation ($old: String!, $new: String!) {
    changePassword(input: { oldPassword: $old, newPassword: $new }) { user { username } userErrors { field code retryAfterSeconds } } }";
const UPDATE: &str = "mutation ($input: UpdateUserInput!) { updateUser(input: $input) {
    user { displayName baseCurrency timeZone } userErrors { field code } } }";
const NEW: &str = "quite another pass phrase";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_takes_the_old_one_and_ends_the_other_sessions() {
    let test = start().await;
    let (home, phone) = (client(&test, "198.51.100.1"), client(&test, "198.51.100.2"));
    let (first, second) = (home.register("ana").await, phone.login("ana", PASSWORD).await);
    let at_home = home.with(&first);
    for (old, new, code, field) in [
        ("a wrong pass phrase", NEW, "INVALID_CREDENTIALS", "oldPassword"),
        (PASSWORD, "short", "TOO_SHORT", "newPassword"),
        (PASSWORD, "iloveyou", "INVALID", "newPassword"),
        (PASSWORD, "this is ana again", "INVALID", "newPassword"),
    ] {
        let refused = at_home.field(CHANGE, json!({ "old": old, "new": new })).await;
        let error = json!([{ "field": [field], "code": code, "retryAfterSeconds": null }]);
        assert_eq!((&refused["user"], &refused["userErrors"]), (&Value::Null, &error), "{new}");
    }
    assert!(phone.with(&second).is_signed_in().await);
    let done = at_home.field(CHANGE, json!({ "old": PASSWORD, "new": NEW })).await;
    assert_eq!(done, json!({ "user": { "username": "ana" }, "userErrors": [] }));
    assert!(at_home.is_signed_in().await && !phone.with(&second).is_signed_in().await);
    assert_eq!(home.refresh(&first).await["userErrors"], json!([]));
    assert_eq!(code(&phone.refresh(&second).await), "EXPIRED");
    assert_eq!(code(&home.login("ana", PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(code(&home.login("ana", NEW).await), &Value::Null);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_copied_an_access_token_does_not_guess_the_password_with_it() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let payload = home.register("ana").await;
    let thief = client(&test, "203.0.113.66").with(&payload);
    let delete = "mutation ($p: String!) { deleteUser(input: { password: $p }) { deletedUserId userErrors { field code } } }";
    for number in 0..5 {
        let guess = format!("a wrong pass phrase {number}");
        let refused = if number % 2 == 0 {
            thief.field(CHANGE, json!({ "old": guess, "new": NEW })).await
        } else {
            thief.field(delete, json!({ "p": guess })).await
        };
        assert_eq!(code(&refused), "INVALID_CREDENTIALS");
    }
    let locked = thief.field(CHANGE, json!({ "old": PASSWORD, "new": NEW })).await;
    assert_eq!(
        locked["userErrors"],
        json!([{ "field": null, "code": "RATE_LIMITED", "retryAfterSeconds": 15 }])
    );
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_what_they_name_and_the_rest_stays() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let payload = home.register("ana").await;
    let ana = home.with(&payload);
    let update = async |input: Value| ana.field(UPDATE, json!({ "input": input })).await;
    let user = |name: &str, currency: &str, zone: &str| json!({ "user": { "displayName": name, "baseCurrency": currency, "timeZone": zone }, "userErrors": [] });
    assert_eq!(update(json!({})).await, user("ana", "EUR", "UTC"));
    assert_eq!(update(json!({ "displayName": " Ana Keller " })).await, user("Ana Keller", "EUR", "UTC"));
    let zone = update(json!({ "timeZone": "Europe/Zurich" })).await;
    assert_eq!(zone, user("Ana Keller", "EUR", "Europe/Zurich"));
    assert_eq!(update(json!({ "baseCurrency": "CHF" })).await, user("Ana Keller", "CHF", "Europe/Zurich"));
    for (field, value, code) in [
        ("displayName", "  ", "TOO_SHORT"),
        ("displayName", "x".repeat(101).as_str(), "TOO_LONG"),
        ("timeZone", "Mars/Olympus", "INVALID"),
    ]
    .map(|(field, value, code)| (field, json!(value), code))
    .into_iter()
    .chain(["displayName", "baseCurrency", "timeZone"].map(|field| (field, Value::Null, "INVALID")))
    {
        let refused = update(json!({ field: value })).await;
        let wanted = json!({ "user": null, "userErrors": [{ "field": [field], "code": code }] });
        assert_eq!(refused, wanted);
    }
    assert_eq!(update(json!({})).await, user("Ana Keller", "CHF", "Europe/Zurich"));
    test.run_jobs().await;
    test.finish().await;
}
