//! Reads labelled cases, one JSON object a line, and prints predictions in the form that their scorer takes.
//!
//! `cargo run --example score_extraction -- CASES.jsonl > PREDICTIONS.jsonl`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

use std::io::{BufRead, BufReader};

use chrono::NaiveDate;
use pennypost::extraction::draft::{Direction, Draft, Kind, MailView};
use pennypost::extraction::offline;
use pennypost::mailbox::message::text_of_html;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name the file with the cases")?;
    let started = std::time::Instant::now();
    let mut count = 0_u32;
    for line in BufReader::new(std::fs::File::open(path)?).lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let text = match case["text"].as_str() {
            Some(text) => text.to_owned(),
            None => text_of_html(case["html"].as_str().unwrap_or_default()),
        };
        let mail = MailView {
            text: &text,
            subject: case["subject"].as_str(),
            sender_address: case["sender"].as_str(),
            sent_on: NaiveDate::from_ymd_opt(2026, 12, 31),
            country: case["country"].as_str(),
            ..MailView::default()
        };
        let reading = offline::extract(&mail);
        println!("{}", prediction(&case["id"], reading.kind, reading.drafts.first()));
        count += 1;
    }
    let elapsed = started.elapsed();
    let rate = u128::from(count) * 1_000_000 / elapsed.as_micros().max(1);
    eprintln!("{count} mails in {elapsed:?}: {rate} a second, the tables' making included");
    Ok(())
}

fn prediction(id: &Value, kind: Kind, draft: Option<&Draft>) -> Value {
    let Some(draft) = draft else { return json!({"id": id, "is_transaction": false, "kind": kind}) };
    json!({
        "id": id,
        "is_transaction": true,
        "kind": kind,
        "amount": draft.amount.as_ref().map(|field| field.value.to_string()),
        "currency": draft.currency.as_ref().map(|field| field.value.code()),
        "direction": draft.direction.as_ref().map(|field| if field.value == Direction::In { "in" } else { "out" }),
        "merchant": draft.merchant.as_ref().map(|field| field.value.clone()),
        "date": draft.date.as_ref().map(|field| field.value.to_string()),
        "account_last4": draft.account_mask.as_ref().map(|field| field.value.clone()),
        "reference": draft.reference.as_ref().map(|field| field.value.clone()),
        "balance": draft.balance.as_ref().map(|field| field.value.to_string()),
        "fee": draft.fee.as_ref().map(|field| field.value.to_string()),
    })
}
