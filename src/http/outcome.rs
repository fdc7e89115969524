//! How an outcome is counted.

use crate::graphql::engine::Outcome;
use crate::metrics::Underway;

/// Counts an operation as one that ended so.
pub fn count(operation: Underway, outcome: Outcome) {
    match outcome {
        Outcome::Executed => operation.end("executed", "OK"),
        Outcome::Failed(code) => operation.end("failed", code.as_str()),
        Outcome::Refused(code) => operation.end("refused", code.as_str()),
    }
}
