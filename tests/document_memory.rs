//! The memory that strangers' documents can take: a process of its own, so that nothing else is measured.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use pennypost::graphql::engine::{Allowed, Caller, DocumentSource, Engine, Incoming, Outcome, RequestCode};
use pennypost::graphql::guard::limits::Limits;
use uuid::Uuid;

/// More than the cache holds of any document.
const DOCUMENTS: usize = 50;
/// The most by which the process may grow, in kB.
const MOST_KILOBYTES: usize = 48 * 1024;

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &'static str {
        "world"
    }

    async fn again(&self) -> Query {
        Query
    }
}

/// One large fragment that fifteen operations spread; `number` makes it another text than any before.
fn document(number: usize) -> String {
    let operations = (0..15).fold(String::new(), |mut text, operation| {
        write!(text, "query Q{operation}{{...F}}").unwrap();
        text
    });
    format!("{operations} fragment F on Query{{x{number}:hello {}}}", "again{hello}".repeat(460))
}

fn resident_kilobytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn documents_of_one_fragment_and_many_operations_stay_within_tens_of_megabytes() {
    let builder = Schema::build(Query, EmptyMutation, EmptySubscription);
    let engine = Engine::new(builder, Limits::default(), Box::new(async_graphql::Data::insert)).unwrap();
    let before = resident_kilobytes();
    for number in 0..DOCUMENTS {
        // No operation of that name: the document is read and kept, and nothing is executed.
        let operation_name = Some("None".to_owned());
        let incoming = Incoming {
            document: DocumentSource::Text(document(number)),
            operation_name,
            ..Incoming::default()
        };
        let caller =
            Caller { viewer: None, address: None, user_agent: None, request_id: Uuid::nil(), good_for: None };
        let answer = engine.execute(incoming, Allowed::Queries, caller).await;
        assert_eq!(answer.outcome, Outcome::Refused(RequestCode::OperationResolutionFailure));
    }
    let grown = resident_kilobytes().saturating_sub(before);
    assert!(grown < MOST_KILOBYTES, "{DOCUMENTS} documents took {} MB", grown / 1024);
}
