//! Clients with addresses and names of their own, behind a proxy that the program trusts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pennypost::mailer::{Letter, Mailer};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp};

/// What every payload with tokens is asked for.
const TOKENS: &str = "accessToken refreshToken tokenType expiresIn user { id username }
    userErrors { field code message retryAfterSeconds }";

/// A client of the program.
#[derive(Clone)]
pub struct Client<'a> {
    test: &'a TestApp,
    address: &'static str,
    token: Option<String>,
}

/// A program that believes what the proxy on this machine says of addresses.
pub async fn start() -> TestApp {
    TestApp::start_with(|app| app.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await
}

/// A client at that address.
pub fn client<'a>(test: &'a TestApp, address: &'static str) -> Client<'a> {
    Client { test, address, token: None }
}

impl Client<'_> {
    /// The same client with the access token of a payload.
    pub fn with(&self, payload: &Value) -> Self {
        Self { token: Some(text(payload, "accessToken")), ..self.clone() }
    }

    /// The status and the answer to a query.
    pub async fn raw(&self, query: &str, variables: Value) -> (u16, Value) {
        let body = json!({ "query": query, "variables": variables });
        let mut request = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(format!("{}/graphql", self.test.address))
            .header("X-Forwarded-For", self.address)
            .header("User-Agent", format!("a client at {}", self.address))
            .json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The field of the root that a query has alone.
    pub async fn field(&self, query: &str, variables: Value) -> Value {
        let (_, mut answer) = self.raw(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        let field = answer["data"].as_object_mut().unwrap().values_mut().next().unwrap();
        field.take()
    }

    /// True while the access token is good.
    pub async fn is_signed_in(&self) -> bool {
        self.raw("{ me { id } }", json!({})).await.0 == 200
    }

    pub async fn register(&self, name: &str) -> Value {
        let query = format!("mutation ($input: RegisterInput!) {{ register(input: $input) {{ {TOKENS} }} }}");
        let input =
            json!({ "username": name, "email": format!("{name}@mail.example"), "password": PASSWORD });
        self.field(&query, json!({ "input": input })).await
    }

    pub async fn login(&self, name: &str, password: &str) -> Value {
        self.login_with(json!({ "login": name, "password": password })).await
    }

    pub async fn login_with(&self, input: Value) -> Value {
        let query = format!("mutation ($input: LoginInput!) {{ login(input: $input) {{ {TOKENS} }} }}");
        self.field(&query, json!({ "input": input })).await
    }

    /// Takes the refresh token of a payload for the next payload.
    pub async fn refresh(&self, payload: &Value) -> Value {
        let query = format!(
            "mutation ($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {TOKENS} }} }}"
        );
        let input = json!({ "refreshToken": payload["refreshToken"] });
        self.field(&query, json!({ "input": input })).await
    }

    pub async fn request_reset(&self, email: &str) -> Value {
        let query = "mutation ($email: String!) { requestPasswordReset(input: { email: $email }) {
            userErrors { field code message retryAfterSeconds } } }";
        self.field(query, json!({ "email": email })).await
    }

    pub async fn reset(&self, email: &str, code: &str, password: &str) -> Value {
        let query = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) {
            userErrors { field code message retryAfterSeconds } } }";
        let input = json!({ "email": email, "code": code, "newPassword": password });
        self.field(query, json!({ "input": input })).await
    }
}

/// A text of a payload, which has to be there.
pub fn text(payload: &Value, field: &str) -> String {
    payload[field].as_str().unwrap_or_else(|| panic!("{payload:#}")).to_owned()
}

/// The code of the one user error of a payload; `null` for none.
pub fn code(payload: &Value) -> &Value {
    &payload["userErrors"][0]["code"]
}

/// What an access token says.
pub fn claims(payload: &Value) -> Value {
    let token = text(payload, "accessToken");
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The mails that were sent.
pub fn letters(test: &TestApp) -> Vec<Letter> {
    let Mailer::Memory(sent) = &test.app.mailer else { panic!("tests send into memory") };
    sent.lock().unwrap().clone()
}

/// The code in the last mail.
pub fn code_in_mail(test: &TestApp) -> String {
    let letter = letters(test).pop().unwrap();
    let digits = |line: &str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    letter
        .text
        .lines()
        .map(str::trim)
        .find(|line| digits(line))
        .unwrap_or_else(|| panic!("{letter:?}"))
        .to_owned()
}
