//! Registration: passwords that everybody guesses, and a server that takes nobody.

use pennypost::users::common_passwords::is_common;
use serde_json::{Value, json};

use crate::identity::world::{client, code, start};
use crate::support::app::{PASSWORD, TestApp};

const REGISTER: &str = "mutation ($input: RegisterInput!) { register(input: $input) {
    accessToken refreshToken user { id } userErrors { field code message } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_everybody_guesses_is_refused_and_the_answer_says_why() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    for (password, why) in [
        ("password1", "everybody tries first"),
        ("QWERTYUIOP", "everybody tries first"),
        ("1q2w3e4r5t", "everybody tries first"),
        ("my-CARLA-2026", "holds the username"),
        ("carla and nothing else", "holds the username"),
    ] {
        let input = json!({ "username": "carla", "email": "carla@mail.example", "password": password });
        let payload = home.field(REGISTER, json!({ "input": input })).await;
        assert_eq!(
            (code(&payload), &payload["userErrors"][0]["field"]),
            (&json!("INVALID"), &json!(["password"]))
        );
        assert!(payload["userErrors"][0]["message"].as_str().unwrap().contains(why), "{password}: {payload}");
    }
    assert!(!is_common(PASSWORD));
    assert_eq!(test.number("SELECT count(*) AS number FROM users").await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_closed_takes_nobody() {
    let test = TestApp::start_with(|app| app.config.is_registration_open = false).await;
    let payload = client(&test, "198.51.100.1").register("carla").await;
    assert_eq!((code(&payload), &payload["accessToken"]), (&json!("INVALID"), &Value::Null));
    assert_eq!(test.number("SELECT count(*) AS number FROM users").await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_a_new_user_is_made_where_it_is_missing() {
    let test = start().await;
    test.execute("DELETE FROM roles").await;
    let payload = client(&test, "198.51.100.1").register("carla").await;
    assert_eq!(payload["userErrors"], json!([]));
    assert_eq!(test.texts("SELECT name AS text FROM roles").await, ["user"]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sends_mails_of_their_own_words_or_registers_by_the_hundred() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    for name in ["Ana\n\nYour account was closed.", "Ana\u{2029}x", "Ana\u{202e}x"] {
        let input = json!({ "username": "ana", "email": "ana@mail.example", "password": PASSWORD, "displayName": name });
        let payload = home.field(REGISTER, json!({ "input": input })).await;
        let found = (code(&payload), &payload["userErrors"][0]["field"]);
        assert_eq!(found, (&json!("INVALID"), &json!(["displayName"])), "{name:?}");
    }
    for number in 0..20 {
        assert_eq!(code(&home.register(&format!("user{number}")).await), &Value::Null);
    }
    assert_eq!(code(&home.register("one-more").await), "RATE_LIMITED");
    assert_eq!(code(&client(&test, "198.51.100.2").register("somebody").await), &Value::Null);
    test.run_jobs().await;
    test.finish().await;
}
