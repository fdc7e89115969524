//! Refuses the one character that PostgreSQL stores in no text, before it can fail as a fault of ours.

use serde_json::{Map, Value};

use crate::graphql::error::{Refusal, RequestCode};

/// The character as a string of a document writes it that does not hold the character itself.
const ESCAPED: &str = "\\u0000";

/// An error when the document or a variable holds U+0000.
pub fn check(document: &str, variables: &Map<String, Value>) -> Result<(), Refusal> {
    if document.contains('\0') || is_escaped_in(document) || variables.values().any(is_in) {
        let message = "A text cannot hold the character U+0000.";
        return Err(Refusal::new(RequestCode::BadUserInput, message));
    }
    Ok(())
}

/// A backslash that is itself escaped starts no escape.
fn is_escaped_in(document: &str) -> bool {
    document.match_indices(ESCAPED).any(|(at, _)| {
        let before = document.as_bytes().get(..at).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(is_in),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || is_in(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_refused(document: &str, variables: &Value) -> bool {
        check(document, variables.as_object().unwrap()).is_err()
    }

    #[test]
    fn the_character_is_found_wherever_it_stands() {
        assert!(is_refused(r#"{ word(word: "a\u0000") }"#, &json!({})));
        assert!(is_refused(r#"{ word(word: "\\\u0000") }"#, &json!({})));
        assert!(is_refused("{ word(word: \"a\0\") }", &json!({})));
        assert!(is_refused("{ a } # \0", &json!({})));
        assert!(is_refused("{ a }", &json!({ "deep": [{ "er": "a\u{0}" }] })));
        assert!(is_refused("{ a }", &json!({ "deep": { "a\u{0}": 1 } })));
        assert!(!is_refused(r#"{ word(word: "\\u0000") }"#, &json!({ "a": "\\u0000", "b": 0 })));
    }
}
