//! Tokens: what they say, that a refresh token is good once, and what becomes of an old one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use pennypost::users::refresh_token::RefreshToken;
use serde_json::{Value, json};

use crate::identity::world::{Client, claims, client, code, letters, start, text};
use crate::support::app::{PASSWORD, TestApp};

const HOME: &str = "198.51.100.1";

async fn ana(test: &TestApp) -> (Client<'_>, Value) {
    let home = client(test, HOME);
    let payload = home.register("ana").await;
    (home, payload)
}

fn notices(test: &TestApp) -> usize {
    letters(test).iter().filter(|letter| letter.subject.contains("signed out")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_in_gets_both_tokens_and_they_say_whose_they_are() {
    let test = start().await;
    let (home, registered) = ana(&test).await;
    let logged_in = home.login("ana", PASSWORD).await;
    let refreshed = home.refresh(&logged_in).await;
    let user = test.texts("SELECT id::text AS text FROM users").await.remove(0);
    for payload in [&registered, &logged_in, &refreshed] {
        assert_eq!(payload["userErrors"], json!([]));
        assert_eq!((&payload["tokenType"], &payload["expiresIn"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(payload["user"]["username"], "ana");
        let claims = claims(payload);
        assert_eq!(claims["sub"], json!(user));
        assert_eq!((&claims["email"], &claims["role"]), (&json!("ana@mail.example"), &json!("user")));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("pennypost"), &json!("pennypost")));
        assert!(claims["sid"].is_string() && claims["exp"].is_i64() && claims["iat"].is_i64());
        assert!(home.with(payload).is_signed_in().await);
    }
    // Each sign-in is a session; a refresh goes on with its own.
    assert_ne!(claims(&registered)["sid"], claims(&logged_in)["sid"]);
    assert_eq!(claims(&logged_in)["sid"], claims(&refreshed)["sid"]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_gives_another_one_and_only_its_hash_is_stored() {
    let test = start().await;
    let (home, mut payload) = ana(&test).await;
    let mut seen = vec![text(&payload, "refreshToken")];
    for _ in 0..3 {
        test.app.clock.advance(Duration::hours(2));
        payload = home.refresh(&payload).await;
        seen.push(text(&payload, "refreshToken"));
    }
    assert!(home.with(&payload).is_signed_in().await);
    let stored = test.texts("SELECT encode(token_hash, 'base64') AS text FROM sessions").await;
    assert_eq!(stored, [STANDARD.encode(RefreshToken::parse(&seen[3]).unwrap().hash())]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let test = start().await;
    let (home, first) = ana(&test).await;
    test.app.clock.advance(Duration::hours(1));
    let (one, other, third) = tokio::join!(home.refresh(&first), home.refresh(&first), home.refresh(&first));
    for tab in [&one, &other, &third] {
        assert_eq!(tab["userErrors"], json!([]), "{tab}");
        assert!(home.with(tab).is_signed_in().await);
        assert_eq!(tab["refreshToken"], one["refreshToken"], "the tabs hold the same next token");
    }
    test.app.clock.advance(Duration::hours(1));
    let next = home.refresh(&other).await;
    assert_eq!(next["userErrors"], json!([]));
    test.run_jobs().await;
    assert_eq!(notices(&test), 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_given_again_for_thirty_seconds() {
    let test = start().await;
    let (home, first) = ana(&test).await;
    let lost = home.refresh(&first).await;
    test.app.clock.advance(Duration::seconds(30));
    let again = home.refresh(&first).await;
    assert_eq!((&again["userErrors"], &again["refreshToken"]), (&json!([]), &lost["refreshToken"]));
    test.app.clock.advance(Duration::seconds(1));
    assert_eq!(code(&home.refresh(&first).await), "EXPIRED");
    assert!(!home.with(&again).is_signed_in().await);
    test.run_jobs().await;
    assert_eq!(notices(&test), 1);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_within_the_grace_gets_no_chain_of_its_own_and_is_found_out_at_the_next_use() {
    let test = start().await;
    let (home, first) = ana(&test).await;
    let owners = home.refresh(&first).await;
    test.app.clock.advance(Duration::seconds(5));
    let elsewhere = client(&test, "203.0.113.66");
    let thiefs = elsewhere.refresh(&first).await;
    assert_eq!(thiefs["refreshToken"], owners["refreshToken"]);
    test.app.clock.advance(Duration::minutes(50));
    let next = home.refresh(&owners).await;
    assert_eq!(next["userErrors"], json!([]));
    test.app.clock.advance(Duration::minutes(5));
    assert_eq!(code(&elsewhere.refresh(&thiefs).await), "EXPIRED");
    for (who, payload) in [(&home, &next), (&elsewhere, &thiefs)] {
        assert!(!who.with(payload).is_signed_in().await);
        assert_eq!(code(&who.refresh(payload).await), "EXPIRED");
    }
    test.run_jobs().await;
    assert_eq!(notices(&test), 1, "one mail, however often it is tried");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_older_than_the_last_ends_the_session_and_no_other() {
    let test = start().await;
    let (home, first) = ana(&test).await;
    let other = client(&test, "198.51.100.2").login("ana", PASSWORD).await;
    let second = home.refresh(&first).await;
    let third = home.refresh(&second).await;
    // Within the seconds that the one before has, an older one has none.
    assert_eq!(code(&home.refresh(&first).await), "EXPIRED");
    assert!(!home.with(&third).is_signed_in().await);
    assert_eq!(code(&home.refresh(&third).await), "EXPIRED");
    assert!(home.with(&other).is_signed_in().await);
    test.run_jobs().await;
    let notices: Vec<_> =
        letters(&test).into_iter().filter(|letter| letter.subject.contains("signed out")).collect();
    assert_eq!((notices.len(), notices[0].to.as_str()), (1, "ana@mail.example"));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_for_seven_days_after_its_last_use() {
    let test = start().await;
    let (home, mut payload) = ana(&test).await;
    for _ in 0..3 {
        test.app.clock.advance(Duration::days(7) - Duration::seconds(1));
        payload = home.refresh(&payload).await;
        assert_eq!(payload["userErrors"], json!([]));
    }
    test.app.clock.advance(Duration::days(7));
    assert_eq!(code(&home.refresh(&payload).await), "EXPIRED");
    test.run_jobs().await;
    assert_eq!(notices(&test), 0, "nothing was reused");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_a_token_is_answered_like_one_that_has_ended() {
    let test = start().await;
    let (home, payload) = ana(&test).await;
    let forged = RefreshToken::first().to_text();
    let mut answers = Vec::new();
    for token in ["", "x", &forged, &text(&payload, "accessToken")] {
        answers.push(home.refresh(&json!({ "refreshToken": token })).await);
    }
    test.execute("UPDATE users SET is_active = false").await;
    answers.push(home.refresh(&payload).await);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
    assert_eq!(code(&answers[0]), "EXPIRED");
    test.run_jobs().await;
    assert_eq!(notices(&test), 0);
    test.finish().await;
}
