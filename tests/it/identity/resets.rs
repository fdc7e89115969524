//! A forgotten password: the code by mail, what it is good for, and what strangers learn, which is nothing.

use std::sync::Arc;

use chrono::Duration;
use serde_json::{Value, json};

use crate::identity::world::{client, code, code_in_mail, letters, start};
use crate::support::app::{PASSWORD, TestApp};

const EMAIL: &str = "ana@mail.example";
const NEW: &str = "quite another pass phrase";
const HOME: &str = "198.51.100.1";

/// A program with Ana, who has a code in her mail.
async fn with_code() -> (TestApp, String) {
    let test = start().await;
    let home = client(&test, HOME);
    home.register("ana").await;
    test.run_jobs().await;
    assert_eq!(home.request_reset(EMAIL).await, json!({ "userErrors": [] }));
    test.run_jobs().await;
    let code = code_in_mail(&test);
    (test, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_from_the_mail_sets_a_new_password_once_and_ends_every_session() {
    let (test, mailed) = with_code().await;
    let (home, phone) = (client(&test, HOME), client(&test, "198.51.100.2"));
    let session = phone.login("ana", PASSWORD).await;
    assert_eq!(home.reset(" ANA@mail.example ", &mailed, NEW).await, json!({ "userErrors": [] }));
    assert!(!phone.with(&session).is_signed_in().await);
    assert_eq!(code(&phone.refresh(&session).await), "EXPIRED");
    assert_eq!(code(&home.login("ana", PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(code(&home.login("ana", NEW).await), &Value::Null);
    let again = home.reset(EMAIL, &mailed, "a third pass phrase").await;
    assert_eq!((code(&again), &again["userErrors"][0]["field"]), (&json!("INVALID"), &json!(["code"])));
    assert_eq!(code(&home.login("ana", NEW).await), &Value::Null);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_five_minutes_from_its_mail() {
    let test = start().await;
    let home = client(&test, HOME);
    home.register("ana").await;
    home.request_reset(EMAIL).await;
    // The worker comes late; its five minutes begin when it does.
    test.app.clock.advance(Duration::minutes(10));
    test.run_jobs().await;
    let mailed = code_in_mail(&test);
    test.app.clock.advance(Duration::minutes(5) - Duration::seconds(1));
    assert_eq!(code(&home.reset(EMAIL, "000000x", NEW).await), "INVALID");
    test.app.clock.advance(Duration::seconds(1));
    assert_eq!(code(&home.reset(EMAIL, &mailed, NEW).await), "INVALID");
    assert_eq!(code(&home.login("ana", PASSWORD).await), &Value::Null);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixth_try_is_refused_whatever_it_says() {
    let (test, mailed) = with_code().await;
    let wrong = if mailed == "123456" { "654321" } else { "123456" };
    let home = client(&test, HOME);
    for _ in 0..5 {
        assert_eq!(code(&home.reset(EMAIL, wrong, NEW).await), "INVALID");
    }
    assert_eq!(code(&home.reset(EMAIL, &mailed, NEW).await), "INVALID");
    test.execute("DELETE FROM login_attempts").await;
    assert_eq!(code(&home.reset(EMAIL, &mailed, NEW).await), "INVALID");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_try_is_locked_for_strangers_and_not_for_the_owner_at_home() {
    let (test, mailed) = with_code().await;
    let wrong = if mailed == "123456" { "654321" } else { "123456" };
    let strangers = ["203.0.113.66", "203.0.113.77"].map(|address| client(&test, address));
    let mut answers = Vec::new();
    for stranger in &strangers {
        for _ in 0..13 {
            answers.push(code(&stranger.reset(EMAIL, wrong, NEW).await).clone());
        }
        for _ in 0..6 {
            stranger.request_reset(EMAIL).await;
        }
    }
    assert!(answers[..25].iter().all(|code| code == "INVALID"), "{answers:?}");
    assert_eq!(answers[25], "RATE_LIMITED");
    assert_eq!(code(&client(&test, "203.0.113.88").request_reset(EMAIL).await), "RATE_LIMITED");
    let home = client(&test, HOME);
    assert_eq!(home.request_reset(EMAIL).await, json!({ "userErrors": [] }));
    test.run_jobs().await;
    assert_eq!(home.reset(EMAIL, &code_in_mail(&test), NEW).await, json!({ "userErrors": [] }));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_wish_replaces_the_code_and_so_does_a_retry() {
    let (test, first) = with_code().await;
    let home = client(&test, HOME);
    home.request_reset(EMAIL).await;
    test.run_jobs().await;
    let second = code_in_mail(&test);
    if first != second {
        assert_eq!(code(&home.reset(EMAIL, &first, NEW).await), "INVALID");
    }
    // The same job once more, as after a mail server that took the mail and said nothing.
    test.execute(
        "UPDATE jobs SET state = 'QUEUED', version = version + 1, finished_at = NULL, max_attempts = 9
         WHERE id = (SELECT id FROM jobs ORDER BY id DESC LIMIT 1)",
    )
    .await;
    assert_eq!(test.run_jobs().await, 1);
    let third = code_in_mail(&test);
    if second != third {
        assert_eq!(code(&home.reset(EMAIL, &second, NEW).await), "INVALID");
    }
    assert_eq!(home.reset(EMAIL, &third, NEW).await, json!({ "userErrors": [] }));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_code_gets_the_same_answer_and_only_a_user_gets_mail() {
    let test = start().await;
    let home = client(&test, HOME);
    home.register("ana").await;
    home.register("closed").await;
    test.execute("UPDATE users SET is_active = false WHERE username = 'closed'").await;
    test.run_jobs().await;
    let before = letters(&test).len();
    for email in [EMAIL, "nobody@mail.example", "closed@mail.example", "nonsense", ""] {
        assert_eq!(home.request_reset(email).await, json!({ "userErrors": [] }), "{email}");
        let refused = client(&test, "203.0.113.4").reset(email, "000000", NEW).await;
        assert_eq!(code(&refused), "INVALID", "{email}");
    }
    // Each left a job of the same shape.
    let shapes =
        "SELECT DISTINCT kind || ' ' || priority || ' ' || (payload - 'user_id')::text AS text FROM jobs
        WHERE payload ->> 'mail' = 'PASSWORD_RESET'";
    assert_eq!(test.texts(shapes).await.len(), 1);
    assert_eq!(test.run_jobs().await, 5);
    let sent = letters(&test).split_off(before);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, EMAIL);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_for_a_code_are_counted_for_nobody_as_for_a_user() {
    let test = start().await;
    client(&test, HOME).register("ana").await;
    let mut courses = Vec::new();
    for email in [EMAIL, "nobody@mail.example"] {
        let stranger = client(&test, "203.0.113.66");
        let mut course = Vec::new();
        for _ in 0..6 {
            course.push(stranger.request_reset(email).await);
        }
        courses.push(course);
    }
    assert_eq!(courses[0], courses[1]);
    assert_eq!(courses[0][4], json!({ "userErrors": [] }));
    assert_eq!(code(&courses[0][5]), "RATE_LIMITED");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_has_to_be_a_good_one_and_the_code_outlives_a_bad_one() {
    let (test, mailed) = with_code().await;
    let home = client(&test, HOME);
    for (password, code) in [("short", "TOO_SHORT"), ("password1", "INVALID"), ("it is Ana again", "INVALID")]
    {
        let refused = home.reset(EMAIL, &mailed, password).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{password}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["newPassword"]), "{password}");
    }
    assert_eq!(home.reset(EMAIL, &mailed, NEW).await, json!({ "userErrors": [] }));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_read_the_mail_is_free_of_the_locks_that_others_brought() {
    let (test, mailed) = with_code().await;
    let stranger = client(&test, "203.0.113.66");
    for _ in 0..6 {
        stranger.login("ana", "a wrong pass phrase").await;
    }
    let new_place = client(&test, "198.51.100.200");
    assert_eq!(code(&new_place.login("ana", PASSWORD).await), "RATE_LIMITED");
    assert_eq!(new_place.reset(EMAIL, &mailed, NEW).await, json!({ "userErrors": [] }));
    assert_eq!(code(&new_place.login("ana", NEW).await), &Value::Null);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_a_code_at_once_one_is_too_late() {
    let (test, mailed) = with_code().await;
    let home = client(&test, HOME);
    let (one, other) = tokio::join!(home.reset(EMAIL, &mailed, NEW), home.reset(EMAIL, &mailed, NEW));
    let mut codes = [code(&one).clone(), code(&other).clone()];
    codes.sort_by_key(Value::is_null);
    assert_eq!(codes, [json!("INVALID"), Value::Null]);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_away_costs_no_code_that_somebody_has() {
    let test = start().await;
    let home = client(&test, HOME);
    home.register("ana").await;
    test.run_jobs().await;
    home.request_reset(EMAIL).await;
    let nowhere = pennypost::config::Secret::new("smtp://127.0.0.1:1");
    let broken = test.successor(|app| {
        app.mailer = pennypost::mailer::Mailer::smtp(&nowhere, "pennypost <p@mail.example>").unwrap();
    });
    test.run_jobs_of(&broken).await;
    assert_eq!(test.texts("SELECT state AS text FROM jobs ORDER BY id DESC LIMIT 1").await, ["RETRYING"]);
    test.execute("UPDATE jobs SET run_at = now(), version = version + 1 WHERE state = 'RETRYING'").await;
    // Promoted and run by the good one.
    for _ in 0..20 {
        if test.run_jobs().await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mailed = code_in_mail(&test);
    assert_eq!(home.reset(EMAIL, &mailed, NEW).await, json!({ "userErrors": [] }));
    drop(Arc::clone(&broken));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_by_a_code_ends_api_tokens_too() {
    let test = start().await;
    let home = client(&test, HOME);
    let session = home.register("ana").await;
    test.run_jobs().await;
    let make = "mutation { createApiToken(input: { name: \"x\", scopes: [READ] }) { token } }";
    let token = home.with(&session).field(make, json!({})).await["token"].as_str().unwrap().to_owned();
    assert!(test.holder_of(&token).ask("{ me { id } }", json!({})).await.get("errors").is_none());
    home.request_reset(EMAIL).await;
    test.run_jobs().await;
    assert_eq!(home.reset(EMAIL, &code_in_mail(&test), NEW).await, json!({ "userErrors": [] }));
    assert_eq!(test.holder_of(&token).error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    test.finish().await;
}
