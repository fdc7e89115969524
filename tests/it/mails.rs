//! Mails and mailboxes in the hands of their owner: ignored, restored, read again, erased; renamed, paused, taken away.

use pennypost::jobs::{JobPayload, NewJob, enqueue};
use serde_json::{Value, json};

use crate::review::{Alert, receive, start};
use crate::support::app::{Person, TestApp};
use crate::support::mutation::refusal;

const NEVER: &str = "nonsense";

/// The user's mails, the oldest first.
async fn mails(person: &Person<'_>) -> Vec<Value> {
    let query = "{ emails(orderBy: RECEIVED_AT_ASC) { nodes { id extractionStatus } } }";
    person.data(query, json!({})).await["emails"]["nodes"].as_array().unwrap().clone()
}

async fn two_alerts(test: &TestApp, ana: &Person<'_>) -> [Value; 2] {
    for id in ["1", "2"] {
        receive(test, ana, id, &Alert { id, ..Alert::default() }.bytes()).await;
    }
    let found = mails(ana).await;
    [found[0]["id"].clone(), found[1]["id"].clone()]
}

const RESULTS: &str = "results { id email { extractionStatus extractionReason } userErrors { field code } }";

#[tokio::test(flavor = "multi_thread")]
async fn ignored_mails_are_kept_out_of_every_reading_until_they_are_restored() {
    let test = start().await;
    let ana = test.register("ana").await;
    let [one, two] = two_alerts(&test, &ana).await;
    let ignored = ana.done("ignoreEmails", json!({ "ids": [one, NEVER] }), RESULTS).await;
    let not_found = json!([{ "field": null, "code": "NOT_FOUND" }]);
    let wanted = json!([
        { "id": one, "email": { "extractionStatus": "IGNORED", "extractionReason": "A person ignores it." }, "userErrors": [] },
        { "id": NEVER, "email": null, "userErrors": not_found },
    ]);
    assert_eq!(ignored["results"], wanted);
    let read = ana
        .done(
            "extractEmails",
            json!({ "emailIds": [one, two] }),
            "results { email { id } userErrors { field code message } } job { id }",
        )
        .await;
    let is_ignored =
        json!([{ "field": null, "code": "INVALID", "message": "It is ignored; restore it first." }]);
    let wanted =
        json!([{ "email": null, "userErrors": is_ignored }, { "email": { "id": two }, "userErrors": [] }]);
    assert_eq!(read["results"], wanted);
    for ids in [json!([one]), json!([NEVER, one])] {
        let alone = json!({ "emailIds": ids });
        assert_eq!(ana.refused("extractEmails", alone).await, refusal("emailIds", "INVALID"));
    }
    test.run_jobs().await;
    let statuses =
        |mails: &[Value]| mails.iter().map(|mail| mail["extractionStatus"].clone()).collect::<Vec<_>>();
    assert_eq!(statuses(&mails(&ana).await), ["IGNORED", "COMPLETED"]);
    let restored = ana.done("restoreEmails", json!({ "ids": [one, two] }), RESULTS).await;
    assert_eq!(
        restored["results"][0]["email"],
        json!({ "extractionStatus": "PENDING", "extractionReason": null })
    );
    assert_eq!(restored["results"][1]["email"]["extractionStatus"], "COMPLETED");
    ana.done("extractEmails", json!({}), "job { id }").await;
    test.run_jobs().await;
    assert_eq!(statuses(&mails(&ana).await), ["COMPLETED", "COMPLETED"]);
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 2);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_named_are_read_again_whatever_became_of_them() {
    let test = start().await;
    let ana = test.register("ana").await;
    let [one, _] = two_alerts(&test, &ana).await;
    test.execute("UPDATE emails SET extraction_status = 'FAILED', extraction_reason = 'x'; DELETE FROM sightings; DELETE FROM extractions;
        DELETE FROM transactions").await;
    ana.done("extractEmails", json!({ "emailIds": [one] }), "job { id }").await;
    test.run_jobs().await;
    let found: Vec<Value> = mails(&ana).await.iter().map(|mail| mail["extractionStatus"].clone()).collect();
    assert_eq!(found, ["COMPLETED", "FAILED"]);
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 1);
    assert_eq!(
        ana.refused("extractEmails", json!({ "emailIds": [NEVER] })).await,
        refusal("emailIds", "NOT_FOUND")
    );
    let many = vec![one; 101];
    assert_eq!(
        ana.refused("extractEmails", json!({ "emailIds": many })).await,
        refusal("emailIds", "LIMIT_EXCEEDED")
    );
    assert_eq!(ana.refused("ignoreEmails", json!({ "ids": many })).await, refusal("ids", "LIMIT_EXCEEDED"));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_mail_leaves_its_transaction_and_comes_back_by_no_fetch() {
    let test = start().await;
    let ana = test.register("ana").await;
    let [one, two] = two_alerts(&test, &ana).await;
    let erased = ana
        .done(
            "deleteEmails",
            json!({ "ids": [one, NEVER] }),
            "results { id deletedEmailId userErrors { code } }",
        )
        .await;
    let wanted = json!([{ "id": one, "deletedEmailId": one, "userErrors": [] },
        { "id": NEVER, "deletedEmailId": null, "userErrors": [{ "code": "NOT_FOUND" }] }]);
    assert_eq!(erased["results"], wanted);
    for table in ["email_sources", "email_texts"] {
        assert_eq!(test.number(&format!("SELECT count(*) AS number FROM {table}")).await, 1, "{table}");
    }
    receive(&test, &ana, "again", &Alert { id: "1", ..Alert::default() }.bytes()).await;
    assert_eq!(mails(&ana).await.len(), 1);
    assert_eq!(test.number("SELECT count(*) AS number FROM emails").await, 2);
    let query = "{ transactions { totalCount nodes { email { id } } } }";
    let data = ana.data(query, json!({})).await;
    assert_eq!(data["transactions"]["totalCount"], 2);
    let mut seen: Vec<Value> =
        data["transactions"]["nodes"].as_array().unwrap().iter().map(|row| row["email"].clone()).collect();
    seen.sort_by_key(Value::is_null);
    assert_eq!(seen, [json!({ "id": two }), Value::Null]);
    let again = ana.done("deleteEmails", json!({ "ids": [one] }), "results { deletedEmailId }").await;
    assert_eq!(again["results"][0]["deletedEmailId"], Value::Null);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_without_a_text_is_skipped_when_it_is_restored() {
    let test = start().await;
    let ana = test.register("ana").await;
    let [one, _] = two_alerts(&test, &ana).await;
    ana.done("ignoreEmails", json!({ "ids": [one] }), "").await;
    test.execute("DELETE FROM email_texts").await;
    let restored = ana.done("restoreEmails", json!({ "ids": [one] }), RESULTS).await;
    let wanted = json!({ "extractionStatus": "SKIPPED", "extractionReason": "Its text is not kept." });
    assert_eq!(restored["results"][0]["email"], wanted);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_leads_to_its_readings_and_they_to_it() {
    let test = start().await;
    let ana = test.register("ana").await;
    let [one, _] = two_alerts(&test, &ana).await;
    crate::review::read_again(&test, &ana, 1).await;
    let query = "query ($id: ID!) { email(id: $id) { extractions(first: 1) { totalCount nodes { id extractorVersion email { id } } pageInfo { hasNextPage } } }
        extractions(filter: { emailIds: [$id], outcomes: [FILED] }) { totalCount nodes { id } } me { extractions { totalCount } } }";
    let data = ana.data(query, json!({ "id": one })).await;
    let readings = &data["email"]["extractions"];
    assert_eq!((&readings["totalCount"], &readings["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
    assert_eq!(readings["nodes"][0]["email"]["id"], one);
    assert_eq!(data["extractions"]["nodes"][0]["id"], readings["nodes"][0]["id"], "the newest first");
    assert_eq!(
        (&data["extractions"]["totalCount"], &data["me"]["extractions"]["totalCount"]),
        (&json!(2), &json!(4))
    );
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_language_models_are_listed_and_found_by_their_owner() {
    let test = start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    two_alerts(&test, &ana).await;
    test.execute("INSERT INTO llm_usages (id, user_id, email_id, extraction_id, job_id, attempt, call, model, input_tokens, cost_usd,
            latency_ms, outcome)
        SELECT gen_random_uuid(), user_id, email_id, id, job_id, 1, row_number() OVER (), 'small', 700, 0.0000123400, 40, 'ANSWERED'
        FROM extractions").await;
    let query = "{ llmUsages { totalCount nodes { id model inputTokens outputTokens costUsd latencyMilliseconds outcome email { id }
        extraction { id } job { id } } } me { llmUsages(first: 1) { nodes { id } } } }";
    let data = ana.data(query, json!({})).await;
    let usage = &data["llmUsages"]["nodes"][0];
    assert_eq!(
        (&usage["model"], &usage["costUsd"], &usage["outputTokens"]),
        (&json!("small"), &json!("0.00001234"), &Value::Null)
    );
    assert!(["email", "extraction", "job"].iter().all(|field| usage[*field]["id"].is_string()), "{usage:#}");
    let found = "query ($id: ID!) { llmUsage(id: $id) { id } node(id: $id) { id } }";
    assert_eq!(ana.data(found, json!({ "id": usage["id"] })).await["node"]["id"], usage["id"]);
    assert_eq!(
        bob.data(found, json!({ "id": usage["id"] })).await,
        json!({ "llmUsage": null, "node": null })
    );
    assert_eq!(bob.data(query, json!({})).await["llmUsages"]["totalCount"], 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_renamed_paused_and_given_another_file() {
    let test = start().await;
    let ana = test.register("ana").await;
    two_alerts(&test, &ana).await;
    let boxes = ana.data("{ connectedAccounts { nodes { id address } } }", json!({})).await;
    let id = boxes["connectedAccounts"]["nodes"][0]["id"].clone();
    assert_eq!(
        ana.refused("updateConnectedAccount", json!({ "id": id, "address": "2" })).await,
        refusal("address", "TAKEN")
    );
    assert_eq!(
        ana.refused("updateConnectedAccount", json!({ "id": id, "file": "../x" })).await,
        refusal("file", "INVALID")
    );
    let wanted = "connectedAccount { address status }";
    let paused = ana
        .done("updateConnectedAccount", json!({ "id": id, "address": "Bank", "isPaused": true }), wanted)
        .await;
    assert_eq!(paused["connectedAccount"], json!({ "address": "Bank", "status": "PAUSED" }));
    let more = [Alert { id: "3", ..Alert::default() }.bytes()].concat();
    test.write_import_file("ana", "other.eml", &more);
    ana.done("updateConnectedAccount", json!({ "id": id, "file": "other.eml" }), wanted).await;
    ana.fetch(id.clone()).await;
    test.run_jobs().await;
    assert_eq!(mails(&ana).await.len(), 2, "a paused mailbox was read");
    let on = ana.done("updateConnectedAccount", json!({ "id": id, "isPaused": false }), wanted).await;
    assert_eq!(on["connectedAccount"]["status"], "ACTIVE");
    ana.fetch(id.clone()).await;
    test.run_jobs().await;
    assert_eq!(mails(&ana).await.len(), 3);
    let demo =
        ana.done("createConnectedAccount", json!({ "provider": "DEMO" }), "connectedAccount { id }").await;
    for field in ["address", "file"] {
        let mut input = json!({ "provider": "DEMO" });
        input[field] = json!("x");
        assert_eq!(ana.refused("createConnectedAccount", input).await, refusal(field, "INVALID"));
    }
    let input = json!({ "id": demo["connectedAccount"]["id"], "address": "X" });
    assert_eq!(ana.refused("updateConnectedAccount", input).await, refusal("address", "INVALID"));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_taken_away_leaves_its_mails() {
    let test = start().await;
    let ana = test.register("ana").await;
    two_alerts(&test, &ana).await;
    let boxes = ana.data("{ connectedAccounts { nodes { id } } }", json!({})).await;
    let id = &boxes["connectedAccounts"]["nodes"][0]["id"];
    let fetch = json!({ "source": { "connectedAccountId": id } });
    let waiting = ana.done("fetchEmails", fetch.clone(), "job { id }").await;
    let gone = ana.done("deleteConnectedAccount", json!({ "id": id }), "deletedConnectedAccountId").await;
    assert_eq!(gone["deletedConnectedAccountId"], *id);
    test.run_jobs().await;
    let job = ana
        .data(
            "query ($id: ID!) { job(id: $id) { state error { code } } }",
            json!({ "id": waiting["job"]["id"] }),
        )
        .await;
    assert_eq!(job["job"], json!({ "state": "FAILED", "error": { "code": "ACCOUNT_GONE" } }));
    assert_eq!(mails(&ana).await.len(), 2);
    assert_eq!(test.number("SELECT count(*) AS number FROM email_places").await, 1);
    assert_eq!(test.number("SELECT count(*) AS number FROM transactions").await, 2);
    assert_eq!(ana.refused("deleteConnectedAccount", json!({ "id": id })).await, refusal("id", "NOT_FOUND"));
    assert_eq!(ana.refused("fetchEmails", fetch).await, refusal("source.connectedAccountId", "NOT_FOUND"));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_mails_and_mailboxes_are_answered_like_ones_that_never_were() {
    let test = start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    let [one, _] = two_alerts(&test, &ana).await;
    let boxes = ana.data("{ connectedAccounts { nodes { id } } }", json!({})).await;
    let id = &boxes["connectedAccounts"]["nodes"][0]["id"];
    let all = "SELECT (SELECT md5(string_agg(e::text, ',' ORDER BY id)) FROM emails e) || (SELECT count(*) FROM email_sources)
        || (SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM connected_accounts a) AS text";
    let before = test.texts(all).await;
    for stranger in [&bob, &admin] {
        for mutation in ["ignoreEmails", "restoreEmails", "deleteEmails"] {
            let wanted = "results { userErrors { field code } }";
            let theirs = stranger.done(mutation, json!({ "ids": [one] }), wanted).await;
            assert_eq!(theirs, stranger.done(mutation, json!({ "ids": [NEVER] }), wanted).await);
        }
        assert_eq!(
            stranger.refused("extractEmails", json!({ "emailIds": [one] })).await,
            refusal("emailIds", "NOT_FOUND")
        );
        assert_eq!(
            stranger.refused("updateConnectedAccount", json!({ "id": id, "isPaused": true })).await,
            refusal("id", "NOT_FOUND")
        );
        assert_eq!(
            stranger.refused("deleteConnectedAccount", json!({ "id": id })).await,
            refusal("id", "NOT_FOUND")
        );
    }
    assert_eq!(test.texts(all).await, before);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_many_results_and_sums_costs_as_much() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let results = "mutation { ignoreEmails(input: { ids: [] }) { results { email { transactions(first: 25) { nodes { id } } } } } }";
    assert_eq!(ana.error_code(results, json!({})).await, "QUERY_TOO_COMPLEX");
    let sums = |count: usize| {
        let one = |number: usize| {
            format!(
                "s{number}: spending(period: {{ from: \"2026-01-01\", to: \"2026-12-31\" }}) {{ transactionCount }}"
            )
        };
        format!("{{ me {{ {} }} }}", (0..count).map(one).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(ana.error_code(&sums(28), json!({})).await, "QUERY_TOO_COMPLEX");
    ana.data(&sums(20), json!({})).await;
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_sources_are_erased_at_night_and_what_was_read_in_them_stays() {
    let test =
        TestApp::start_with(|app| app.config.email_source_retention = std::time::Duration::from_hours(24))
            .await;
    let ana = test.register("ana").await;
    ana.fetch_demo().await;
    test.run_jobs().await;
    let (sources, texts) =
        ("SELECT count(*) AS number FROM email_sources", "SELECT count(*) AS number FROM email_texts");
    let (all, ledger) = (test.number(sources).await, ana.ledger().await);
    assert!(all > 50 && !ledger.is_empty());
    let old = "UPDATE email_sources SET created_at = now() - interval '1 day 1 second'
        WHERE email_id IN (SELECT email_id FROM email_sources ORDER BY email_id LIMIT 10)";
    test.execute(old).await;
    test.execute("UPDATE email_sources SET created_at = now() - interval '23 hours' WHERE created_at > now() - interval '1 hour'").await;
    let job = NewJob::new(None, JobPayload::Retention {});
    let mut conn = test.app.pool.connection().await.unwrap();
    enqueue(&mut conn, test.app.clock.new_id(), job).await.unwrap();
    drop(conn);
    test.run_jobs().await;
    assert_eq!(test.number(sources).await, all - 10);
    assert_eq!((test.number(texts).await, ana.ledger().await), (all, ledger));
    test.finish().await;
}
