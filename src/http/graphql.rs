//! GraphQL over HTTP: queries by GET and POST, mutations by POST, and both and subscriptions as event streams.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::config::LimitSettings;
use crate::error::Result;
use crate::graphql::engine::{Allowed, Answer, Engine, Incoming, Outcome, Refusal, RequestCode};
use crate::http::arrival::{Arrival, Authenticate};
use crate::http::body::{self, BodyLimits};
use crate::http::event_stream::{self, Start};
use crate::http::lasting::Lasting;
use crate::http::lasting::occupancy::Occupancy;
use crate::http::negotiation::{MediaType, accepted, accepted_plain, is_encoded, is_json};
use crate::http::origin::Origins;
use crate::http::serve::Life;
use crate::http::status::status;
use crate::http::websocket::{self, is_upgrade};
use crate::http::{outcome, parameters};
use crate::metrics::{Metrics, Transport, Underway};

/// Everything that answering GraphQL over HTTP takes.
#[derive(Clone)]
pub struct GraphqlEndpoint {
    /// Executes the requests.
    pub engine: Arc<Engine>,
    /// Finds out who sends them.
    pub authenticate: Authenticate,
    /// What a body may be.
    pub body: BodyLimits,
    /// How long a request may take, after its body has arrived.
    pub within: Duration,
    /// What sockets and event streams on the same path share.
    pub lasting: Lasting,
}

impl GraphqlEndpoint {
    /// The endpoint with those limits, for callers that `authenticate` finds out and pages of `origins`.
    pub fn new(
        engine: Arc<Engine>,
        authenticate: Authenticate,
        origins: Origins,
        clock: Clock,
        limits: &LimitSettings,
    ) -> Self {
        let within = limits.request_within;
        let lasting = Lasting {
            engine: Arc::clone(&engine),
            authenticate: Arc::clone(&authenticate),
            until_changed: Arc::new(|_| Box::pin(std::future::pending())),
            limits: limits.into(),
            within,
            origins,
            clock,
            metrics: Metrics::default(),
            occupancy: Occupancy::default(),
        };
        Self { engine, authenticate, body: limits.into(), within, lasting }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response {
        if is_upgrade(request.headers()) {
            let arrival = Arrival::of(request.headers().clone(), request.extensions());
            return websocket::answer(self.lasting.clone(), arrival, request).await;
        }
        let media_type = accepted(request.headers());
        let transport = match media_type {
            Some(MediaType::EventStream) => Transport::EventStream,
            _ => Transport::Http,
        };
        let underway = self.lasting.metrics.request(transport);
        let Some(media_type) = media_type else {
            return self.refuse_media_types(request, underway).await;
        };
        let allow = if request.method() == Method::GET { "POST" } else { "GET, POST" };
        if media_type == MediaType::EventStream {
            return self.stream(request, allow, underway).await;
        }
        let answer = match self.execute(request).await {
            Ok(answer) => answer,
            Err(refusal) => Answer::refused(&refusal),
        };
        outcome::count(underway, answer.outcome);
        respond(answer, media_type, Some(allow))
    }

    /// Answers with an event stream, once nothing but the document can be at fault: all else has the status that it has
    /// without events.
    async fn stream(&self, request: Request, allow: &'static str, underway: Underway) -> Response {
        let plain = accepted_plain(request.headers()).unwrap_or(MediaType::Json);
        let life = request.extensions().get::<Life>().cloned().unwrap_or_default();
        match self.start(request).await {
            Ok(start) => event_stream::begin(&self.lasting, start, life, underway),
            Err(answer) => {
                outcome::count(underway, answer.outcome);
                Err(answer)
            }
        }
        .unwrap_or_else(|answer| match status(answer.outcome, MediaType::EventStream) {
            StatusCode::OK => event_stream::of_one(&answer),
            _ => respond(answer, plain, Some(allow)),
        })
    }

    async fn start(&self, request: Request) -> Result<Start, Answer> {
        let refused = |refusal| Answer::refused(&refusal);
        let (incoming, allowed, arrival) = self.read(request).await.map_err(refused)?;
        let allowed = match allowed {
            Allowed::Queries => Allowed::QueriesAndSubscriptions,
            _ => Allowed::All,
        };
        let request_id = arrival.request_id;
        let caller = timeout(self.within, (self.authenticate)(arrival))
            .await
            .map_err(|_| refused(Refusal::timed_out(self.within)))?
            .map_err(|error| Answer::stopped(&error, request_id))?;
        Ok(Start { incoming, allowed, caller })
    }

    async fn refuse_media_types(&self, request: Request, underway: Underway) -> Response {
        let (head, body) = request.into_parts();
        // Whatever the body is: it is read because the client might never see the answer otherwise.
        let _ = body::read(&head.headers, body, self.body).await;
        let sentence = "This path answers with application/graphql-response+json, application/json or text/event-stream.";
        let refusal = Refusal::new(RequestCode::NotAcceptable, sentence);
        outcome::count(underway, Outcome::Refused(refusal.code));
        respond(Answer::refused(&refusal), MediaType::Json, None)
    }

    async fn execute(&self, request: Request) -> Result<Answer, Refusal> {
        let (incoming, allowed, arrival) = self.read(request).await?;
        let request_id = arrival.request_id;
        let answering = async {
            match (self.authenticate)(arrival).await {
                Ok(caller) => self.engine.execute(incoming, allowed, caller).await,
                Err(error) => Answer::stopped(&error, request_id),
            }
        };
        timeout(self.within, answering).await.map_err(|_| Refusal::timed_out(self.within))
    }

    async fn read(&self, request: Request) -> Result<(Incoming, Allowed, Arrival), Refusal> {
        let (head, body) = request.into_parts();
        let arrival = Arrival::of(head.headers, &head.extensions);
        // Also a body that nobody wants is read, or the client might never see the answer.
        let body = body::read(&arrival.headers, body, self.body).await?;
        match head.method {
            Method::GET => Ok((parameters::from_address(&head.uri)?, Allowed::Queries, arrival)),
            Method::POST if is_encoded(&arrival.headers) => Err(Refusal::new(
                RequestCode::UnsupportedMediaType,
                "The body has to be sent as it is, without Content-Encoding.",
            )),
            Method::POST if is_json(&arrival.headers) => {
                Ok((parameters::from_body(&body)?, Allowed::QueriesAndMutations, arrival))
            }
            Method::POST => Err(Refusal::new(
                RequestCode::UnsupportedMediaType,
                "The body has to be JSON: Content-Type: application/json, in UTF-8.",
            )),
            _ => Err(Refusal::new(RequestCode::MethodNotAllowed, "This path takes GET and POST.")),
        }
    }
}

fn respond(answer: Answer, media_type: MediaType, allow: Option<&'static str>) -> Response {
    let status = status(answer.outcome, media_type);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = answer.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match (status, allow) {
        (StatusCode::METHOD_NOT_ALLOWED, Some(allow)) => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        (StatusCode::UNAUTHORIZED, _) => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests;
