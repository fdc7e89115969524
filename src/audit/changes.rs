//! What changed: the fields by their names in the API, each with its value before and after.

use serde_json::{Map, Value, json};

/// The most characters of a value that are kept.
const LONGEST: usize = 500;

/// The fields that changed. Whoever fills it leaves out secrets and the texts of mails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Map<String, Value>);

/// A field of a row, by its name in the API, and how its value is told.
pub type Field<Row> = (&'static str, fn(&Row) -> Option<String>);

/// One field that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, by its name in the API.
    pub field: String,
    /// Its value before; `None` where there was none.
    pub before: Option<String>,
    /// Its value after; `None` where there is none.
    pub after: Option<String>,
}

impl Changes {
    /// Nothing that a value could tell.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with one field more; a field that stayed as it was is left out.
    #[must_use]
    pub fn with(mut self, field: &str, before: Option<&str>, after: Option<&str>) -> Self {
        if before != after {
            self.0.insert(field.to_owned(), json!({ "before": cut(before), "after": cut(after) }));
        }
        self
    }

    /// What is different between a row before and after; there is none before it was made, and none after it was deleted.
    pub fn between<Row>(before: Option<&Row>, after: Option<&Row>, fields: &[Field<Row>]) -> Self {
        fields.iter().fold(Self::none(), |changes, (field, tell)| {
            changes.with(field, before.and_then(tell).as_deref(), after.and_then(tell).as_deref())
        })
    }

    /// True when no field changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0)
    }

    /// The fields that a row names.
    pub(super) fn read(json: &Value) -> Vec<Change> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let fields = json.as_object().into_iter().flatten();
        fields
            .map(|(field, value)| Change {
                field: field.clone(),
                before: text(value, "before"),
                after: text(value, "after"),
            })
            .collect()
    }
}

fn cut(value: Option<&str>) -> Option<String> {
    value.map(|text| text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_kept_and_it_is_read_as_it_was_written() {
        let changes = Changes::none().with("role", Some("user"), Some("admin")).with("same", None, None);
        let read = Changes::read(&changes.into_json());
        let role = Change {
            field: "role".to_owned(),
            before: Some("user".to_owned()),
            after: Some("admin".to_owned()),
        };
        assert_eq!(read, [role]);
    }
}
