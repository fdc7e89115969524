//! What admins alone may do to a user: tried by everybody else with that user's real id, and then by an admin.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rights::digest::{assert_unchanged, digest};
use crate::rights::matrix::{ROWS, Way};
use crate::rights::people::{never, refused};
use crate::rights::scene::holder;
use crate::support::app::TestApp;

const OWNER: &str = "SELECT role || ' ' || is_active AS text FROM users WHERE username = 'ana'";

/// (the way, the role that is given where one is, what the owner is then), in an order that ends as it began.
const STEPS: [(&str, Option<&str>, &str); 4] = [
    ("Mutation.setUserRole.input.userId", Some("ADMIN"), "admin true"),
    ("Mutation.setUserRole.input.userId", Some("USER"), "user true"),
    ("Mutation.deactivateUser.input.userId", None, "user false"),
    ("Mutation.activateUser.input.userId", None, "user true"),
];

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_changes_what_a_user_may_do() {
    let test = TestApp::start().await;
    let (owner, stranger) = (test.register("ana").await, test.register("bob").await);
    let admin = test.register_admin("root").await;
    test.run_jobs().await;
    let rows: Vec<_> = ROWS.iter().filter(|(_, way, _)| matches!(way, Way::AdminsAbout)).collect();
    let done: BTreeSet<&str> = STEPS.iter().map(|(path, ..)| *path).collect();
    assert!(done.iter().eq(rows.iter().map(|(path, ..)| path).collect::<BTreeSet<_>>()), "{done:?}");
    let scopes = ["READ", "WRITE", "INGEST"];
    let tokens = [
        holder(&test, &owner, &scopes).await,
        holder(&test, &stranger, &scopes).await,
        holder(&test, &admin, &scopes).await,
    ];
    let nobody = test.nobody();
    for (path, role, then) in STEPS {
        let (.., query) = rows.iter().find(|(row, ..)| *row == path).unwrap();
        let variables = |id: Value| match role {
            Some(role) => json!({ "id": id, "role": role }),
            None => json!({ "id": id }),
        };
        let before = digest(&test).await;
        refused(&nobody, path, query, variables(json!(owner.id)), "UNAUTHENTICATED").await;
        // For as long as they are a user like others, the owner may not either.
        let is_user = test.texts(OWNER).await == ["user true"];
        let others = [&stranger].into_iter().chain(is_user.then_some(&owner));
        let tokens = tokens.iter().filter(|token| is_user || token.id != owner.id);
        for person in others.chain(tokens) {
            for id in [json!(owner.id), never(&json!(owner.id))] {
                refused(person, path, query, variables(id), "FORBIDDEN").await;
            }
        }
        assert_unchanged(&test, &before, path).await;
        let none = admin.data(query, variables(never(&json!(owner.id)))).await;
        assert!(none.to_string().contains("NOT_FOUND"), "{path}: {none}");
        assert_unchanged(&test, &before, path).await;
        let data = admin.data(query, variables(json!(owner.id))).await;
        let payload = data.as_object().unwrap().values().next().unwrap();
        assert_eq!(
            (&payload["user"]["id"], &payload["userErrors"]),
            (&json!(owner.id), &json!([])),
            "{path}"
        );
        assert_eq!(test.texts(OWNER).await, [then], "{path}");
    }
    test.sign_in("ana").await.data("{ me { id } }", json!({})).await;
    test.run_jobs().await;
    test.finish().await;
}
