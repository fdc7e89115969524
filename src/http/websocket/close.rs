//! Why the server closes a socket: the codes of graphql-ws and of RFC 6455 with their reasons.

use axum::extract::ws::CloseFrame;

/// The longest reason that a close frame holds, in bytes (RFC 6455, 5.5).
const LONGEST_REASON: usize = 123;

/// Why a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// The client closed it, or is gone: nothing is left to say.
    Gone,
    /// 1001: the client gave no sign of life.
    Silent,
    /// 1002: what came was no message of a WebSocket.
    Broken,
    /// 1009: a message was too long.
    TooLong(usize),
    /// 1012: the server stops; another try finds the next one.
    Restart,
    /// 1013: the client reads more slowly than it is written to. It may come again and go on from where it was.
    TooSlow,
    /// 1013: the user, or the address, has too many sockets.
    TooMany(usize),
    /// 4400: the message is none of the protocol.
    BadRequest(String),
    /// 4401: an operation before the connection was acknowledged.
    Unauthorized,
    /// 4403: the access token is bad, or not good any more, or its session, role or user has changed. Clients come again with
    /// a fresh one.
    Forbidden,
    /// 4406: the client does not speak the protocol.
    Subprotocol,
    /// 4408: the client did not say in time who it is.
    InitTimeout,
    /// 4409: there is an operation with that id.
    Duplicate(String),
    /// 4429: the client said twice who it is.
    TwoInits,
    /// 1013: a service that this server depends on is away, or asked too often. Clients come again.
    Unavailable,
    /// 4500: a fault of ours. Clients give up.
    Internal,
}

impl Close {
    /// The frame that says so; `None` when nobody is there to read it.
    pub fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Silent => (1001, "No sign of life since the last ping".to_owned()),
            Self::Broken => (1002, "Not a WebSocket message".to_owned()),
            Self::TooLong(limit) => (1009, format!("A message has at most {limit} bytes")),
            Self::Restart => (1012, "The server restarts; come again".to_owned()),
            Self::TooSlow => (1013, "Too slow: come again, and go on with afterVersion".to_owned()),
            Self::Unavailable => (1013, "Not available for the moment; come again".to_owned()),
            Self::TooMany(limit) => (1013, format!("At most {limit} sockets at a time")),
            Self::BadRequest(why) => (4400, format!("Invalid message: {why}")),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::Subprotocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::Duplicate(id) => (4409, format!("Subscriber for {id} already exists")),
            Self::TwoInits => (4429, "Too many initialisation requests".to_owned()),
            Self::Internal => (4500, "Internal server error".to_owned()),
        };
        let reason = &reason[..reason.floor_char_boundary(LONGEST_REASON)];
        Some(CloseFrame { code, reason: reason.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_at_a_whole_character_to_what_a_frame_holds() {
        let frame = Close::Duplicate("é".repeat(200)).frame().unwrap();
        assert!(frame.reason.len() <= LONGEST_REASON && frame.reason.starts_with("Subscriber for é"));
        assert_eq!(Close::Gone.frame(), None);
    }
}
