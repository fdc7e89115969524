//! The events of graphql-sse as they are written.

use axum::body::Bytes;

/// A comment, which no reader takes for an event: the connection is shown to live, on both of its sides.
pub const SIGN_OF_LIFE: Bytes = Bytes::from_static(b":\n\n");

/// `next`: one answer. `body` is JSON, which has no line breaks of its own, so that it stands on one line.
pub fn next(body: &[u8]) -> Bytes {
    [b"event: next\ndata: ", body, b"\n\n"].concat().into()
}

/// `complete`: there are no more. Without its empty data no browser would tell the page of it.
pub fn complete() -> Bytes {
    Bytes::from_static(b"event: complete\ndata: \n\n")
}
