//! The four who ask, and how each kind of way into the schema is asked by them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::rights::digest::{assert_unchanged, digest};
use crate::rights::rows::Rows;
use crate::rights::scene::own_variables;
use crate::support::app::{Person, TestApp};
use crate::support::socket::Said;

/// The jobs of the viewer's own that wait to fetch.
const WAITING: &str = "{ me { jobs(filter: { states: [QUEUED], kinds: [FETCH_EMAILS] }) { nodes { id } } } }";

/// Who asks. Each of them but nobody has a job that waits to fetch.
pub struct People<'a> {
    pub nobody: Person<'a>,
    pub owner: Person<'a>,
    pub stranger: Person<'a>,
    pub admin: Person<'a>,
    /// The stranger by an API token, with everything that a user's token may do.
    pub strangers_token: Person<'a>,
    /// The admin by an API token that may do the same, and nothing as an admin.
    pub admins_token: Person<'a>,
    /// One id of each type of each of them who has any, by their id.
    pub ids: BTreeMap<String, BTreeMap<&'static str, Value>>,
    /// The rows that there were before anybody asked.
    pub rows: Rows,
}

/// What a document answers, without what is left in the bucket of who asks: that fills up while they ask.
pub async fn answer(person: &Person<'_>, query: &str, variables: Value) -> Value {
    let mut answer = first_answer(person, query, variables).await;
    if let Some(cost) = answer.pointer_mut("/extensions/cost") {
        cost.as_object_mut().unwrap().remove("remaining");
    }
    answer
}

/// The answer; of a subscription the first event, or why there is none.
async fn first_answer(person: &Person<'_>, query: &str, variables: Value) -> Value {
    if !query.starts_with("subscription") {
        return person.ask(query, variables).await;
    }
    let mut socket = person.socket().await;
    socket.subscribe("s", query, variables).await;
    match socket.hear().await {
        Said::Message(said) if said["type"] == "next" => said["payload"].clone(),
        Said::Message(said) if said["type"] == "error" => json!({ "errors": said["payload"] }),
        other => panic!("{query}: {other:?}"),
    }
}

impl People<'_> {
    /// Asks without a viewer.
    pub async fn needs_a_viewer(&self, path: &str, query: &str, variables: Value) {
        refused(&self.nobody, path, query, variables, "UNAUTHENTICATED").await;
    }

    /// Asks by `id`, which is the owner's.
    pub async fn ask_by_id(&self, test: &TestApp, path: &str, query: &str, id: &Value, is_own_only: bool) {
        let (theirs, none) = (json!({ "id": id }), json!({ "id": never(id) }));
        self.cannot_tell(test, path, query, id).await;
        let own = self.answer(&self.owner, query, &theirs).await;
        assert_eq!(own.get("errors"), None, "{path}: {own}");
        assert_ne!(own, self.answer(&self.owner, query, &none).await, "{path}: the owner sees nothing");
        assert_eq!(
            self.rows.of_others(&own["data"], &self.owner.id),
            Vec::<&str>::new(),
            "{path}: the owner"
        );
        let admins = self.answer(&self.admin, query, &theirs).await;
        let expected = if is_own_only { self.answer(&self.admin, query, &none).await } else { own };
        assert_eq!(admins, expected, "{path}: as an admin");
    }

    /// Asks by `id`, which is the owner's, as everybody to whom that is like none: the answer and the database show nothing of it.
    async fn cannot_tell(&self, test: &TestApp, path: &str, query: &str, id: &Value) {
        let (theirs, none) = (json!({ "id": id }), json!({ "id": never(id) }));
        let strangers = [
            ("a stranger", &self.stranger),
            ("a stranger's token", &self.strangers_token),
            ("an admin's token without ADMIN", &self.admins_token),
        ];
        let mut expected = Vec::new();
        for (_, person) in strangers {
            expected.push(self.answer(person, query, &none).await);
        }
        let before = digest(test).await;
        self.needs_a_viewer(path, query, self.with_own(&self.owner, &theirs)).await;
        assert_unchanged(test, &before, &format!("{path}, by nobody")).await;
        for ((who, person), expected) in strangers.into_iter().zip(expected) {
            let strange = self.answer(person, query, &theirs).await;
            assert_eq!(strange, expected, "{path}: {who} can tell");
            let seen = self.rows.of_others(&strange["data"], &person.id);
            assert_eq!(seen, Vec::<&str>::new(), "{path}: {who} sees another's rows");
            assert_unchanged(test, &before, &format!("{path}, by {who}")).await;
        }
    }

    /// Asks about the user of that id, who is the owner: as an admin alone.
    pub async fn ask_about_a_user(&self, test: &TestApp, path: &str, query: &str, id: &Value) {
        let before = digest(test).await;
        for id in [id.clone(), never(id)] {
            self.needs_an_admin(path, query, json!({ "id": id })).await;
            for holder in [&self.strangers_token, &self.admins_token] {
                refused(holder, path, query, json!({ "id": id }), "FORBIDDEN").await;
            }
        }
        assert_unchanged(test, &before, path).await;
    }

    /// What a document answers to somebody who has rows of their own to name beside.
    pub async fn answer(&self, person: &Person<'_>, query: &str, variables: &Value) -> Value {
        answer(person, query, self.with_own(person, variables)).await
    }

    fn with_own(&self, person: &Person<'_>, variables: &Value) -> Value {
        let mut variables = variables.clone();
        let own = self.ids.get(&person.id).into_iter().flat_map(own_variables);
        variables.as_object_mut().unwrap().extend(own);
        variables
    }

    /// Asks for a list: everybody sees their own, and an admin everyone's.
    pub async fn ask_for_a_list(&self, path: &str, query: &str) {
        self.needs_a_viewer(path, query, json!({})).await;
        let own = ids_in(&self.owner.data(query, json!({})).await);
        let strange = ids_in(&self.stranger.data(query, json!({})).await);
        assert!(!own.is_empty() && !strange.is_empty(), "{path}: {own:?} {strange:?}");
        assert!(own.is_disjoint(&strange), "{path}: a stranger sees the owner's rows");
        let everyones = ids_in(&self.admin.data(query, json!({})).await);
        assert!(!own.is_disjoint(&everyones), "{path}: an admin sees nothing of the owner's");
        assert!(!strange.is_disjoint(&everyones), "{path}: an admin sees nothing of the stranger's");
    }

    /// Asks for the events of one's own jobs: everybody hears of those alone, an admin too.
    pub async fn ask_for_own_events(&self, path: &str, query: &str) {
        self.needs_a_viewer(path, query, json!({})).await;
        for person in [&self.owner, &self.stranger, &self.admin] {
            let heard = self.hear(person, query, json!({}), person).await;
            assert!(heard.is_subset(&jobs_of(person).await), "{path}: of another's jobs, too: {heard:?}");
        }
    }

    /// Asks for everyone's events, and for the owner's: as an admin alone, whoever they are about.
    pub async fn ask_for_everyones_events(&self, path: &str, query: &str) {
        for id in [json!(null), json!(self.owner.id), json!(self.stranger.id), never(&json!(self.owner.id))] {
            self.needs_an_admin(path, query, json!({ "id": id })).await;
        }
        let heard = self.hear(&self.admin, query, json!({}), &self.stranger).await;
        for person in [&self.owner, &self.stranger, &self.admin] {
            assert!(heard.contains(&waiting_job(person).await), "{path}: an admin hears not of everyone");
        }
        let heard = self.hear(&self.admin, query, json!({ "id": self.owner.id }), &self.owner).await;
        assert!(heard.is_subset(&jobs_of(&self.owner).await), "{path}: of another's jobs, too: {heard:?}");
    }

    /// Asks for what admins alone may know.
    pub async fn ask_as_an_admin(&self, path: &str, query: &str) {
        self.needs_an_admin(path, query, json!({})).await;
        let known = answer(&self.admin, query, json!({})).await;
        assert!(known["data"].is_object() && known.get("errors").is_none(), "{path}: {known}");
    }

    async fn needs_an_admin(&self, path: &str, query: &str, variables: Value) {
        self.needs_a_viewer(path, query, variables.clone()).await;
        for person in [&self.owner, &self.stranger] {
            refused(person, path, query, variables.clone(), "FORBIDDEN").await;
        }
    }

    /// The jobs of which a stream of events tells, while everybody's is moved; that of `last` as the last.
    async fn hear(
        &self,
        person: &Person<'_>,
        query: &str,
        variables: Value,
        last: &Person<'_>,
    ) -> BTreeSet<String> {
        let mut socket = person.socket().await;
        socket.subscribe("s", query, variables).await;
        let mut heard = BTreeSet::new();
        let mut wanted = None;
        loop {
            let answer = socket.next("s").await.unwrap();
            let event = answer["data"].as_object().unwrap().values().next().unwrap().clone();
            let job = event["jobId"].as_str().unwrap().to_owned();
            assert_eq!(event["job"]["id"], job, "{answer}");
            heard.insert(job.clone());
            // With its first event the stream has begun.
            if wanted.is_none() {
                let others = [&self.owner, &self.stranger, &self.admin];
                for other in others.into_iter().filter(|other| other.id != last.id) {
                    move_job(other).await;
                }
                wanted = Some(move_job(last).await);
            }
            if wanted == Some((job, event["version"].clone())) {
                return heard;
            }
        }
    }
}

/// Asks, and expects that code.
pub async fn refused(person: &Person<'_>, path: &str, query: &str, variables: Value, code: &str) {
    let answer = answer(person, query, variables).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{path}: {answer}");
}

/// An id of the same type that never was anybody's.
pub fn never(id: &Value) -> Value {
    let id = id.as_str().unwrap();
    let (start, end) = id.split_at(12);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    json!(format!("{start}{other}{}", &end[1..]))
}

/// The ids of the one list of an answer.
fn ids_in(data: &Value) -> BTreeSet<String> {
    let lists = data.as_object().unwrap().values();
    let nodes = lists.flat_map(|list| list["nodes"].as_array().unwrap());
    nodes.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn jobs_of(person: &Person<'_>) -> BTreeSet<String> {
    ids_in(&person.data("{ me { jobs(first: 100) { nodes { id } } } }", json!({})).await["me"])
}

async fn waiting_job(person: &Person<'_>) -> String {
    let waiting = ids_in(&person.data(WAITING, json!({})).await["me"]);
    waiting.into_iter().next().expect("a job waits to fetch")
}

/// Cancels the person's job that waits, and has it tried again: its id, and the version that it has then.
async fn move_job(person: &Person<'_>) -> (String, Value) {
    let job = waiting_job(person).await;
    let variables = json!({ "id": job });
    let cancel = "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { state } } }";
    let data = person.data(cancel, variables.clone()).await;
    assert_eq!(data["cancelJob"]["job"]["state"], "CANCELLED", "{data}");
    let retry = "mutation ($id: ID!) { retryJob(input: { jobId: $id }) { job { state version } } }";
    let data = person.data(retry, variables).await;
    assert_eq!(data["retryJob"]["job"]["state"], "QUEUED", "{data}");
    (job, data["retryJob"]["job"]["version"].clone())
}
