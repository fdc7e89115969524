//! Compiles the patterns that stand in the source.

use regex::Regex;

/// A pattern of ours, compiled. A pattern that does not compile is a fault that every test would meet.
pub(super) fn compiled(source: &str) -> Regex {
    Regex::new(source).unwrap_or_else(|error| panic!("a pattern does not compile: {error}"))
}
