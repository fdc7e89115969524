//! Answers as JSON text.

use std::io::Write;

use async_graphql::Value;

/// Adds a value to the text. `Binary` holds a value that is text already: no type of ours is made of bytes.
pub fn write(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        Value::Boolean(true) => text.extend_from_slice(b"true"),
        Value::Boolean(false) => text.extend_from_slice(b"false"),
        Value::Number(number) => put(&write!(text, "{number}")),
        Value::String(string) => write_string(string, text),
        Value::Enum(name) => write_string(name, text),
        Value::Binary(written) => text.extend_from_slice(written),
        Value::List(values) => {
            text.push(b'[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                write(value, text);
            }
            text.push(b']');
        }
        Value::Object(fields) => {
            text.push(b'{');
            for (place, (name, value)) in fields.iter().enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                write_string(name, text);
                text.push(b':');
                write(value, text);
            }
            text.push(b'}');
        }
    }
}

/// Adds the name of a field, which the syntax of GraphQL lets hold nothing that JSON would escape.
pub fn write_key(name: &str, text: &mut Vec<u8>) {
    text.push(b'"');
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
}

fn write_string(string: &str, text: &mut Vec<u8>) {
    put(&serde_json::to_writer(text, string));
}

/// Nothing is in the way of writing to memory.
fn put<E>(written: &Result<(), E>) {
    debug_assert!(written.is_ok());
}
