//! What a mutation is told: under which key, and what is to change. What is absent is left alone, what is null is cleared.

use async_graphql::{InputType, MaybeUndefined};

use crate::error::{Code, Error, Result};
use crate::idempotency::Once;

/// The call of `mutation` with `input` under its key; `None` without one.
pub fn once<Input: InputType>(
    mutation: &'static str,
    key: Option<&str>,
    input: &Input,
) -> Result<Option<Once>> {
    // The fields stand in the order of the type, whatever order they were sent in.
    let input = serde_json::to_vec(&input.to_value());
    let input = input.map_err(|error| Error::internal("an input cannot be written", error))?;
    Once::parse(mutation, key, &input)
}

/// The new value of a field that cannot be cleared.
pub fn changed<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => {
            let message = format!("`{field}` cannot be cleared; leave it out to leave it as it is.");
            Err(Error::rejected(field, Code::Invalid, message))
        }
    }
}
