//! From the application to the transport: who sends a request, whether the server is ready, and which pages may call.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::app::App;
use crate::config::Environment;
use crate::error::{Error, Result};
use crate::graphql::engine::{Caller, Engine};
use crate::http::arrival::{Arrival, Authenticate};
use crate::http::client_address::client_address;
use crate::http::graphql::GraphqlEndpoint;
use crate::http::origin::Origins;
use crate::http::page;
use crate::http::router::{self, Cors};
use crate::http::scrape;
use crate::users::standing::Standing;
use crate::users::token_text::TokenText;
use crate::viewer::{Credential, Viewer};

/// How long the database may take to say that it is there.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// The front end that may call in development, unless `CORS_ORIGINS` names others.
const DEVELOPMENT_ORIGIN: &str = "http://localhost:3000";

/// All paths of the server, answered by `engine`.
///
/// `Rejected` for an origin in `CORS_ORIGINS` that is none.
pub fn router(app: Arc<App>, engine: impl Into<Arc<Engine>>) -> Result<Router> {
    let engine = engine.into();
    let metrics = scrape::beside_the_api(&app, Arc::clone(&engine));
    let pages = cors(&app);
    let (cors, origins) = (pages.layer()?, Origins::parse(&pages.origins)?);
    let clock = app.clock.clone();
    let page = page::router(app.config.has_page(), clock.clone());
    let who = Arc::clone(&app);
    let authenticate: Authenticate = Arc::new(move |arrival| {
        let who = Arc::clone(&who);
        Box::pin(async move { caller(&who, &arrival).await })
    });
    let standings = app.standings.clone();
    let mut endpoint = GraphqlEndpoint::new(engine, authenticate, origins, clock.clone(), &app.config.limits);
    endpoint.lasting.metrics = app.metrics.clone();
    endpoint.lasting.until_changed = Arc::new(move |viewer| {
        let standings = standings.clone();
        Box::pin(async move { standings.until_changed(viewer).await })
    });
    let readiness = move || -> futures_util::future::BoxFuture<'static, Result<()>> {
        let app = Arc::clone(&app);
        Box::pin(async move { readiness(&app).await })
    };
    Ok(router::router(endpoint, Arc::new(readiness), cors, clock).merge(page).merge(metrics))
}

/// Redis is no part of it: without it everything works, within about a second.
async fn readiness(app: &App) -> Result<()> {
    let late = |_| Error::Unavailable("The database did not answer in time.".to_owned());
    timeout(READY_WITHIN, app.pool.ask()).await.map_err(late)?
}

fn cors(app: &App) -> Cors {
    let usual = match app.environment {
        Environment::Development => vec![DEVELOPMENT_ORIGIN.to_owned()],
        Environment::Production => Vec::new(),
    };
    let origins = app.config.cors_origins.clone().unwrap_or(usual);
    Cors { origins, credentials: app.config.cors_credentials }
}

async fn caller(app: &App, arrival: &Arrival) -> Result<Caller> {
    let address = client_address(&arrival.headers, arrival.peer, &app.config.trusted_proxies);
    let user_agent = arrival.headers.get(USER_AGENT).and_then(|name| name.to_str().ok()).map(str::to_owned);
    let request_id = arrival.request_id;
    let stranger = Caller { viewer: None, address, user_agent, request_id, good_for: None };
    let Some(token) = bearer_token(&arrival.headers)? else { return Ok(stranger) };
    let now = app.clock.now();
    let (credential, standing, good_for) = if TokenText::is_meant(token) {
        by_api_token(app, token, now).await?
    } else {
        by_session(app, token, now).await?
    };
    let Standing { user_id, role, scopes, .. } = standing;
    let viewer = Viewer { user_id, role, credential, scopes, address, request_id };
    Ok(Caller { viewer: Some(viewer), good_for: Some(good_for), ..stranger })
}

/// Who shows an access token, and how long that is good.
async fn by_session(app: &App, token: &str, now: DateTime<Utc>) -> Result<(Credential, Standing, Duration)> {
    let claims = app.access_tokens.verify(token, now)?;
    let credential = Credential::Session(claims.sid);
    let standing = app.standings.find(credential).await?;
    let standing =
        standing.filter(|standing| standing.user_id == claims.sub).ok_or(Error::Unauthenticated)?;
    Ok((credential, standing, claims.good_for(now)))
}

/// Who shows a personal API token, and how long that is good.
async fn by_api_token(
    app: &App,
    token: &str,
    now: DateTime<Utc>,
) -> Result<(Credential, Standing, Duration)> {
    let text = TokenText::parse(token).ok_or(Error::Unauthenticated)?;
    let id = app.standings.identify(&text).await?.ok_or(Error::Unauthenticated)?;
    let credential = Credential::Token(id);
    let standing = app.standings.find(credential).await?.ok_or(Error::Unauthenticated)?;
    Ok((credential, standing, standing.good_for(now)))
}

/// The token of the header `Authorization: Bearer …` (RFC 6750). A header that says something else is no way to sign in
/// here, and whoever sends one should learn it.
fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) =
        header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(Error::Unauthenticated) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        assert_eq!(bearer_token(&HeaderMap::new()).unwrap(), None);
        assert_eq!(bearer_token(&headers("Bearer a.b.c")).unwrap(), Some("a.b.c"));
        assert_eq!(bearer_token(&headers("bearer  a.b.c")).unwrap(), Some("a.b.c"));
    }

    #[test]
    fn another_way_to_sign_in_is_refused_and_not_overlooked() {
        for value in ["Basic YTpi", "Bearer", "a.b.c"] {
            assert!(matches!(bearer_token(&headers(value)), Err(Error::Unauthenticated)), "{value}");
        }
    }
}
