//! A mutation for each code of an expected outcome.

use serde_json::json;

use crate::support::app::{PASSWORD, Person, TestApp};

/// The code that a mutation is refused with which should be refused with `code`.
pub async fn reach(test: &TestApp, ana: &Person<'_>, code: &str) -> String {
    let account = |name: &str| json!({ "name": name, "kind": "BANK", "currency": "EUR" });
    let (_, found) = match code {
        "INVALID_CREDENTIALS" => {
            test.nobody().refused("login", json!({ "login": "ana", "password": "not this one" })).await
        }
        "RATE_LIMITED" => {
            let wrong = json!({ "login": "carol", "password": format!("{PASSWORD}?") });
            for _ in 0..5 {
                test.nobody().refused("login", wrong.clone()).await;
            }
            test.nobody().refused("login", wrong).await
        }
        "TAKEN" => {
            ana.done("createAccount", account("Giro"), "").await;
            ana.refused("createAccount", account("giro")).await
        }
        "INVALID" => {
            let mut finer = account("Fine");
            finer["openingBalance"] = json!("0.001");
            ana.refused("createAccount", finer).await
        }
        "TOO_SHORT" => ana.refused("createAccount", account(" ")).await,
        "TOO_LONG" => ana.refused("createAccount", account(&"x".repeat(1_000))).await,
        "NOT_FOUND" => ana.refused("updateAccount", json!({ "id": "nonsense", "name": "A" })).await,
        "IN_USE" => {
            let id = ana.account("Booked", "EUR").await;
            ana.book(&id, "-5", "2026-11-01", None).await;
            ana.refused("updateAccount", json!({ "id": id, "currency": "USD" })).await
        }
        "EXPIRED" => test.nobody().refused("refreshSession", json!({ "refreshToken": "nonsense" })).await,
        "LIMIT_EXCEEDED" => {
            let ids: Vec<String> = (0..101).map(|number| number.to_string()).collect();
            ana.refused("ignoreEmails", json!({ "ids": ids })).await
        }
        other => panic!("no mutation reaches {other} here"),
    };
    found
}
