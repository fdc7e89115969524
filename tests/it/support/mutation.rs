//! Mutations, as tests send them.

use serde_json::{Value, json};

use crate::support::app::Person;

impl Person<'_> {
    /// The payload of a mutation: what was `wanted` of it, and its errors.
    pub async fn mutate(&self, field: &str, input: Value, wanted: &str) -> Value {
        let (first, rest) = field.split_at(1);
        let query = format!(
            "mutation ($input: {}{rest}Input!) {{ {field}(input: $input) {{ {wanted} userErrors {{ field code }} }} }}",
            first.to_uppercase()
        );
        self.data(&query, json!({ "input": input })).await[field].take()
    }

    /// The same, of one that has to succeed.
    pub async fn done(&self, field: &str, input: Value, wanted: &str) -> Value {
        let payload = self.mutate(field, input, wanted).await;
        assert_eq!(payload["userErrors"], json!([]), "{field}: {payload:#}");
        payload
    }

    /// What a mutation is refused for: the field and the code of its one error.
    pub async fn refused(&self, field: &str, input: Value) -> (String, String) {
        let errors = self.mutate(field, input, "").await["userErrors"].take();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{field}: {errors:#}");
        let place = errors[0]["field"].as_array().map(|names| {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(".")
        });
        (place.unwrap_or_default(), errors[0]["code"].as_str().unwrap().to_owned())
    }

    /// Makes an account and returns its id.
    pub async fn account(&self, name: &str, currency: &str) -> Value {
        let input = json!({ "name": name, "kind": "BANK", "currency": currency });
        self.done("createAccount", input, "account { id }").await["account"]["id"].take()
    }

    /// Makes a category and returns its id.
    pub async fn category(&self, name: &str, kind: &str) -> Value {
        let input = json!({ "name": name, "kind": kind });
        self.done("createCategory", input, "category { id }").await["category"]["id"].take()
    }

    /// Books an amount on an account and returns the transaction's id.
    pub async fn book(&self, account: &Value, amount: &str, day: &str, category: Option<&Value>) -> Value {
        let input = json!({ "accountId": account, "amount": amount, "bookedOn": day, "categoryId": category,
            "merchant": "Korbmarkt" });
        self.done("createTransaction", input, "transaction { id }").await["transaction"]["id"].take()
    }
}

/// A pair for comparison with what a mutation was refused for.
pub fn refusal(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}
