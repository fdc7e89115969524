//! What the client sends and what it takes: `Content-Type`, `Accept`, and the encodings of both.

use axum::extract::Request;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

/// A media type that this server answers GraphQL requests with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`, which older clients take.
    Json,
    /// `application/graphql-response+json`, whose status says what became of the request.
    GraphqlResponse,
    /// `text/event-stream`, whose events are the answers.
    EventStream,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::EventStream => "text/event-stream",
        }
    }
}

/// The media type of the answer; `None` when the client takes none of ours.
///
/// An event stream is for clients that name it and prefer it to JSON, or name no JSON. The ones that name both alike, as
/// urql does, want the plain answer to a query.
pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
    let ranges = ranges(headers, &ACCEPT);
    let stream = best(&ranges, MediaType::EventStream).filter(|stream| stream.precision == Precision::Exact);
    let plain = [MediaType::Json, MediaType::GraphqlResponse].map(|media_type| best(&ranges, media_type));
    let plain = plain.into_iter().flatten().max_by_key(|plain| (plain.quality, plain.precision));
    let is_stream = match (&stream, &plain) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(stream), Some(plain)) => (stream.quality, stream.precision) > (plain.quality, plain.precision),
    };
    if is_stream { Some(MediaType::EventStream) } else { accepted_plain(headers) }
}

/// The media type of an answer that is no event stream; `None` when the client takes none of those.
///
/// Without `Accept`, and where only a wildcard lets both pass, it is `application/json`.
pub fn accepted_plain(headers: &HeaderMap) -> Option<MediaType> {
    if !headers.contains_key(ACCEPT) {
        return Some(MediaType::Json);
    }
    let ranges = ranges(headers, &ACCEPT);
    let json = best(&ranges, MediaType::Json);
    let graphql = best(&ranges, MediaType::GraphqlResponse);
    match (json, graphql) {
        (None, None) => None,
        (Some(_), None) => Some(MediaType::Json),
        (None, Some(_)) => Some(MediaType::GraphqlResponse),
        (Some(json), Some(graphql)) => {
            let is_named = graphql.precision == Precision::Exact;
            let wins = graphql.quality > json.quality || (graphql.quality == json.quality && is_named);
            Some(if wins { MediaType::GraphqlResponse } else { MediaType::Json })
        }
    }
}

/// True when the body is announced as compressed, or otherwise encoded.
pub fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(CONTENT_ENCODING);
    encodings.iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// True when the body is announced as JSON in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let (name, parameters) = parts(value);
    name == MediaType::Json.name()
        && parameters.iter().all(|(name, value)| name != "charset" || is_utf_8(value))
}

/// True when the client takes an answer that is compressed with gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = ranges(headers, &ACCEPT_ENCODING);
    let find = |wanted: &str| codings.iter().find(|coding| coding.name == wanted);
    find("gzip").or_else(|| find("x-gzip")).or_else(|| find("*")).is_some_and(|coding| coding.quality > 0)
}

/// Passes over an `Accept-Encoding` that takes nothing that this server sends, plain answers neither, as RFC 9110 (12.5.3) allows: the
/// layer that compresses would call an answer unacceptable once the request has been carried out.
pub async fn encode_at_least_plainly(mut request: Request) -> Request {
    if request.headers().contains_key(ACCEPT_ENCODING) && takes_no_encoding(request.headers()) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    request
}

fn takes_no_encoding(headers: &HeaderMap) -> bool {
    let codings = ranges(headers, &ACCEPT_ENCODING);
    let quality =
        |wanted: &str| codings.iter().find(|coding| coding.name == wanted).map(|coding| coding.quality);
    let (any, plain) = (quality("*"), quality("identity"));
    let is_plain_refused = plain.or(any) == Some(0);
    is_plain_refused
        && ["gzip", "br"].iter().all(|coding| quality(coding).or(any).is_none_or(|quality| quality == 0))
}

/// One entry of `Accept`, or of `Accept-Encoding`.
struct Range {
    name: String,
    /// In thousandths, 1 to 1000; an entry with 0 is an exclusion.
    quality: u16,
    is_utf_8: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Any,
    Kind,
    Exact,
}

struct Match {
    precision: Precision,
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (name, parameters) = parts(text);
        if name.is_empty() {
            return None;
        }
        let mut range = Self { name, quality: 1000, is_utf_8: true };
        for (name, value) in &parameters {
            match name.as_str() {
                "q" => range.quality = thousandths(value)?,
                "charset" => range.is_utf_8 = is_utf_8(value),
                _ => {}
            }
        }
        Some(range)
    }
}

/// The entries of all headers of that name.
fn ranges(headers: &HeaderMap, name: &HeaderName) -> Vec<Range> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(Range::parse).collect()
}

/// The most precise entry decides over a media type, as RFC 9110 (12.5.1) says.
fn best(ranges: &[Range], media_type: MediaType) -> Option<Match> {
    let matches = ranges.iter().filter(|range| range.is_utf_8).filter_map(|range| {
        let precision = match range.name.as_str() {
            "*/*" => Precision::Any,
            "application/*" if media_type != MediaType::EventStream => Precision::Kind,
            name if name == media_type.name() => Precision::Exact,
            _ => return None,
        };
        Some(Match { precision, quality: range.quality })
    });
    matches.max_by_key(|found| (found.precision, found.quality)).filter(|found| found.quality > 0)
}

/// A media type in lower case, with its parameters: names in lower case, values without quotes.
fn parts(text: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = text.split(';').map(str::trim);
    let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = pieces.filter_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase()))
    });
    (name, parameters.collect())
}

fn is_utf_8(charset: &str) -> bool {
    charset == "utf-8" || charset == "utf8"
}

/// Reads a quality value, `0` to `1` with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let value =
        whole.parse::<u16>().ok()?.checked_mul(1000)? + format!("{decimals:0<3}").parse::<u16>().ok()?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn accept(value: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(value).unwrap());
        accepted(&headers)
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_or_a_wildcard_lets_it_pass() {
        let takes = |value: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())]);
            accepts_gzip(&headers)
        };
        for value in ["gzip", "GZIP;q=0.1", "deflate, gzip, br", "x-gzip", "*", "br, *;q=0.5"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzipped"] {
            assert!(!takes(value), "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn the_named_type_is_preferred_and_a_wildcard_means_json() {
        use MediaType::{GraphqlResponse, Json};
        let cases = [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json; q=0.5, application/json", Some(Json)),
            ("application/json;q=0.9, */*;q=0.1", Some(Json)),
            ("application/graphql-response+json, */*;q=0.1", Some(GraphqlResponse)),
            ("application/json; charset=utf-8", Some(Json)),
            ("APPLICATION/JSON; charset=\"UTF-8\"", Some(Json)),
            ("application/json; charset=latin1", None),
            ("application/json; q=0", None),
            ("application/json; q=0, */*", Some(GraphqlResponse)),
            ("text/html", None),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(accept(value), expected, "{value}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn an_event_stream_is_for_whoever_names_it_and_prefers_it() {
        use MediaType::{EventStream, GraphqlResponse, Json};
        let urql = "application/graphql-response+json, application/graphql+json, application/json, \
                    text/event-stream, multipart/mixed";
        let cases = [
            ("text/event-stream", Some(EventStream)),
            ("Text/Event-Stream; charset=utf-8", Some(EventStream)),
            ("text/event-stream, multipart/mixed", Some(EventStream)),
            ("text/event-stream, */*", Some(EventStream)),
            ("text/event-stream, application/json;q=0.9", Some(EventStream)),
            (
                "application/json;q=0.5, application/graphql-response+json;q=0.8, text/event-stream",
                Some(EventStream),
            ),
            (urql, Some(GraphqlResponse)),
            ("text/event-stream, application/json", Some(Json)),
            ("text/event-stream;q=0.9, application/json", Some(Json)),
            ("text/event-stream;q=0.9, */*", Some(Json)),
            ("text/event-stream;q=0, */*", Some(Json)),
            ("text/event-stream;q=0", None),
            ("text/*", None),
            ("*/*", Some(Json)),
        ];
        for (value, expected) in cases {
            assert_eq!(accept(value), expected, "{value}");
        }
    }

    #[test]
    fn a_body_is_json_in_utf_8_or_nothing() {
        let sent = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            is_json(&headers)
        };
        for value in
            ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""]
        {
            assert!(sent(value), "{value}");
        }
        for value in [
            "text/plain",
            "application/json; charset=utf-16",
            "application/graphql",
            "multipart/form-data; boundary=application/json",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "",
        ] {
            assert!(!sent(value), "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn no_header_makes_negotiation_panic(value in "[ -~]{0,80}") {
            accept(&value);
        }
    }
}
