//! How soon the end of a session, another role and the end of a user take effect: within five seconds when another process
//! did it, at once when this one did, on open sockets too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::identity::world::{Client, client, start, text};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::socket::{Said, Socket};

const AT_THE_LATEST: Duration = Duration::from_secs(5);
const MY_EVENTS: &str = "subscription { myJobEvents { version } }";

/// A socket of whoever has that payload, with a subscription that says nothing.
async fn watching(test: &TestApp, payload: &Value) -> Socket {
    let mut socket = Socket::signed_in(&test.address, Some(&text(payload, "accessToken"))).await;
    socket.subscribe("s", MY_EVENTS, json!({})).await;
    socket
}

async fn closed(socket: &mut Socket) -> u16 {
    loop {
        if let Said::Closed(code, _) = socket.hear().await {
            return code;
        }
    }
}

/// How long the client's token stays good, asked again and again.
async fn until_refused(who: &Client<'_>) -> Duration {
    let begun = Instant::now();
    while who.is_signed_in().await {
        assert!(begun.elapsed() < AT_THE_LATEST * 2, "the token stays good");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_ends_is_over_within_five_seconds_on_sockets_too() {
    for change in [
        "UPDATE sessions SET revoked_at = now()",
        "UPDATE users SET is_active = false",
        "DELETE FROM sessions",
        "DELETE FROM users",
    ] {
        let test = start().await;
        let home = client(&test, "198.51.100.1");
        let payload = home.register("ana").await;
        let who = home.with(&payload);
        let mut socket = watching(&test, &payload).await;
        assert!(who.is_signed_in().await);
        test.run_jobs().await;
        test.execute(change).await;
        let begun = Instant::now();
        let (refused, code) = tokio::join!(until_refused(&who), async {
            let code = closed(&mut socket).await;
            (code, begun.elapsed())
        });
        assert!(refused < AT_THE_LATEST, "{change}: a request after {refused:?}");
        assert!(code.0 == 4403 && code.1 < AT_THE_LATEST, "{change}: a socket after {code:?}");
        test.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_counts_within_five_seconds_with_the_same_token() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let payload = home.register("ana").await;
    let who = home.with(&payload);
    let mut socket = watching(&test, &payload).await;
    let bob = home.register("bob").await["user"]["id"].clone();
    let of_bob = "query ($id: ID!) { categories(userId: $id) { totalCount } }";
    let is_admin = async || who.raw(of_bob, json!({ "id": bob })).await.1.get("errors").is_none();
    assert!(!is_admin().await);
    for role in ["admin", "user"] {
        test.execute(&format!("UPDATE users SET role = '{role}'")).await;
        let begun = Instant::now();
        while is_admin().await != (role == "admin") {
            assert!(begun.elapsed() < AT_THE_LATEST, "{role}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(closed(&mut socket).await, 4403);
        assert!(begun.elapsed() < AT_THE_LATEST, "{:?}", begun.elapsed());
        socket = watching(&test, &payload).await;
    }
    test.run_jobs().await;
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_process_ends_is_over_at_once_on_sockets_too() {
    let test = start().await;
    let home = client(&test, "198.51.100.1");
    let first = home.register("ana").await;
    let second = home.login("ana", PASSWORD).await;
    // A subscription begins with what is active.
    test.run_jobs().await;
    let (mut one, mut other) = (watching(&test, &first).await, watching(&test, &second).await);
    assert!(home.with(&second).is_signed_in().await);
    let begun = Instant::now();
    home.with(&first).field("mutation { logout { userErrors { code } } }", json!({})).await;
    assert!(!home.with(&first).is_signed_in().await);
    assert_eq!(closed(&mut one).await, 4403);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // The other session goes on; it ends itself over its own socket, and hears the answer first.
    other.subscribe("q", "mutation { logoutEverywhere { endedCount } }", json!({})).await;
    assert_eq!(other.next("q").await.unwrap()["data"]["logoutEverywhere"]["endedCount"], 1);
    assert_eq!(closed(&mut other).await, 4403);
    test.run_jobs().await;
    test.finish().await;
}
