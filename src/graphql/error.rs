//! Top-level errors: the stable codes, the refusal of a whole request, and what a caller sees of a failed field.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::response::GraphQLError;
use async_graphql::{ErrorExtensionValues, ServerError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, whole_seconds};

/// Makes the enum of the codes, so that none can be missing from the list of them.
macro_rules! request_codes {
    ($($(#[$said:meta])* $code:ident = $name:literal,)+) => {
        /// The code of a top-level error, written to `extensions.code`. Clients may rely on the names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RequestCode {
            $($(#[$said])* $code,)+
        }

        impl RequestCode {
            /// Every code. Two of them share a name: a client that is too slow and a request that is.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }
        }
    };
}

request_codes! {
    /// The document is not GraphQL.
    ParseFailed = "GRAPHQL_PARSE_FAILED",
    /// The document does not fit the schema.
    ValidationFailed = "GRAPHQL_VALIDATION_FAILED",
    /// No operation, or none of that name, or several and no name.
    OperationResolutionFailure = "OPERATION_RESOLUTION_FAILURE",
    /// A variable or an argument has a value that its type does not hold.
    BadUserInput = "BAD_USER_INPUT",
    /// The HTTP request is not a GraphQL request.
    BadRequest = "BAD_REQUEST",
    /// The body is not JSON in UTF-8.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
    /// The client accepts no media type that this server writes.
    NotAcceptable = "NOT_ACCEPTABLE",
    /// The HTTP method does not allow this operation.
    MethodNotAllowed = "METHOD_NOT_ALLOWED",
    /// The body is longer than the limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE",
    /// The document is above a limit on its size, shape or price.
    QueryTooComplex = "QUERY_TOO_COMPLEX",
    /// No persisted document has that id.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
    /// Nobody is signed in, or the token is bad.
    Unauthenticated = "UNAUTHENTICATED",
    /// The viewer may not do this.
    Forbidden = "FORBIDDEN",
    /// Too many requests.
    RateLimited = "RATE_LIMITED",
    /// The request took longer than it may.
    Timeout = "TIMEOUT",
    /// The client took longer than it may to send the request.
    SlowRequest = "TIMEOUT",
    /// Something that the server depends on is away for the moment.
    ServiceUnavailable = "SERVICE_UNAVAILABLE",
    /// A fault of ours; the log has it under the request id.
    Internal = "INTERNAL_SERVER_ERROR",
}

/// What a caller may know of one of our errors.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The code.
    pub code: RequestCode,
    /// A sentence for a person; it holds nothing of ours.
    pub message: String,
    /// How long to wait before the next try, where waiting helps.
    pub retry_after: Option<Duration>,
    /// The request id under which the log has the rest.
    pub request_id: Option<Uuid>,
}

impl Shown {
    /// Shows an error to the caller; a fault of ours is masked, and logged here.
    pub fn of(error: &Error, request_id: Uuid) -> Self {
        if let Error::Internal { context, source } = error {
            tracing::error!(%request_id, error = source.as_ref(), "{context}");
        }
        Self::unlogged(error, request_id)
    }

    fn unlogged(error: &Error, request_id: Uuid) -> Self {
        let code = match error {
            Error::Unauthenticated => RequestCode::Unauthenticated,
            Error::Forbidden(_) => RequestCode::Forbidden,
            Error::NotFound(_) | Error::Rejected { .. } => RequestCode::BadUserInput,
            Error::RateLimited { .. } => RequestCode::RateLimited,
            Error::Unavailable(_) => RequestCode::ServiceUnavailable,
            Error::Internal { .. } => return Self::masked(request_id),
        };
        let retry_after = match error {
            Error::RateLimited { retry_after } => Some(*retry_after),
            _ => None,
        };
        Self { code, message: error.to_string(), retry_after, request_id: None }
    }

    /// What a caller sees of a fault of ours.
    pub fn masked(request_id: Uuid) -> Self {
        Self {
            code: RequestCode::Internal,
            message: "Something went wrong on the server. The request id finds it in the log.".to_owned(),
            retry_after: None,
            request_id: Some(request_id),
        }
    }

    /// The same as the refusal of a whole request.
    pub fn into_refusal(self) -> Refusal {
        let mut extensions = json!({ "code": self.code.as_str() });
        if let Some(retry_after) = self.retry_after {
            extensions["retryAfterSeconds"] = whole_seconds(retry_after).into();
        }
        if let Some(request_id) = self.request_id {
            extensions["requestId"] = request_id.to_string().into();
        }
        let error = json!({ "message": self.message, "extensions": extensions });
        Refusal { code: self.code, errors: vec![error], retry_after: self.retry_after }
    }
}

/// The refusal of a whole request, before anything was executed.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The code that all of its errors carry.
    pub code: RequestCode,
    /// The errors as they are sent.
    pub errors: Vec<Value>,
    /// How long to wait before the next try, where waiting helps.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with one sentence.
    pub fn new(code: RequestCode, message: impl Into<String>) -> Self {
        let error = json!({ "message": message.into(), "extensions": { "code": code.as_str() } });
        Self { code, errors: vec![error], retry_after: None }
    }

    /// The refusal of a request that may be sent again after `wait`.
    pub fn limited(message: impl Into<String>, wait: Duration) -> Self {
        let (code, message) = (RequestCode::RateLimited, message.into());
        Shown { code, message, retry_after: Some(wait), request_id: None }.into_refusal()
    }

    /// The refusal of a request that was stopped because it took longer than `limit`.
    pub fn timed_out(limit: Duration) -> Self {
        let sentence = format!("The request took longer than {} s and was stopped.", limit.as_secs());
        Self::new(RequestCode::Timeout, sentence)
    }

    /// A refusal with the errors of the document's reader, which know where in the text they are.
    pub fn located(code: RequestCode, errors: impl IntoIterator<Item = GraphQLError>) -> Self {
        let errors = errors
            .into_iter()
            .map(|error| {
                let mut shown = json!({
                    "message": shortened(error.message),
                    "extensions": { "code": code.as_str() },
                });
                if !error.locations.is_empty() {
                    shown["locations"] = error
                        .locations
                        .iter()
                        .map(|at| json!({ "line": at.line, "column": at.column }))
                        .collect();
                }
                shown
            })
            .collect();
        Self { code, errors, retry_after: None }
    }

    /// The body of the answer: it has no `data`, since nothing was executed.
    pub fn body(&self) -> Vec<u8> {
        json!({ "errors": self.errors }).to_string().into_bytes()
    }
}

/// Rewrites the errors of one execution into what the caller may see, each with a code. Returns what they show.
///
/// Resolvers hand over [`Error`] with `?` (loaders, which give one error to several fields, an `Arc` of it), and the
/// engine keeps it as the source. The engine's own errors have no source: the ones about an input value are the
/// caller's, and everything else is a fault of ours. An error that several fields share is logged once.
pub fn show(errors: &mut [ServerError], request_id: Uuid) -> Vec<Shown> {
    let mut logged = HashSet::new();
    // None is made meanwhile, so the place of one that is gone is no other's.
    let shared = |error: &ServerError| error.source::<Arc<Error>>().map(Arc::as_ptr);
    errors
        .iter_mut()
        .map(|error| {
            let is_new = shared(error).is_none_or(|place| logged.insert(place));
            show_one(error, request_id, is_new)
        })
        .collect()
}

fn show_one(error: &mut ServerError, request_id: Uuid, is_new: bool) -> Shown {
    let ours = error.source::<Error>().or_else(|| error.source::<Arc<Error>>().map(AsRef::as_ref));
    let shown = if let Some(ours) = ours {
        if is_new { Shown::of(ours, request_id) } else { Shown::unlogged(ours, request_id) }
    } else if error.source.is_none() && is_about_input(&error.message) {
        Shown {
            code: RequestCode::BadUserInput,
            message: shortened(std::mem::take(&mut error.message)),
            retry_after: None,
            request_id: None,
        }
    } else {
        tracing::error!(%request_id, path = ?error.path, "a field failed with an error of no kind: {}", error.message);
        Shown::masked(request_id)
    };
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", shown.code.as_str());
    if let Some(retry_after) = shown.retry_after {
        extensions.set("retryAfterSeconds", whole_seconds(retry_after));
    }
    if let Some(request_id) = shown.request_id {
        extensions.set("requestId", request_id.to_string());
    }
    error.message.clone_from(&shown.message);
    error.source = None;
    error.extensions = Some(extensions);
    shown
}

/// True for a sentence of the engine about a value that a type does not hold.
fn is_about_input(message: &str) -> bool {
    message.starts_with("Failed to parse \"") || message.starts_with("Expected input type \"")
}

/// Cuts a message to a length that an answer can bear; what a caller sent may be part of it.
fn shortened(mut message: String) -> String {
    const LONGEST: usize = 300;
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push('…');
    }
    message
}
