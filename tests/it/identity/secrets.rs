//! Secrets that must be nowhere: not in a log line of any level, not in a job, an event or an error, not in any other row.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::identity::world::{client, code, code_in_mail, start, text};
use crate::support::app::TestApp;

/// A log that a test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that the database holds, as text, table by table.
async fn dump(test: &TestApp) -> Vec<String> {
    let mut rows = Vec::new();
    let tables = "SELECT table_name::text AS text FROM information_schema.tables
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    for table in test.texts(tables).await {
        rows.extend(
            test.texts(&format!("SELECT '{table} ' || to_jsonb(t)::text AS text FROM {table} t")).await,
        );
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_codes_and_tokens_are_in_no_log_no_job_no_error_and_no_row() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    // Only where the test has its process to itself; the rows are read in any case.
    let is_logged = tracing::subscriber::set_global_default(subscriber.finish()).is_ok();
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let mut secrets = Vec::new();
    let mut answers: Vec<Value> = Vec::new();
    let passwords = ["canary one pass phrase", "canary two pass phrase", "canary three pass phrase"];
    secrets.extend(passwords.map(str::to_owned));

    let register = "mutation ($input: RegisterInput!) { register(input: $input) {
        accessToken refreshToken user { id } userErrors { code message } } }";
    let input = json!({ "username": "mia", "email": "mia@mail.example", "password": passwords[0] });
    let registered = home.field(register, json!({ "input": input })).await;
    answers.push(home.raw(register, json!({ "input": { "password": passwords[0] } })).await.1);
    let wrong = "canary wrong pass phrase".to_owned();
    for _ in 0..6 {
        answers.push(home.login("mia", &wrong).await);
        answers.push(client(&test, "203.0.113.1").login(&wrong, &wrong).await);
    }
    secrets.push(wrong);
    let logged_in = client(&test, "198.51.100.7").login("mia", passwords[0]).await;
    let next = home.refresh(&logged_in).await;
    let further = home.refresh(&next).await;
    for payload in [&registered, &logged_in, &next, &further] {
        secrets.extend([text(payload, "accessToken"), text(payload, "refreshToken")]);
    }
    answers.push(home.refresh(&logged_in).await);
    let change =
        "mutation ($o: String!, $n: String!) { changePassword(input: { oldPassword: $o, newPassword: $n }) {
        userErrors { code message } } }";
    let changed = home.with(&registered).field(change, json!({ "o": passwords[0], "n": passwords[1] })).await;
    assert_eq!(code(&changed), &Value::Null);
    answers.push(changed);
    home.request_reset("mia@mail.example").await;
    test.run_jobs().await;
    let mailed = code_in_mail(&test);
    secrets.push(mailed.clone());
    answers.push(home.reset("mia@mail.example", "000000", passwords[2]).await);
    let reset = home.reset("mia@mail.example", &mailed, passwords[2]).await;
    assert_eq!(code(&reset), &Value::Null);
    answers.push(home.with(&further).raw("{ me { id } }", json!({})).await.1);
    // A token that nobody can read, in the header and in an input.
    answers.push(home.raw("mutation { login(input: { login: 1 }) { expiresIn } }", json!({})).await.1);
    test.run_jobs().await;

    let mut places: Vec<String> = dump(&test).await;
    assert!(places.iter().any(|row| row.starts_with("job_events ")) && places.len() > 20);
    places.extend(answers.iter().map(Value::to_string));
    if is_logged {
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("pennypost"), "nothing was logged");
        // What this test's own client says of its requests is no part of the program.
        places.extend(log.lines().filter(|line| !line.contains("reqwest")).map(str::to_owned));
    }
    for secret in &secrets {
        // Six digits may be a part of any number.
        let is_in = |place: &String| match secret.len() {
            6 => place.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == secret),
            _ => place.contains(secret.as_str()),
        };
        let found: Vec<&String> = places.iter().filter(|place| is_in(place)).collect();
        assert!(found.is_empty(), "{secret} is in {found:#?}");
    }
    test.finish().await;
}
