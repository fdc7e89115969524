//! Reads a request's body, within a length and a time.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::config::LimitSettings;
use crate::graphql::engine::{Refusal, RequestCode};

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most bytes that are taken.
    pub bytes: usize,
    /// The most bytes above that which are read and thrown away before the answer.
    pub drained_bytes: usize,
    /// How long the whole body may take.
    pub within: Duration,
}

/// What is read of a body that is too long: more than the buffers on the way to its client hold.
const DRAINED_BYTES: usize = 4 * 1024 * 1024;

impl From<&LimitSettings> for BodyLimits {
    fn from(settings: &LimitSettings) -> Self {
        Self { bytes: settings.body_bytes, drained_bytes: DRAINED_BYTES, within: settings.body_within }
    }
}

/// Reads the whole body.
///
/// One that is too long is read on and thrown away, up to a limit: a server that answers and closes while the client
/// still writes makes the client see a broken pipe, and never the answer.
pub async fn read(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Vec<u8>, Refusal> {
    // This client sends nothing before it is told to go on, so there is nothing to throw away.
    let waits = headers.contains_key(EXPECT);
    let announced = body.size_hint().lower();
    if waits && announced > u64::try_from(limits.bytes).unwrap_or(u64::MAX) {
        return Err(too_long(limits));
    }
    match timeout(limits.within, read_or_drain(body, limits)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::new(
            RequestCode::SlowRequest,
            format!("The body did not arrive within {} s.", limits.within.as_secs()),
        )),
    }
}

async fn read_or_drain(mut body: Body, limits: BodyLimits) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut length: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Refusal::new(RequestCode::BadRequest, "The body broke off before its end."))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length.saturating_sub(limits.bytes) > limits.drained_bytes {
            break;
        }
        if length <= limits.bytes {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
    }
    if length > limits.bytes { Err(too_long(limits)) } else { Ok(bytes) }
}

fn too_long(limits: BodyLimits) -> Refusal {
    Refusal::new(
        RequestCode::PayloadTooLarge,
        format!("The body is too long: at most {} bytes are allowed.", limits.bytes),
    )
}
