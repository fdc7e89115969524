//! Which HTTP status an answer has: the one place that decides it.

use axum::http::StatusCode;

use crate::graphql::engine::{Outcome, RequestCode};
use crate::http::negotiation::MediaType;

/// The status of an answer, by the GraphQL over HTTP specification and its audits.
///
/// A client that reads `application/json` takes any status but 200 for a fault on the way, so a request that arrived
/// whole and was refused for what its document says gets 200 there; `application/graphql-response+json` gets 400. A browser
/// tells a page nothing of an event stream whose status is not 200, so that a document's refusal is an event there.
pub fn status(outcome: Outcome, media_type: MediaType) -> StatusCode {
    match outcome {
        Outcome::Failed(RequestCode::ServiceUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Outcome::Failed(RequestCode::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        Outcome::Executed | Outcome::Failed(_) => StatusCode::OK,
        Outcome::Refused(code) => refused(code, media_type),
    }
}

fn refused(code: RequestCode, media_type: MediaType) -> StatusCode {
    match code {
        RequestCode::ParseFailed
        | RequestCode::ValidationFailed
        | RequestCode::OperationResolutionFailure
        | RequestCode::BadUserInput
        | RequestCode::QueryTooComplex
        | RequestCode::PersistedQueryNotFound => match media_type {
            MediaType::Json | MediaType::EventStream => StatusCode::OK,
            MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        },
        RequestCode::BadRequest => StatusCode::BAD_REQUEST,
        RequestCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        RequestCode::Forbidden => StatusCode::FORBIDDEN,
        RequestCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        RequestCode::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        RequestCode::SlowRequest => StatusCode::REQUEST_TIMEOUT,
        RequestCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RequestCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        RequestCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        RequestCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        RequestCode::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        RequestCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
