//! Reads the parameters of a GraphQL request from a JSON body or from the query part of an address.

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Map, Value};

use crate::graphql::engine::{Incoming, Refusal, RequestCode};

/// Reads the body of a POST request.
pub fn from_body(body: &[u8]) -> Result<Incoming, Refusal> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| bad_request(format!("The body is not JSON in UTF-8 (line {}).", error.line())))?;
    match body {
        Value::Object(mut parameters) => from_parameters(&mut parameters),
        Value::Array(_) => Err(bad_request("Batches are not supported: send one request at a time.")),
        _ => Err(bad_request("The body has to be a JSON object.")),
    }
}

/// Reads the address of a GET request, where `variables` and `extensions` are JSON texts.
pub fn from_address(address: &Uri) -> Result<Incoming, Refusal> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(address)
        .map_err(|_| bad_request("The query part of the address cannot be read."))?;
    let mut parameters = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "query" | "operationName" => Value::String(text),
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|_| bad_request(format!("The parameter {name} is not JSON.")))?,
            _ => continue,
        };
        if parameters.insert(name.clone(), value).is_some() {
            return Err(bad_request(format!("The parameter {name} is there twice.")));
        }
    }
    from_parameters(&mut parameters)
}

/// Reads the parameters of a request from a JSON object.
pub fn from_parameters(parameters: &mut Map<String, Value>) -> Result<Incoming, Refusal> {
    let query = match parameters.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) => return Err(bad_request("The parameter query is missing.")),
        Some(_) => return Err(bad_request("The parameter query has to be a string.")),
    };
    let operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(bad_request("The parameter operationName has to be a string.")),
    };
    let variables = object(parameters, "variables")?;
    let extensions = object(parameters, "extensions")?;
    Ok(Incoming { query, operation_name, variables, extensions })
}

fn object(parameters: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(bad_request(format!("The parameter {name} has to be an object."))),
    }
}

fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(RequestCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(body: &str) -> String {
        from_body(body.as_bytes()).unwrap_err().errors[0]["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_batch_is_refused_with_a_clear_sentence() {
        assert_eq!(
            refused("[{\"query\": \"{ hello }\"}]"),
            "Batches are not supported: send one request at a time."
        );
    }

    #[test]
    fn each_parameter_has_one_type() {
        for body in [
            "1",
            "{}",
            "{\"query\": null}",
            "{\"query\": 1}",
            "{\"query\": \"{a}\", \"operationName\": 1}",
            "{\"query\": \"{a}\", \"variables\": \"{}\"}",
            "{\"query\": \"{a}\", \"extensions\": []}",
            "{\"query\": \"\\ud800\"}",
        ] {
            refused(body);
        }
        assert!(from_body(b"{\"query\": \"\xff\"}").is_err());
        let nulls =
            "{\"query\": \"{a}\", \"operationName\": null, \"variables\": null, \"extensions\": null}";
        assert!(from_body(nulls.as_bytes()).is_ok());
    }

    #[test]
    fn variables_that_are_nested_too_deep_are_refused() {
        let body = format!("{{\"query\": \"{{a}}\", \"variables\": {{\"a\": {}", "[".repeat(100_000));
        assert_eq!(refused(&body), "The body is not JSON in UTF-8 (line 1).");
    }

    #[test]
    fn an_address_carries_all_parameters_once() {
        let address = "/graphql?query=%7B%20a%20%7D&operationName=Q&variables=%7B%22x%22%3A1%7D&other=1";
        let incoming = from_address(&address.parse().unwrap()).unwrap();
        assert_eq!(incoming.query, "{ a }");
        assert_eq!(incoming.operation_name.as_deref(), Some("Q"));
        assert_eq!(incoming.variables["x"], 1);
        for address in
            ["/graphql", "/graphql?query=a&query=b", "/graphql?query=a&variables=1", "/?query=a&variables=x"]
        {
            assert!(from_address(&address.parse().unwrap()).is_err(), "{address}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(from_body(&body));
        }

        #[test]
        fn no_row_of_json_tokens_makes_the_reader_panic(
            tokens in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"query\"", "\"variables\"", "\"operationName\"", "\"extensions\"", "\"{a}\"",
                "\"\\ud800\"", "1e999", "-0", "null", "true", "{\"query\":\"{a}\",\"variables\":", "\u{0}", " ",
            ]), 0..40),
        ) {
            drop(from_body(tokens.concat().as_bytes()));
        }

        #[test]
        fn no_address_makes_the_reader_panic(text in "[!-~]{0,100}") {
            if let Ok(address) = format!("/graphql?{text}").parse() {
                drop(from_address(&address));
            }
        }
    }
}
