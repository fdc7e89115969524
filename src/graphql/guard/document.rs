//! Reads a document: its syntax, its fit to the schema, its shape, and the form in which the engine takes it.

use std::collections::HashMap;

use apollo_compiler::executable::{ExecutableDocument as TypedDocument, Name, Operation};
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Node, Schema, introspection};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};

use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::one_of;
use crate::graphql::guard::shape::{Measured, Shape, measure};

/// A document that was read and fits the schema.
pub struct Document {
    /// The document, each field with its definition in the schema.
    pub typed: Valid<TypedDocument>,
    /// What was found out about each operation, under its name.
    operations: HashMap<Option<Name>, ReadOperation>,
}

/// What was found out about one operation.
pub struct ReadOperation {
    /// The operation and the fragments that it reaches, nothing else: the engine walks all that it is given.
    pub executable: ExecutableDocument,
    /// The shape.
    pub shape: Shape,
    /// The refusal of an operation that reads the schema in a way that multiplies.
    pub introspection: Result<(), Refusal>,
}

impl Document {
    /// Reads a document. The text reaches the engine's parser only when ours, which has limits, has accepted it.
    pub fn read(schema: &Valid<Schema>, text: &str, limits: &Limits) -> Result<Self, Refusal> {
        if text.len() > limits.document_bytes {
            return Err(Refusal::new(
                RequestCode::QueryTooComplex,
                format!("The document is too long: at most {} bytes are allowed.", limits.document_bytes),
            ));
        }
        let typed = read_typed(schema, text, limits)?;
        if typed.operations.len() > limits.operations {
            return Err(Refusal::new(
                RequestCode::QueryTooComplex,
                format!("The document is too large: at most {} operations are allowed.", limits.operations),
            ));
        }
        let untyped = parse_query(text)
            .map_err(|error| Refusal::new(RequestCode::ParseFailed, format!("Syntax error: {error}")))?;
        let mut operations = HashMap::new();
        for operation in typed.operations.iter() {
            let read = read_operation(schema, &typed, operation, &untyped, limits)?;
            operations.insert(operation.name.clone(), read);
        }
        Ok(Self { typed, operations })
    }

    /// The operation of that name, or the only one.
    pub fn operation(&self, name: Option<&str>) -> Result<(&Node<Operation>, &ReadOperation), Refusal> {
        let operation = self.typed.operations.get(name).map_err(|error| {
            let message = if self.typed.operations.is_empty() {
                "The document holds no operation.".to_owned()
            } else {
                error.message().to_string()
            };
            Refusal::located(
                RequestCode::OperationResolutionFailure,
                [apollo_compiler::response::GraphQLError::new(message, None, &self.typed.sources)],
            )
        })?;
        let read = self.operations.get(&operation.name).ok_or_else(|| {
            Refusal::new(RequestCode::OperationResolutionFailure, "The document holds no such operation.")
        })?;
        Ok((operation, read))
    }
}

fn read_typed(schema: &Valid<Schema>, text: &str, limits: &Limits) -> Result<Valid<TypedDocument>, Refusal> {
    let mut parser = Parser::new().recursion_limit(limits.nesting).token_limit(limits.tokens);
    let ast = parser.parse_ast(text, "document.graphql").map_err(|failed| {
        let too_large =
            parser.tokens_reached() > limits.tokens || parser.recursion_reached() > limits.nesting;
        if too_large {
            Refusal::new(
                RequestCode::QueryTooComplex,
                format!(
                    "The document is too large: at most {} tokens, nested at most {} deep, are allowed.",
                    limits.tokens, limits.nesting
                ),
            )
        } else {
            diagnosed(RequestCode::ParseFailed, &failed.errors, limits)
        }
    })?;
    ast.to_executable_validate(schema)
        .map_err(|failed| diagnosed(RequestCode::ValidationFailed, &failed.errors, limits))
}

fn read_operation(
    schema: &Valid<Schema>,
    typed: &Valid<TypedDocument>,
    operation: &Operation,
    untyped: &ExecutableDocument,
    limits: &Limits,
) -> Result<ReadOperation, Refusal> {
    let Measured { shape, fragments } = measure(typed, operation, limits);
    one_of::check_literals(schema, typed, operation, &fragments)?;
    let introspection = if shape.introspects {
        introspection::check_max_depth(typed, operation).map_err(|error| {
            let located = error.to_graphql_error(&typed.sources);
            Refusal::located(RequestCode::QueryTooComplex, [located])
        })
    } else {
        Ok(())
    };
    let definition = match (&untyped.operations, &operation.name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name.as_str()),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let definition = definition.cloned().ok_or_else(|| {
        Refusal::new(RequestCode::ParseFailed, "An operation of the document could not be read.")
    })?;
    let fragments = fragments.into_iter().filter_map(|name| untyped.fragments.get_key_value(name.as_str()));
    let executable = ExecutableDocument {
        operations: DocumentOperations::Single(definition),
        fragments: fragments.map(|(name, fragment)| (name.clone(), fragment.clone())).collect(),
    };
    Ok(ReadOperation { executable, shape, introspection })
}

fn diagnosed(code: RequestCode, errors: &DiagnosticList, limits: &Limits) -> Refusal {
    Refusal::located(code, errors.iter().take(limits.errors).map(|error| error.to_json()))
}
