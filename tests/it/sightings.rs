//! Sightings that wait for a person: listed, booked as read or as they say, and rejected for good.

use serde_json::{Value, json};

use crate::review::{Alert, read_again, receive, start};
use crate::support::app::{Person, TestApp};
use crate::support::mutation::refusal;

/// A mail whose sender is not who it says: what is read in it waits.
fn doubtful<'a>(id: &'a str, amount: &'a str) -> Alert<'a> {
    Alert { id, amount, checks: Some("dmarc=fail header.from=wrenfold.example"), ..Alert::default() }
}

async fn waiting(person: &Person<'_>) -> Value {
    let query = "{ sightings(filter: { states: [IN_REVIEW] }) { totalCount nodes { id state reason transaction { id }
        draft { amount currency direction merchant date accountMask } email { subject } extraction { outcome } } } }";
    person.data(query, json!({})).await["sightings"].take()
}

const LIVING: &str = "SELECT count(*) AS number FROM transactions WHERE deleted_at IS NULL";
const BOOKED: &str = "sighting { state reason transaction { id } } transaction { id amount { amount currency } merchant bookedOn source
    notes account { name } category { name } editedFields email { id } }";

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_listed_with_what_was_read_of_it() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    receive(&test, &ana, "good", &Alert { id: "2", ..Alert::default() }.bytes()).await;
    let found = waiting(&ana).await;
    let draft = json!({ "amount": "3.40", "currency": "EUR", "direction": "OUT", "merchant": "Korbmarkt", "date": "2026-11-20",
        "accountMask": "1965" });
    let wanted = json!({ "id": found["nodes"][0]["id"], "state": "IN_REVIEW", "reason": "SENDER_NOT_AUTHENTIC", "transaction": null,
        "draft": draft, "email": { "subject": "You spent EUR 3.40 at Korbmarkt" }, "extraction": { "outcome": "IN_REVIEW" } });
    assert_eq!((&found["totalCount"], &found["nodes"]), (&json!(1), &json!([wanted])));
    let all = ana.data("{ me { sightings { totalCount } } }", json!({})).await;
    assert_eq!(all["me"]["sightings"]["totalCount"], 2);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sighting_is_booked_as_it_was_read_and_stays_one_transaction() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    let booked = ana.done("acceptSighting", json!({ "id": id, "idempotencyKey": "k" }), BOOKED).await;
    let transaction = &booked["transaction"];
    assert_eq!(
        booked["sighting"],
        json!({ "state": "FILED", "reason": null, "transaction": { "id": transaction["id"] } })
    );
    assert_eq!(transaction["amount"], json!({ "amount": "-3.40", "currency": "EUR" }));
    assert_eq!(
        (&transaction["merchant"], &transaction["bookedOn"]),
        (&json!("Korbmarkt"), &json!("2026-11-20"))
    );
    assert_eq!((&transaction["source"], &transaction["editedFields"]), (&json!("MAIL"), &json!([])));
    assert_eq!(transaction["account"]["name"], "Wrenfold 1965");
    let again = ana.done("acceptSighting", json!({ "id": id, "idempotencyKey": "k" }), BOOKED).await;
    assert_eq!(again["transaction"]["id"], transaction["id"]);
    assert_eq!(ana.refused("acceptSighting", json!({ "id": id })).await, refusal("id", "INVALID"));
    read_again(&test, &ana, 1).await;
    assert_eq!(test.number(LIVING).await, 1);
    assert_eq!(waiting(&ana).await["totalCount"], 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sighting_is_booked_as_the_person_says_and_no_reading_overwrites_that() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    let (account, category) = (ana.account("Purse", "USD").await, ana.category("Sport", "EXPENSE").await);
    let dollars = json!({ "id": id, "accountId": account });
    assert_eq!(ana.refused("acceptSighting", dollars).await, refusal("amount", "INVALID"));
    assert_eq!(
        ana.refused("acceptSighting", json!({ "id": id, "amount": "0" })).await,
        refusal("amount", "INVALID")
    );
    for (change, field) in [
        (json!({ "amount": "-4.505" }), "amount"),
        (
            json!({ "amount": "-4.5", "originalAmount": { "amount": "-1.5", "currency": "JPY" } }),
            "originalAmount",
        ),
    ] {
        let mut input = json!({ "id": id, "accountId": account });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(ana.refused("acceptSighting", input).await, refusal(field, "INVALID"));
    }
    let input = json!({ "id": id, "accountId": account, "amount": "-4.5", "bookedOn": "2026-11-18", "merchant": "The market",
        "notes": "cash", "categoryId": category, "originalAmount": { "amount": "-3.40", "currency": "EUR" } });
    let booked = ana.done("acceptSighting", input, BOOKED).await;
    let wanted = json!({ "id": booked["transaction"]["id"], "amount": { "amount": "-4.50", "currency": "USD" },
        "merchant": "The market", "bookedOn": "2026-11-18", "source": "MAIL", "notes": "cash", "account": { "name": "Purse" },
        "category": { "name": "Sport" }, "email": booked["transaction"]["email"],
        "editedFields": ["BOOKED_ON", "AMOUNT", "MERCHANT", "NOTES", "ACCOUNT", "CATEGORY"] });
    assert_eq!(booked["transaction"], wanted);
    let row = "SELECT md5((t::text)) AS text FROM transactions t";
    let before = test.texts(row).await;
    read_again(&test, &ana, 1).await;
    assert_eq!(test.texts(row).await, before);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_sighting_stays_rejected_until_the_person_books_it() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    let long = json!({ "id": id, "reason": "x".repeat(501) });
    assert_eq!(ana.refused("rejectSighting", long).await, refusal("reason", "TOO_LONG"));
    let rejected = ana
        .done("rejectSighting", json!({ "id": id, "reason": "a trick" }), "sighting { state reason }")
        .await;
    assert_eq!(rejected["sighting"], json!({ "state": "REJECTED", "reason": "a trick" }));
    // Without a reason, the one that was given stays.
    let again = ana.done("rejectSighting", json!({ "id": id }), "sighting { reason }").await;
    assert_eq!(again["sighting"]["reason"], "a trick");
    // A later version of the server trusts the sender, and would book it.
    test.execute("UPDATE emails SET authenticity = 'VERIFIED'").await;
    read_again(&test, &ana, 1).await;
    assert_eq!(test.number(LIVING).await, 0);
    let rows = "SELECT state || ' ' || reason AS text FROM sightings";
    assert_eq!(test.texts(rows).await, ["REJECTED a trick"]);
    let booked = ana.done("acceptSighting", json!({ "id": id }), "sighting { state }").await;
    assert_eq!(booked["sighting"]["state"], "FILED");
    assert_eq!(ana.refused("rejectSighting", json!({ "id": id })).await, refusal("id", "INVALID"));
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_an_ignored_or_deleted_mail_is_not_booked() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    let mail = ana.data("{ emails { nodes { id } } }", json!({})).await["emails"]["nodes"][0]["id"].take();
    ana.done("ignoreEmails", json!({ "ids": [mail] }), "").await;
    assert_eq!(ana.refused("acceptSighting", json!({ "id": id })).await, refusal("id", "INVALID"));
    ana.done("deleteEmails", json!({ "ids": [mail] }), "").await;
    assert_eq!(ana.refused("acceptSighting", json!({ "id": id })).await, refusal("id", "NOT_FOUND"));
    assert_eq!(waiting(&ana).await["totalCount"], 0);
    assert_eq!(test.number(LIVING).await, 0);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_sighting_is_answered_like_one_that_never_was() {
    let test = start().await;
    let (ana, bob) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    assert_eq!(waiting(&bob).await["totalCount"], 0);
    assert_eq!(waiting(&admin).await["totalCount"], 1);
    let account = bob.account("Giro", "EUR").await;
    let before = test.texts("SELECT md5(string_agg(s::text, ',')) AS text FROM sightings s").await;
    for stranger in [&bob, &admin] {
        for mutation in ["acceptSighting", "rejectSighting"] {
            assert_eq!(stranger.refused(mutation, json!({ "id": id })).await, refusal("id", "NOT_FOUND"));
        }
    }
    let input = json!({ "id": id, "accountId": account });
    assert_eq!(ana.refused("acceptSighting", input).await, refusal("accountId", "NOT_FOUND"));
    assert_eq!(test.texts("SELECT md5(string_agg(s::text, ',')) AS text FROM sightings s").await, before);
    let seen = "query ($id: ID!) { sighting(id: $id) { id } node(id: $id) { id } }";
    assert_eq!(bob.data(seen, json!({ "id": id })).await, json!({ "sighting": null, "node": null }));
    assert_eq!(ana.data(seen, json!({ "id": id })).await["node"]["id"], id);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_mail_does_not_say_enough_the_person_has_to() {
    let test: TestApp = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    let id = waiting(&ana).await["nodes"][0]["id"].clone();
    test.execute("UPDATE extractions SET result = '{\"drafts\": {}}'").await;
    assert_eq!(ana.refused("acceptSighting", json!({ "id": id })).await, refusal("amount", "INVALID"));
    let amount = json!({ "id": id, "amount": "-2" });
    assert_eq!(ana.refused("acceptSighting", amount).await, refusal("accountId", "INVALID"));
    let account = ana.account("Purse", "EUR").await;
    let enough = json!({ "id": id, "amount": "-2", "accountId": account });
    let booked = ana.done("acceptSighting", enough, BOOKED).await;
    assert_eq!(booked["transaction"]["bookedOn"], "2026-11-20");
    test.finish().await;
}

/// Many sightings that wait for nobody.
const FILL: &str = "INSERT INTO sightings (id, user_id, email_id, event_key, extraction_id, state, reason)
    SELECT gen_random_uuid(), user_id, email_id, 'key ' || number, extraction_id, 'REJECTED', 'none'
    FROM (SELECT * FROM sightings LIMIT 1) one, generate_series(1, 20000) number; ANALYZE sightings";

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_found_without_reading_what_does_not() {
    let test = start().await;
    let ana = test.register("ana").await;
    receive(&test, &ana, "inbox", &doubtful("1", "3.40").bytes()).await;
    test.execute(FILL).await;
    let read =
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS number FROM pg_stat_user_tables
        WHERE relname = 'sightings'";
    test.execute("SELECT pg_stat_force_next_flush()").await;
    let before = test.number(read).await;
    assert_eq!(waiting(&ana).await["totalCount"], 1);
    test.execute("SELECT pg_stat_force_next_flush()").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let rows = test.number(read).await - before;
    assert!(rows < 1_000, "{rows} rows were read for one");
    test.finish().await;
}
