//! What one request and one connection may take: the settings that hold every caller of the API alike.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::source::Source;
use crate::error::Result;

/// The limits of requests. [`LimitSettings::default`] holds the documented values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// The longest head of a request, in bytes: its first line, which holds the document of a GET, and its headers.
    pub head_bytes: usize,
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// The longest document, in bytes.
    pub document_bytes: usize,
    /// The most tokens of a document.
    pub document_tokens: usize,
    /// The deepest nesting in the text of a document.
    pub document_nesting: usize,
    /// The most operations in a document.
    pub operations: usize,
    /// The most aliases in an operation.
    pub aliases: u64,
    /// The most fields in an operation.
    pub fields: u64,
    /// The most fields at the root of an operation.
    pub root_fields: u64,
    /// The deepest nesting of fields.
    pub depth: u64,
    /// The highest price of an operation.
    pub complexity: u64,
    /// The most errors of an answer.
    pub errors: usize,
    /// Who may read the schema; `None` leaves it to the environment.
    pub introspection: Option<Introspection>,
    /// How long a request may take once it has arrived.
    pub request_within: Duration,
    /// How long the headers of a request may take.
    pub headers_within: Duration,
    /// How long the body of a request may take.
    pub body_within: Duration,
    /// Sockets and event streams that one user may have open.
    pub sockets_of_user: usize,
    /// Operations at a time on one socket.
    pub socket_operations: usize,
    /// The longest message on a socket, in bytes.
    pub message_bytes: usize,
    /// How long the client of a socket may take to say who it is.
    pub init_within: Duration,
    /// Between two signs of life of a socket or an event stream.
    pub ping_every: Duration,
}

/// Who may read the schema through introspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Whoever asks.
    Everyone,
    /// Whoever has signed in.
    SignedIn,
    /// Nobody.
    Nobody,
}

impl Introspection {
    /// True when a caller, signed in or not, may read the schema.
    pub fn allows(self, signed_in: bool) -> bool {
        match self {
            Self::Everyone => true,
            Self::SignedIn => signed_in,
            Self::Nobody => false,
        }
    }
}

impl FromStr for Introspection {
    type Err = ();

    fn from_str(name: &str) -> std::result::Result<Self, ()> {
        match name {
            "everyone" => Ok(Self::Everyone),
            "signed-in" => Ok(Self::SignedIn),
            "nobody" => Ok(Self::Nobody),
            _ => Err(()),
        }
    }
}

/// A time that people wait for, in seconds.
const PATIENCE: RangeInclusive<usize> = 1..=600;

impl LimitSettings {
    pub(super) fn read(source: &Source) -> Result<Self> {
        let introspection = || source.parsed("INTROSPECTION", "everyone, signed-in or nobody");
        Ok(Self {
            head_bytes: source.number("MAX_HEAD_BYTES", 8_192..=262_144)?,
            body_bytes: source.number("MAX_BODY_BYTES", 1_024..=67_108_864)?,
            document_bytes: source.number("MAX_DOCUMENT_BYTES", 256..=1_048_576)?,
            document_tokens: source.number("MAX_DOCUMENT_TOKENS", 10..=100_000)?,
            document_nesting: source.number("MAX_DOCUMENT_NESTING", 2..=200)?,
            operations: source.number("MAX_OPERATIONS", 1..=1_000)?,
            aliases: source.count("MAX_ALIASES", 0..=10_000)?,
            fields: source.count("MAX_FIELDS", 1..=100_000)?,
            root_fields: source.count("MAX_ROOT_FIELDS", 1..=1_000)?,
            depth: source.count("MAX_DEPTH", 2..=64)?,
            complexity: source.count("MAX_COMPLEXITY", 100..=1_000_000)?,
            errors: source.number("MAX_ERRORS", 1..=1_000)?,
            introspection: source.text("INTROSPECTION").map(|_| introspection()).transpose()?,
            request_within: source.time("REQUEST_TIMEOUT_SECONDS", PATIENCE)?,
            headers_within: source.time("HEADER_TIMEOUT_SECONDS", PATIENCE)?,
            body_within: source.time("BODY_TIMEOUT_SECONDS", PATIENCE)?,
            sockets_of_user: source.number("WEBSOCKETS_PER_USER", 1..=1_000_000)?,
            socket_operations: source.number("WEBSOCKET_MAX_OPERATIONS", 1..=1_000)?,
            message_bytes: source.number("WEBSOCKET_MAX_MESSAGE_BYTES", 1_024..=1_048_576)?,
            init_within: source.time("WEBSOCKET_INIT_SECONDS", PATIENCE)?,
            ping_every: source.time("WEBSOCKET_PING_SECONDS", PATIENCE)?,
        })
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            head_bytes: 128 * 1024,
            body_bytes: 256 * 1024,
            document_bytes: 32 * 1024,
            document_tokens: 2_000,
            document_nesting: 64,
            operations: 15,
            aliases: 30,
            fields: 2_000,
            root_fields: 20,
            depth: 12,
            complexity: 2_000,
            errors: 20,
            introspection: None,
            request_within: Duration::from_secs(15),
            headers_within: Duration::from_secs(10),
            body_within: Duration::from_secs(10),
            sockets_of_user: 5,
            socket_operations: 10,
            message_bytes: 64 * 1024,
            init_within: Duration::from_secs(5),
            ping_every: Duration::from_secs(20),
        }
    }
}
