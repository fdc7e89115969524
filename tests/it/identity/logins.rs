//! Wrong passwords: how they are counted, whom they lock out and whom never, and where a request comes from.

use chrono::Duration;
use futures_util::future::join_all;
use pennypost::audit::Author;
use pennypost::error::{Code, Error};
use pennypost::users::session::Device;
use pennypost::users::sign_in::{self, Knock};
use serde_json::{Value, json};

use crate::identity::world::{Client, client, code, start};
use crate::support::app::{PASSWORD, TestApp};

const WRONG: &str = "another pass phrase";
const HOME: &str = "198.51.100.1";
const STRANGER: &str = "203.0.113.66";

/// Ana, who has signed in at home.
async fn ana(test: &TestApp) -> (Client<'_>, Value) {
    let home = client(test, HOME);
    let payload = home.register("ana").await;
    (home, payload)
}

async fn fail(who: &Client<'_>, login: &str, times: usize) -> Vec<Value> {
    let mut answers = Vec::new();
    for _ in 0..times {
        answers.push(who.login(login, WRONG).await);
    }
    answers
}

fn wait(payload: &Value) -> i64 {
    assert_eq!(code(payload), "RATE_LIMITED", "{payload}");
    payload["userErrors"][0]["retryAfterSeconds"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_a_name_longer_and_longer_whoever_it_belongs_to() {
    let test = start().await;
    ana(&test).await;
    let mut courses = Vec::new();
    for (name, address) in [
        ("ana", "203.0.113.1"),
        ("nobody", "203.0.113.2"),
        ("ana@mail.example", "203.0.113.3"),
        ("nobody@mail.example", "203.0.113.4"),
    ] {
        let stranger = client(&test, address);
        let mut course = fail(&stranger, name, 5).await;
        for _ in 0..8 {
            let locked = stranger.login(name, WRONG).await;
            let seconds = wait(&locked);
            course.push(locked);
            // The right password is not even read, and what is refused makes the lock no longer.
            assert_eq!(wait(&stranger.login(name, PASSWORD).await), seconds);
            test.app.clock.advance(Duration::seconds(seconds));
            course.push(stranger.login(name, WRONG).await);
        }
        courses.push(course);
    }
    let waits: Vec<i64> = courses[0].iter().filter(|step| code(step) == "RATE_LIMITED").map(wait).collect();
    assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
    assert!(courses.iter().all(|course| course == &courses[0]), "{courses:#?}");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_and_a_day_without_failures_forget_what_was_counted() {
    let test = start().await;
    ana(&test).await;
    let elsewhere = client(&test, STRANGER);
    fail(&elsewhere, "ana", 4).await;
    assert_eq!(code(&elsewhere.login("ana", PASSWORD).await), &Value::Null);
    let other = client(&test, "203.0.113.67");
    fail(&other, "ana", 4).await;
    test.app.clock.advance(Duration::days(1) + Duration::seconds(1));
    let answers = fail(&other, "ana", 5).await;
    assert!(answers.iter().all(|answer| code(answer) == "INVALID_CREDENTIALS"), "{answers:?}");
    assert_eq!(code(&other.login("ana", WRONG).await), "RATE_LIMITED");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_failures_never_lock_the_owners_device_out() {
    let test = start().await;
    let (home, payload) = ana(&test).await;
    let stranger = client(&test, STRANGER);
    fail(&stranger, "ana", 8).await;
    fail(&stranger, "ana@mail.example", 8).await;
    assert_eq!(code(&stranger.login("ana", PASSWORD).await), "RATE_LIMITED");
    // At home, where no token is shown, because she has signed in there.
    assert_eq!(code(&home.login("ana", PASSWORD).await), &Value::Null);
    // On the way, where nobody knows the address, by the token of the device; also when its session has ended.
    let train = client(&test, STRANGER);
    let shown = json!({ "login": "ana", "password": PASSWORD, "refreshToken": payload["refreshToken"] });
    home.with(&payload).field("mutation { logout { session { id } } }", json!({})).await;
    assert_eq!(code(&train.login_with(shown.clone()).await), &Value::Null);
    // A stranger at the next desk locks the desk, and not the device.
    let desk = client(&test, HOME);
    fail(&desk, "ana", 5).await;
    assert_eq!(code(&desk.login("ana", PASSWORD).await), "RATE_LIMITED");
    assert_eq!(code(&desk.login_with(shown).await), &Value::Null);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_users_token_or_a_forged_one_makes_no_device_known() {
    let test = start().await;
    ana(&test).await;
    let stranger = client(&test, STRANGER);
    let own = stranger.register("mallory").await;
    fail(&stranger, "ana", 5).await;
    let forged = pennypost::users::refresh_token::RefreshToken::first().to_text();
    for token in [own["refreshToken"].clone(), json!(forged), json!("x")] {
        let input = json!({ "login": "ana", "password": PASSWORD, "refreshToken": token });
        assert_eq!(code(&stranger.login_with(input).await), "RATE_LIMITED");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_is_locked_by_its_own_failures() {
    let test = start().await;
    let (_, payload) = ana(&test).await;
    let train = client(&test, STRANGER);
    let try_with = |password: &'static str| {
        let input = json!({ "login": "ana", "password": password, "refreshToken": payload["refreshToken"] });
        let train = &train;
        async move { train.login_with(input).await }
    };
    for _ in 0..5 {
        assert_eq!(code(&try_with(WRONG).await), "INVALID_CREDENTIALS");
    }
    assert_eq!(wait(&try_with(PASSWORD).await), 15);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_tries_many_names_is_locked_and_its_neighbours_are_not() {
    let test = start().await;
    ana(&test).await;
    let stranger = client(&test, "2001:db8:1:2::1");
    for number in 0..20 {
        assert_eq!(code(&stranger.login(&format!("name{number}"), WRONG).await), "INVALID_CREDENTIALS");
    }
    assert_eq!(wait(&stranger.login("ana", PASSWORD).await), 15);
    assert_eq!(code(&client(&test, "2001:db8:1:2:ffff::9").login("ana", PASSWORD).await), "RATE_LIMITED");
    assert_eq!(code(&client(&test, "2001:db8:1:3::1").login("ana", PASSWORD).await), &Value::Null);
    // Whoever has an account of their own opens no lock with it.
    test.app.clock.advance(Duration::seconds(15));
    stranger.register("mallory").await;
    assert_eq!(code(&stranger.login("name", WRONG).await), "INVALID_CREDENTIALS");
    assert_eq!(code(&stranger.login("mallory", PASSWORD).await), &Value::Null);
    assert_eq!(wait(&stranger.login("name", WRONG).await), 30);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_that_come_at_once_are_all_counted_before_one_is_read() {
    let test = start().await;
    ana(&test).await;
    let stranger = client(&test, STRANGER);
    let answers = join_all((0..30).map(|_| stranger.login("ana", WRONG))).await;
    let read = answers.iter().filter(|answer| code(answer) == "INVALID_CREDENTIALS").count();
    assert_eq!(read, 5, "{answers:#?}");
    assert_eq!(code(&stranger.login("ana", PASSWORD).await), "RATE_LIMITED");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let test = TestApp::start().await;
    let (one, other) = (client(&test, HOME), client(&test, STRANGER));
    one.register("ana").await;
    let payload = other.login("ana", PASSWORD).await;
    let addresses = "{ me { sessions { nodes { address } } } }";
    let me = other.with(&payload).field(addresses, json!({})).await;
    assert_eq!(me["sessions"]["nodes"], json!([{ "address": "127.0.0.1" }, { "address": "127.0.0.1" }]));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_holds_one_field_that_checks_a_secret() {
    let test = start().await;
    let nobody = client(&test, STRANGER);
    let refresh = "refreshSession(input: { refreshToken: \"x\" }) { expiresIn }";
    let reset =
        "resetPassword(input: { email: \"a\", code: \"1\", newPassword: \"x\" }) { userErrors { code } }";
    let wish = "requestPasswordReset(input: { email: \"a\" }) { userErrors { code } }";
    let login = "login(input: { login: \"a\", password: \"b\" }) { expiresIn }";
    for (one, other) in [(login, login), (login, refresh), (reset, reset), (wish, reset), (wish, wish)] {
        let (_, answer) = nobody.raw(&format!("mutation {{ a: {one} b: {other} }}"), json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{one} {other}");
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM login_attempts").await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_with_lower_parameters_is_made_anew_by_the_next_sign_in() {
    use argon2::password_hash::PasswordHasher;
    let test = start().await;
    let (home, _) = ana(&test).await;
    let low = argon2::Params::new(8, 1, 1, None).unwrap();
    let low = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, low);
    let hash = low.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    test.execute(&format!("UPDATE users SET password_hash = '{hash}'")).await;
    home.login("ana", WRONG).await;
    let stored = "SELECT password_hash AS text FROM users";
    assert_eq!(test.texts(stored).await, [hash]);
    assert_eq!(code(&home.login("ana", PASSWORD).await), &Value::Null);
    let renewed = test.texts(stored).await.remove(0);
    assert!(renewed.contains("m=19456,t=2,p=1"), "{renewed}");
    assert_eq!(code(&home.login("ana", PASSWORD).await), &Value::Null);
    assert_eq!(test.texts(stored).await, [renewed]);
    test.run_jobs().await;
    test.finish().await;
}

fn knock(login: &str) -> Knock {
    let device = Device { address: STRANGER.parse().ok(), user_agent: None };
    Knock { login: login.to_owned(), device, refresh_token: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_changed_while_it_is_read_opens_nothing() {
    let test = start().await;
    ana(&test).await;
    test.run_jobs().await;
    let (app, knock) = (&test.app, knock("ana"));
    let mut conn = app.pool.connection().await.unwrap();
    let counting = sign_in::count(&mut conn, &knock, app.clock.now()).await.unwrap();
    let right = counting.check(&app.hasher, PASSWORD.to_owned()).await.unwrap();
    test.execute("UPDATE users SET password_hash = 'another'").await;
    let author = Author::stranger(&app.clock, None, app.clock.new_id());
    let lifetime = app.config.refresh_token_lifetime;
    let begun = sign_in::begin(&mut conn, &app.clock, right, &knock.device, lifetime, &author).await;
    assert!(matches!(begun, Err(Error::Rejected { code: Code::InvalidCredentials, .. })));
    drop(conn);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_password_nobody_read_is_taken_back_and_none_before_it() {
    let test = start().await;
    ana(&test).await;
    test.run_jobs().await;
    fail(&client(&test, STRANGER), "ana", 4).await;
    let kept = "SELECT regexp_replace(subject, ':.*', '') || ' ' || failures || ' ' || (locked_until IS NOT NULL) AS text
        FROM login_attempts WHERE subject NOT LIKE 'registration:%' ORDER BY 1";
    let before = test.texts(kept).await;
    let mut conn = test.app.pool.connection().await.unwrap();
    let counting = sign_in::count(&mut conn, &knock("ana"), test.app.clock.now()).await.unwrap();
    assert_ne!(test.texts(kept).await, before);
    counting.take_back(&mut conn).await.unwrap();
    assert_eq!(test.texts(kept).await, before);
    drop(conn);
    test.finish().await;
}
