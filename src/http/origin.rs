//! Which web pages may talk to this server: the origins of the settings, for CORS and for the handshake of a WebSocket.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

use crate::error::{Code, Error, Result};

/// Origins as browsers send them.
#[derive(Clone, Debug)]
pub enum Origins {
    /// Every page.
    Any,
    /// Pages of these origins.
    Listed(Vec<HeaderValue>),
}

impl Origins {
    /// Reads a setting; `*` alone is every origin. `Rejected` names what is no origin.
    pub fn parse(origins: &[String]) -> Result<Self> {
        if origins.iter().any(|origin| origin == "*") {
            return Ok(Self::Any);
        }
        origins.iter().map(|origin| parsed(origin)).collect::<Result<_>>().map(Self::Listed)
    }

    /// Whether a request may open a socket. What comes from no page has no origin, and the server's own pages have the
    /// host's. A browser asks nobody before it opens a socket, so this is all that keeps other pages out.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.contains(origin) || is_own(origin, headers),
        }
    }
}

/// The error of a setting that is no list of origins.
pub fn invalid(what: &str) -> Error {
    Error::rejected("CORS_ORIGINS", Code::Invalid, format!("CORS_ORIGINS: {what}."))
}

fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let of_origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    host.is_some() && host == of_origin
}

/// An origin is a scheme and a host, without a path: anything else would never match what a browser sends.
fn parsed(origin: &str) -> Result<HeaderValue> {
    let is_origin = origin.split_once("://").is_some_and(|(scheme, host)| {
        !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '*', ' '])
    });
    match HeaderValue::from_str(origin) {
        Ok(value) if is_origin => Ok(value),
        _ => Err(invalid(&format!("{origin} is not an origin, like https://app.example.org"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([
            (HOST, HeaderValue::from_static("ledger.example:8080")),
            (ORIGIN, HeaderValue::from_static(origin)),
        ])
    }

    #[test]
    fn a_socket_is_for_listed_pages_the_servers_own_and_what_is_no_page() {
        let origins = Origins::parse(&["https://app.example".to_owned()]).unwrap();
        assert!(origins.admit(&HeaderMap::new()));
        assert!(origins.admit(&headers("https://app.example")));
        assert!(origins.admit(&headers("http://ledger.example:8080")));
        for stranger in ["https://evil.example", "http://ledger.example", "null", "https://app.example.evil"]
        {
            assert!(!origins.admit(&headers(stranger)), "{stranger}");
        }
        assert!(Origins::parse(&["*".to_owned()]).unwrap().admit(&headers("https://evil.example")));
    }
}
