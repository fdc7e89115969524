//! Whose rows each way into the schema shows: asked as nobody, as the owner, as a stranger, as an admin, and by API tokens.
//!
//! What is somebody else's has to be answered like what never was, and asking for it changes nothing. The printed schema says
//! what there is to ask for; `rights/matrix.rs` says how each way into it is asked, and `rights/walk.rs` follows every field on from there.

use serde_json::json;

use crate::rights::matrix::{ROWS, Way};

mod administration;
mod coverage;
mod cursors;
mod digest;
mod matrix;
mod people;
pub mod printed;
mod rows;
mod scene;
mod scopes;
mod steps;
mod walk;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_answered_like_what_never_was() {
    let test = scene::start().await;
    let stop = scene::tell_of_jobs(&test);
    let people = scene::people(&test).await;
    let ids = &people.ids[&people.owner.id];
    for (path, way, query) in ROWS {
        match way {
            Way::Id(types) | Way::OwnId(types) => {
                for id in types.iter().map(|name| &ids[name]) {
                    people.ask_by_id(&test, path, query, id, matches!(way, Way::OwnId(_))).await;
                }
            }
            Way::List => people.ask_for_a_list(path, query).await,
            Way::Viewer => people.needs_a_viewer(path, query, json!({})).await,
            Way::OwnEvents => people.ask_for_own_events(path, query).await,
            Way::EveryonesEvents => people.ask_for_everyones_events(path, query).await,
            Way::Admins => people.ask_as_an_admin(path, query).await,
            Way::AdminsAbout => people.ask_about_a_user(&test, path, query, &ids["User"]).await,
            Way::Public => {
                assert!(people.nobody.ask(query, json!({})).await.get("errors").is_none(), "{path}");
            }
        }
    }
    for person in [&people.owner, &people.stranger, &people.admin] {
        assert_eq!(person.data("{ me { id } }", json!({})).await["me"]["id"], person.id);
    }
    stop.cancel();
    test.run_jobs().await;
    test.finish().await;
}
