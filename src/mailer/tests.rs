//! What is told of mail servers that take no mail.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

/// A server that says hello and then answers each line by `answer`; its port.
async fn server(answer: fn(&str) -> &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            tokio::spawn(async move {
                write.write_all(b"220 mail.example\r\n").await.unwrap();
                let mut lines = BufReader::new(read).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let _ = write.write_all(answer(&line).as_bytes()).await;
                }
            });
        }
    });
    port
}

async fn refusal_of(url: String) -> Error {
    refusal_within(url, PATIENCE).await
}

async fn refusal_within(url: String, patience: Duration) -> Error {
    let from = "pennypost <pennypost@mail.example>";
    let mailer = Mailer::smtp_within(&Secret::new(url), from, patience).unwrap();
    let letter =
        Letter { to: "ana@mail.example".into(), subject: "Hello".into(), text: "of no concern".into() };
    mailer.send(&letter).await.unwrap_err()
}

fn sentence_of_passing(error: Error) -> String {
    let Error::Unavailable(sentence) = error else { panic!("{error:?} gives the mail up") };
    assert!(!sentence.contains("hunter2"), "{sentence}");
    sentence
}

fn wrong_password(line: &str) -> &'static str {
    match line.get(..4) {
        Some("EHLO") => "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n",
        Some("AUTH") => "535 5.7.8 no such user or password\r\n",
        _ => "250 ok\r\n",
    }
}

fn refuses_the_address(line: &str) -> &'static str {
    match line.get(..4) {
        Some("EHLO") => "250 mail.example\r\n",
        Some("RCPT") => "550 5.1.1 nobody of that name\r\n",
        _ => "250 ok\r\n",
    }
}

#[tokio::test]
async fn a_wrong_password_is_named_and_gives_no_mail_up() {
    let port = server(wrong_password).await;
    let refusal = refusal_of(format!("smtp://ana:hunter2@127.0.0.1:{port}")).await;
    assert!(sentence_of_passing(refusal).contains("user or the password of SMTP_URL"));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_named_as_that() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let port = server(wrong_password).await;
    let refusal = refusal_of(format!("smtps://ana:hunter2@127.0.0.1:{port}")).await;
    assert!(sentence_of_passing(refusal).contains("TLS"));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_a_while() {
    let port = server(|_| "").await;
    let refusal = refusal_within(format!("smtp://127.0.0.1:{port}"), Duration::from_millis(200)).await;
    assert!(sentence_of_passing(refusal).contains("does not answer"));
}

#[tokio::test]
async fn an_address_that_the_server_does_not_know_gives_the_mail_up() {
    let port = server(refuses_the_address).await;
    let refusal = refusal_of(format!("smtp://127.0.0.1:{port}")).await;
    assert!(matches!(refusal, Error::Rejected { .. }), "{refusal:?}");
}
