//! Registration, sign-in, and what a token is good for.

use chrono::Duration;
use pennypost::categories::STARTER_SET;
use pennypost::mailer::{Letter, Mailer};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp};

const REGISTER: &str = "mutation ($input: RegisterInput!) { register(input: $input) {
    accessToken tokenType expiresIn user { id username email displayName baseCurrency timeZone role }
    userErrors { field code message } } }";
const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) {
    accessToken tokenType expiresIn user { username lastLoginAt } userErrors { field code message } } }";

/// What registering answers with one field of a good input changed.
async fn register_with(test: &TestApp, field: &str, value: Value) -> Value {
    let mut input = json!({ "username": "carl", "email": "carl@mail.example", "password": PASSWORD });
    input[field] = value;
    test.nobody().ask(REGISTER, json!({ "input": input })).await
}

/// The status and the bytes that a query is answered with.
async fn raw(test: &TestApp, token: Option<&str>, query: &str, variables: Value) -> (u16, String) {
    let body = json!({ "query": query, "variables": variables });
    let mut request =
        reqwest::Client::builder().build().unwrap().post(format!("{}/graphql", test.address)).json(&body);
    if let Some(token) = token {
        request = request.header("Authorization", token);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn login(test: &TestApp, login: &str, password: &str) -> (u16, String) {
    raw(test, None, LOGIN, json!({ "input": { "login": login, "password": password } })).await
}

fn letters(test: &TestApp) -> Vec<Letter> {
    let Mailer::Memory(sent) = &test.app.mailer else { panic!("tests send into memory") };
    sent.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_is_signed_in_with_what_they_said() {
    let test = TestApp::start().await;
    let input = json!({ "username": "Ana", "email": " Ana@Mail.example ", "password": PASSWORD, "displayName": " Ana K ",
        "baseCurrency": "CHF", "timeZone": "Europe/Zurich" });
    let data = test.nobody().data(REGISTER, json!({ "input": input })).await;
    let made = &data["register"];
    assert_eq!((&made["tokenType"], &made["expiresIn"]), (&json!("Bearer"), &json!(3600)));
    let wanted = json!({ "id": made["user"]["id"], "username": "Ana", "email": "Ana@Mail.example", "displayName": "Ana K",
        "baseCurrency": "CHF", "timeZone": "Europe/Zurich", "role": "USER" });
    assert_eq!(made["user"], wanted);
    let token = format!("Bearer {}", made["accessToken"].as_str().unwrap());
    let (status, me) = raw(&test, Some(&token), "{ me { id username } }", json!({})).await;
    assert_eq!(status, 200);
    let me: Value = serde_json::from_str(&me).unwrap();
    assert_eq!(me["data"]["me"], json!({ "id": made["user"]["id"], "username": "Ana" }));
    // What was not said has its stated default.
    let plain = register_with(&test, "displayName", Value::Null).await;
    let user = &plain["data"]["register"]["user"];
    let defaults = [&user["displayName"], &user["baseCurrency"], &user["timeZone"]];
    assert_eq!(defaults, [&json!("carl"), &json!("EUR"), &json!("UTC")]);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_an_address_is_taken_whatever_its_case() {
    let test = TestApp::start().await;
    test.register("carla").await;
    let taken = [
        ("username", "carla"),
        ("username", "CarLa"),
        ("email", "carla@mail.example"),
        ("email", "CARLA@Mail.Example"),
    ];
    for (field, value) in taken {
        let answer = register_with(&test, field, json!(value)).await;
        let payload = &answer["data"]["register"];
        assert_eq!(payload["userErrors"][0]["code"], "TAKEN", "{value}: {answer}");
        assert_eq!(payload["userErrors"][0]["field"], json!([field]), "{value}: {answer}");
        assert_eq!((&payload["accessToken"], &payload["user"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM users").await, 1);
    test.run_jobs().await;
    assert_eq!(letters(&test).len(), 1);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_user_is_refused_with_its_field_and_code() {
    let test = TestApp::start().await;
    let (long, address) = ("x".repeat(101), format!("{}@mail.example", "a.".repeat(125)));
    for (field, value, code) in [
        ("password", "1234567", "TOO_SHORT"),
        ("password", "äääääää", "TOO_SHORT"),
        ("password", &"x".repeat(129), "TOO_LONG"),
        ("username", "an", "TOO_SHORT"),
        ("username", "", "TOO_SHORT"),
        ("username", &long[..51], "TOO_LONG"),
        ("username", "ana k", "INVALID"),
        ("username", "ana@home", "INVALID"),
        ("username", "../ana", "INVALID"),
        ("username", "...", "INVALID"),
        ("username", ".hidden", "INVALID"),
        ("username", "аnа", "INVALID"),
        ("username", "ana/bob", "INVALID"),
        ("displayName", &long, "TOO_LONG"),
        ("email", "ana", "INVALID"),
        ("email", "ana@", "INVALID"),
        ("email", "ana@mail.example, bob@mail.example", "INVALID"),
        ("email", "ana@mail.example\r\nBcc: bob@mail.example", "INVALID"),
        ("email", &address, "TOO_LONG"),
        ("timeZone", "Mars/Olympus", "INVALID"),
        ("timeZone", "", "INVALID"),
    ] {
        let answer = register_with(&test, field, json!(value)).await;
        let errors = &answer["data"]["register"]["userErrors"];
        assert_eq!(errors[0]["code"], code, "{field} {value}: {answer}");
        assert_eq!(errors[0]["field"], json!([field]), "{field} {value}: {answer}");
    }
    // A scalar that cannot be one is the request's mistake.
    for currency in ["EURO", "eur", "XXZ", ""] {
        let answer = register_with(&test, "baseCurrency", json!(currency)).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{currency}: {answer}");
    }
    assert_eq!(test.number("SELECT count(*) AS number FROM users").await, 0);
    assert_eq!(test.run_jobs().await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_address_sign_in_whatever_their_case() {
    let test = TestApp::start().await;
    test.register("carla").await;
    for name in ["carla", "CARLA", "carla@mail.example", "Carla@MAIL.example", "  carla "] {
        let (status, answer) = login(&test, name, PASSWORD).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let payload = &answer["data"]["login"];
        assert_eq!((status, &payload["user"]["username"]), (200, &json!("carla")), "{name}: {answer}");
        assert_eq!(payload["user"]["lastLoginAt"], "2026-11-21T09:00:00Z");
        assert_eq!((&payload["tokenType"], &payload["expiresIn"]), (&json!("Bearer"), &json!(3600)));
        let token = format!("Bearer {}", payload["accessToken"].as_str().unwrap());
        assert!(raw(&test, Some(&token), "{ me { username } }", json!({})).await.1.contains("carla"));
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_other_letters_than_ascii_signs_in_whatever_its_case() {
    let test = TestApp::start().await;
    let answer = register_with(&test, "email", json!("Äna.İ@mail.example")).await;
    assert_eq!(answer["data"]["register"]["userErrors"], json!([]), "{answer}");
    assert!(login(&test, "Äna.İ@mail.example", PASSWORD).await.1.contains("\"username\":\"carl\""));
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_an_unknown_name_and_a_closed_user_are_answered_alike() {
    let test = TestApp::start().await;
    test.register("carla").await;
    test.register("closed").await;
    test.execute("UPDATE users SET is_active = false WHERE username = 'closed'").await;
    let wrong = login(&test, "carla", "another pass phrase").await;
    let answer: Value = serde_json::from_str(&wrong.1).unwrap();
    let payload = &answer["data"]["login"];
    let refused = json!([{ "field": null, "code": "INVALID_CREDENTIALS", "message": "The name or the password is wrong." }]);
    assert_eq!(payload["userErrors"], refused);
    assert_eq!((&payload["accessToken"], &payload["user"]), (&Value::Null, &Value::Null));
    for (name, password) in [
        ("nobody", PASSWORD),
        ("nobody@mail.example", PASSWORD),
        ("carla@mail.example", ""),
        ("nobody", ""),
        ("", ""),
        ("%", PASSWORD),
        ("closed", PASSWORD),
        ("closed", "another pass phrase"),
    ] {
        assert_eq!(login(&test, name, password).await, wrong, "{name} {password}");
    }
    let never = "SELECT count(*) AS number FROM users WHERE last_login_at IS NOT NULL";
    assert_eq!(test.number(never).await, 0);
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_beside_anothers_token_sees_their_own_rows_whole() {
    let test = TestApp::start().await;
    test.register("bob").await;
    let (ana, admin) = (test.register("ana").await, test.register_admin("root").await);
    let login = "mutation ($input: LoginInput!) { login(input: $input) {
        user { username jobs(first: 1) { nodes { user { username } } } } } }";
    let input = json!({ "input": { "login": "bob", "password": PASSWORD } });
    for person in [&ana, &admin, &test.nobody()] {
        let data = person.data(login, input.clone()).await;
        let user = json!({ "username": "bob", "jobs": { "nodes": [{ "user": { "username": "bob" } }] } });
        assert_eq!(data["login"]["user"], user);
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_answered_401_and_an_absent_one_by_the_field() {
    let test = TestApp::start().await;
    let carla = test.register("carla").await;
    let me = "{ me { username } }";
    for bad in ["Bearer x", "Bearer ", "Bearer a.b.c", "Basic Y2FybGE6eA==", "carla"] {
        let (status, answer) = raw(&test, Some(bad), me, json!({})).await;
        assert_eq!(status, 401, "{bad}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{bad}: {answer}");
        assert_eq!(answer.get("data"), None, "{bad}: {answer}");
    }
    let (status, answer) = raw(&test, None, me, json!({})).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(answer["errors"][0]["path"], json!(["me"]));
    assert_eq!(carla.data(me, json!({})).await["me"]["username"], "carla");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_an_hour() {
    let test = TestApp::start().await;
    test.register("carla").await;
    let answer: Value = serde_json::from_str(&login(&test, "carla", PASSWORD).await.1).unwrap();
    let token = format!("Bearer {}", answer["data"]["login"]["accessToken"].as_str().unwrap());
    let me = "{ me { username } }";
    test.app.clock.advance(Duration::seconds(3599));
    assert_eq!(raw(&test, Some(&token), me, json!({})).await.0, 200);
    test.app.clock.advance(Duration::seconds(1));
    let (status, answer) = raw(&test, Some(&token), me, json!({})).await;
    assert_eq!(status, 401, "{answer}");
    assert!(answer.contains("UNAUTHENTICATED"), "{answer}");
    let carla = test.sign_in("carla").await;
    assert_eq!(carla.data(me, json!({})).await["me"]["username"], "carla");
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_deleted_user_is_good_for_nothing() {
    let test = TestApp::start().await;
    let carla = test.register("carla").await;
    test.execute("DELETE FROM users").await;
    assert_eq!(carla.error_code("{ me { id } }", json!({})).await, "UNAUTHENTICATED");
    let connect = "mutation { createConnectedAccount(input: { provider: DEMO }) { userErrors { code } } }";
    assert_eq!(carla.error_code(connect, json!({})).await, "UNAUTHENTICATED");
    test.run_jobs().await;
    assert_eq!(letters(&test), [], "a deleted user is not welcomed");
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_has_the_starter_categories_each_once() {
    let test = TestApp::start().await;
    for name in ["carla", "bob"] {
        let person = test.register(name).await;
        let query = "{ me { categories(first: 100) { nodes { name kind colour icon parent { id } } } } }";
        let data = person.data(query, json!({})).await;
        let nodes = data["me"]["categories"]["nodes"].as_array().unwrap().clone();
        let wanted: Vec<Value> = STARTER_SET
            .iter()
            .map(|(kind, name, colour, icon)| {
                json!({ "name": name, "kind": kind.as_str(), "colour": colour, "icon": icon, "parent": null })
            })
            .collect();
        assert_eq!(nodes, wanted, "{name}");
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_is_welcomed_once() {
    let test = TestApp::start().await;
    test.register("carla").await;
    register_with(&test, "password", json!("short")).await;
    test.run_jobs().await;
    test.run_jobs().await;
    test.sign_in("carla").await;
    test.run_jobs().await;
    let sent = letters(&test);
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].to, "carla@mail.example");
    assert!(sent[0].text.contains("carla") && !sent[0].text.contains(PASSWORD), "{sent:?}");
    test.finish().await;
}
