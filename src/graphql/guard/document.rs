//! Reads a document: its syntax, its fit to the schema, its shape, and the form in which the engine takes it.

use std::collections::HashMap;

use apollo_compiler::executable::{ExecutableDocument as TypedDocument, Name, Operation};
use apollo_compiler::parser::Parser;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Node, Schema, introspection};
use async_graphql::Positioned;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};

use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::merged::{Merged, merge};
use crate::graphql::guard::one_of;
use crate::graphql::guard::scopes;
use crate::graphql::guard::shape::{Measured, Shape, measure};
use crate::viewer::Scope;

/// A document that was read and fits the schema. It holds every fragment once, however many operations reach it.
pub struct Document {
    /// The document, each field with its definition in the schema.
    pub typed: Valid<TypedDocument>,
    /// The document as the engine takes it.
    untyped: ExecutableDocument,
    /// What was found out about each operation, under its name.
    operations: HashMap<Option<Name>, ReadOperation>,
    weight: usize,
}

/// What was found out about one operation.
pub struct ReadOperation {
    /// The shape.
    pub shape: Shape,
    /// What it needs of a personal API token.
    pub scopes: Vec<Scope>,
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
        let (typed, tokens) = read_typed(schema, text, limits)?;
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
        let weight = weight(text, tokens, operations.len());
        Ok(Self { typed, untyped, operations, weight })
    }

    /// How many bytes of memory the document takes, rather too many than too few.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Refuses the document when one of its operations has a shape above a limit.
    pub fn check_shapes(&self, limits: &Limits) -> Result<(), Refusal> {
        self.operations.values().try_for_each(|read| read.shape.check(limits))
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

    /// The operation as the engine takes it, for itself.
    pub fn merged(
        &self,
        schema: &Schema,
        operation: &Operation,
        variables: &JsonMap,
    ) -> Result<Merged, Refusal> {
        let definition = definition(&self.untyped, operation).ok_or_else(unreadable)?;
        Ok(merge(schema, &self.untyped, &definition.node, operation.object_type(), variables))
    }
}

fn read_typed(
    schema: &Valid<Schema>,
    text: &str,
    limits: &Limits,
) -> Result<(Valid<TypedDocument>, usize), Refusal> {
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
    let typed = ast
        .to_executable_validate(schema)
        .map_err(|failed| diagnosed(RequestCode::ValidationFailed, &failed.errors, limits))?;
    Ok((typed, parser.tokens_reached()))
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
    definition(untyped, operation).ok_or_else(unreadable)?;
    let scopes = scopes::needed(typed, operation, limits);
    Ok(ReadOperation { shape, scopes, introspection })
}

/// The operation as the engine's parser read it.
fn definition<'a>(
    untyped: &'a ExecutableDocument,
    operation: &Operation,
) -> Option<&'a Positioned<OperationDefinition>> {
    match (&untyped.operations, &operation.name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name.as_str()),
        (DocumentOperations::Multiple(_), None) => None,
    }
}

fn unreadable() -> Refusal {
    Refusal::new(RequestCode::ParseFailed, "An operation of the document could not be read.")
}

/// An estimate from above. The dearest token is a field with a selection of its own, whose parts stand once in the form
/// that is validated and once in the form that is executed; the text is held by both readers and by the cache.
fn weight(text: &str, tokens: usize, operations: usize) -> usize {
    const DOCUMENT: usize = 4_096;
    let parts = [(text.len(), 4), (tokens, 450), (operations, 512)];
    parts.into_iter().fold(DOCUMENT, |sum, (count, bytes)| sum.saturating_add(count.saturating_mul(bytes)))
}

fn diagnosed(code: RequestCode, errors: &DiagnosticList, limits: &Limits) -> Refusal {
    Refusal::located(code, errors.iter().take(limits.errors).map(|error| error.to_json()))
}
