//! Reads the parameters of a GraphQL request from a JSON body or from the query part of an address.

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Map, Value};

use crate::graphql::engine::{DocumentSource, Incoming, Refusal, RequestCode, is_document_id};

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
            "query" | "documentId" | "operationName" => Value::String(text),
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
    let query = string(parameters, "query")?;
    let document_id = string(parameters, "documentId")?;
    let operation_name = string(parameters, "operationName")?.filter(|name| !name.is_empty());
    let variables = object(parameters, "variables")?;
    let extensions = object(parameters, "extensions")?;
    let document = match (query, document_id) {
        (Some(_), Some(_)) => return Err(bad_request("Send query or documentId, not both.")),
        (Some(text), None) => DocumentSource::Text(text),
        (None, Some(id)) if is_document_id(&id) => DocumentSource::Id(id),
        (None, Some(_)) => {
            let sentence = "The parameter documentId is no id of a document; ours are sha256: and 64 hexadecimal digits in lower case.";
            return Err(bad_request(sentence));
        }
        (None, None) if extensions.contains_key("persistedQuery") => DocumentSource::Hash,
        (None, None) => return Err(bad_request("The parameter query is missing, and documentId is, too.")),
    };
    Ok(Incoming { document, operation_name, variables, extensions })
}

fn string(parameters: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad_request(format!("The parameter {name} has to be a string."))),
    }
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
            "{\"documentId\": 1}",
            "{\"documentId\": \"\"}",
            "{\"documentId\": \"sha256:12\"}",
            "{\"query\": \"{a}\", \"documentId\": \"a\"}",
            "{\"query\": \"\", \"documentId\": \"a\"}",
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
        assert_eq!(incoming.document, DocumentSource::Text("{ a }".to_owned()));
        assert_eq!(incoming.operation_name.as_deref(), Some("Q"));
        assert_eq!(incoming.variables["x"], 1);
        for address in
            ["/graphql", "/graphql?query=a&query=b", "/graphql?query=a&variables=1", "/?query=a&variables=x"]
        {
            assert!(from_address(&address.parse().unwrap()).is_err(), "{address}");
        }
    }

    #[test]
    fn an_id_a_text_or_a_hash_says_which_document_is_meant() {
        let source = |body: &str| from_body(body.as_bytes()).unwrap().document;
        let id = DocumentSource::Id("abc".to_owned());
        assert_eq!(source(r#"{"documentId": "abc"}"#), id);
        assert_eq!(source(r#"{"documentId": "abc", "query": null}"#), id);
        let hash = r#""extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}"#;
        assert_eq!(source(&format!("{{{hash}}}")), DocumentSource::Hash);
        let text = DocumentSource::Text("{a}".to_owned());
        assert_eq!(source(&format!(r#"{{"query": "{{a}}", {hash}}}"#)), text);
        let incoming = from_address(&"/graphql?documentId=abc&query".parse().unwrap());
        assert!(incoming.is_err(), "both, though one is empty");
        assert_eq!(from_address(&"/graphql?documentId=abc".parse().unwrap()).unwrap().document, id);
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
