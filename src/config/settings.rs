//! The list of the settings, with their defaults and what they are.

/// One setting, as people read about it.
pub struct Setting {
    /// The name in the environment and in `.env`.
    pub name: &'static str,
    /// The value when it is absent; empty for none.
    pub default: &'static str,
    /// What it is, and in which unit.
    pub help: &'static str,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help }
}

/// Every setting that the program knows, in the order in which people meet them.
pub const SETTINGS: &[Setting] = &[
    setting(
        "ENV",
        "",
        "development or production. `up` is development unless told, `serve` and `worker` are production.",
    ),
    setting("LISTEN", "127.0.0.1:8080", "The address and port that the API listens on."),
    setting(
        "DATA_DIR",
        "",
        "The folder of `up`: its PostgreSQL, its keys, its mails. As root /var/lib/pennypost.",
    ),
    setting("DATABASE_URL", "", "PostgreSQL. `up` starts one of its own when it is absent."),
    setting(
        "DATABASE_POOL_SIZE",
        "16",
        "How many connections to PostgreSQL one process keeps. With workers: all of their slots, and 4 besides.",
    ),
    setting(
        "REDIS_BASE_URL",
        "",
        "Redis for the wake-ups of the queue `base`. `up` starts one of its own when it is absent.",
    ),
    setting("REDIS_EMAIL_URL", "", "Redis for the wake-ups of the queue `email`; it may be the same server."),
    setting("REDIS_EVENTS_URL", "", "Redis for the live events of jobs; it may be the same server."),
    setting(
        "SECRET_KEY",
        "",
        "Signs access tokens: 32 bytes or more. To change it: 2:<new key>,1:<old key>; the first signs, all verify.",
    ),
    setting("SECRET_KEY_FILE", "", "A file that holds SECRET_KEY."),
    setting(
        "SEALING_KEY",
        "",
        "Seals the passwords of mailboxes: 32 bytes or more. To change it: 2:<new key>,1:<old key>; the first seals, all open.",
    ),
    setting("SEALING_KEY_FILE", "", "A file that holds SEALING_KEY."),
    setting("ACCESS_TOKEN_EXPIRE_MINUTES", "60", "How long an access token is good, in minutes."),
    setting(
        "REFRESH_TOKEN_EXPIRE_DAYS",
        "7",
        "How long a device stays signed in that does not come back, in days.",
    ),
    setting(
        "REGISTRATION",
        "open",
        "open or closed. Closed, only `pennypost user create-admin` makes users.",
    ),
    setting(
        "TRUSTED_PROXIES",
        "",
        "Proxies whose X-Forwarded-For is believed: addresses or networks like 10.0.0.0/8, with commas.",
    ),
    setting(
        "IMPORT_DIR",
        "",
        "The folder whose sub-folder <username> holds the mail files that the API may read. Absent: none.",
    ),
    setting(
        "CORS_ORIGINS",
        "",
        "Front ends that may call from a browser: commas or a JSON list. In development http://localhost:3000.",
    ),
    setting(
        "CORS_CREDENTIALS",
        "false",
        "true lets browsers send credentials along; pennypost itself uses no cookies.",
    ),
    setting(
        "GRAPHIQL",
        "true",
        "false takes away the page /graphiql, on which people try the API. The page itself loads for everyone.",
    ),
    setting(
        "MAX_HEAD_BYTES",
        "131072",
        "The longest head of a request, in bytes: its first line, which holds the document of a GET, and its headers.",
    ),
    setting("MAX_BODY_BYTES", "262144", "The longest body of a request, in bytes."),
    setting("MAX_DOCUMENT_BYTES", "32768", "The longest GraphQL document, in bytes."),
    setting(
        "MAX_DOCUMENT_TOKENS",
        "2000",
        "The most tokens of a document: names, punctuation and values, and each white space and comment between them. Arguments may hold four times as many values, counted wherever fragments are spread.",
    ),
    setting(
        "MAX_DOCUMENT_NESTING",
        "64",
        "How deep selections, values and types may be nested in the text of a document.",
    ),
    setting("MAX_OPERATIONS", "15", "The most operations in a document."),
    setting("MAX_ALIASES", "30", "The most aliases in an operation, with those of its fragments."),
    setting("MAX_FIELDS", "2000", "The most fields in an operation, with those of its fragments."),
    setting("MAX_ROOT_FIELDS", "20", "The most fields at the root of an operation."),
    setting("MAX_DEPTH", "12", "How deep fields may be nested; introspection is exempt."),
    setting(
        "MAX_COMPLEXITY",
        "2000",
        "The highest price of a document: an object costs 1, a connection 1 and its page times its node.",
    ),
    setting("MAX_ERRORS", "20", "The most errors that an answer reports."),
    setting(
        "INTROSPECTION",
        "",
        "Who may read the schema: everyone, signed-in or nobody. Absent: everyone in development, signed-in in production.",
    ),
    setting("REQUEST_TIMEOUT_SECONDS", "15", "How long a request may take once it has arrived, in seconds."),
    setting("HEADER_TIMEOUT_SECONDS", "10", "How long the headers of a request may take, in seconds."),
    setting("BODY_TIMEOUT_SECONDS", "10", "How long the body of a request may take, in seconds."),
    setting(
        "TRUSTED_DOCUMENTS",
        "",
        "The files of trusted documents, with commas: JSON objects of sha256:<hash> and text, as codegen writes them. A client sends the documentId alone.",
    ),
    setting(
        "TRUSTED_DOCUMENTS_ONLY",
        "false",
        "true answers the documents of TRUSTED_DOCUMENTS and no other, and takes away the page /graphiql.",
    ),
    setting(
        "METRICS_LISTEN",
        "",
        "An address and a port of its own for /metrics, also of `worker`. Whoever reaches it may read: keep it inside.",
    ),
    setting(
        "METRICS_TOKEN",
        "",
        "The bearer token for /metrics, 16 bytes or more. Without one /metrics is not there beside the API, but in development on this machine.",
    ),
    setting(
        "WEBSOCKETS_PER_USER",
        "5",
        "How many WebSockets and event streams of subscriptions, together, one user may have open at a time.",
    ),
    setting("WEBSOCKET_MAX_OPERATIONS", "10", "How many operations may run on one WebSocket at a time."),
    setting("WEBSOCKET_MAX_MESSAGE_BYTES", "65536", "The longest message on a WebSocket, in bytes."),
    setting(
        "WEBSOCKET_INIT_SECONDS",
        "5",
        "How long the client of a WebSocket may take to say who it is, in seconds.",
    ),
    setting(
        "WEBSOCKET_PING_SECONDS",
        "20",
        "Between two pings of a WebSocket, and between two signs of life of an event stream, in seconds.",
    ),
    setting(
        "COST_CAPACITY",
        "100000",
        "What a user, or an address that has not signed in, may ask for at once, in the price of documents; a process has its own count.",
    ),
    setting(
        "COST_RESTORED_PER_SECOND",
        "10000",
        "What of it comes back each second. 10000 keeps about a tenth of a core busy.",
    ),
    setting("FRONTEND_URL", "http://localhost:3000", "Where links in mails lead."),
    setting("LOG_LEVEL", "info", "error, warn (or warning), info, debug or trace."),
    setting(
        "SMTP_URL",
        "",
        "Outgoing mail: smtp://, smtps:// or smtp+starttls:// user:password@host:port. `up` writes mails to DATA_DIR when it is absent.",
    ),
    setting("SMTP_FROM", "pennypost <pennypost@localhost>", "The sender of outgoing mail."),
    setting(
        "MAIL_AUTHSERV_IDS",
        "",
        "The names of the servers whose Authentication-Results are believed, with commas.",
    ),
    setting(
        "MAX_EMAIL_BYTES",
        "26214400",
        "A larger message is kept without its source and not read, in bytes.",
    ),
    setting(
        "EMAIL_SOURCE_RETENTION_DAYS",
        "90",
        "How long the raw source of a mail is kept, in days. What was read in it stays, as text and in the ledger.",
    ),
    setting("WORKER_BASE_SLOTS", "4", "How many jobs of the queue `base` one process runs at a time."),
    setting(
        "WORKER_EMAIL_SLOTS",
        "4",
        "How many jobs of the queue `email` one process runs at a time; 2 or more.",
    ),
    setting(
        "JOB_TIME_SLICE_SECONDS",
        "10",
        "How long a long job keeps its slot when another user waits for one, in seconds.",
    ),
    setting(
        "JOB_LEASE_SECONDS",
        "30",
        "How long a worker may be silent before its jobs go to another, in seconds.",
    ),
    setting("JOB_RETENTION_DAYS", "30", "How long an ended job stays, in days."),
    setting("SHUTDOWN_GRACE_SECONDS", "25", "How long running jobs may go on after SIGTERM, in seconds."),
];
