//! What this process counts of itself, and the text in which Prometheus reads it.
//!
//! A label holds a word of the program, never one of a person's or of a request: the type of its values admits nothing else.

mod moment;
mod process;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::{Error, Result};
pub use moment::{JobCount, Moment, PoolCount};

/// The media type of the text.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// A label: its name and its value, both words of the program.
type Label = (&'static str, &'static str);

/// The bounds of the buckets of durations, in seconds: from a cached `me` to the time-out of a request.
const BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

/// By what a GraphQL operation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A request and its answer.
    Http,
    /// Server-sent events.
    EventStream,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    fn label(self) -> Label {
        let name = match self {
            Self::Http => "http",
            Self::EventStream => "event_stream",
            Self::WebSocket => "websocket",
        };
        ("transport", name)
    }
}

/// The counts of one process. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    counts: Arc<Counts>,
}

struct Counts {
    registry: Registry,
    requests: Family<[Label; 3], Counter>,
    durations: Family<[Label; 1], Histogram, fn() -> Histogram>,
    connections: Family<[Label; 1], Gauge>,
    jobs: Family<[Label; 2], Counter>,
}

/// One operation, from its beginning to its answer. It is counted as dropped when nobody says how it ended: then its client
/// has gone away.
pub struct Underway {
    metrics: Metrics,
    transport: Transport,
    begun: Instant,
    is_lasting: bool,
    is_counted: bool,
}

/// An open connection; it is closed when this is dropped.
pub struct Open {
    metrics: Metrics,
    transport: Transport,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::default();
        let durations: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let connections: Family<[Label; 1], Gauge> = Family::default();
        let jobs = Family::default();
        let mut registry = Registry::with_prefix("pennypost");
        registry.register(
            "graphql_requests",
            "GraphQL operations by transport, outcome and code; a subscription counts once, at its first answer or its end",
            requests.clone(),
        );
        registry.register(
            "graphql_request_duration_seconds",
            "How long queries and mutations took until their answer was ready",
            durations.clone(),
        );
        registry.register(
            "connections_open",
            "WebSockets and event streams that are open",
            connections.clone(),
        );
        registry.register(
            "jobs_ended",
            "Jobs that this process has brought to an end, by kind and state; a deleted user's last job goes uncounted",
            jobs.clone(),
        );
        // There from the beginning, so that a graph has a line before the first one opens.
        for transport in [Transport::EventStream, Transport::WebSocket] {
            drop(connections.get_or_create(&[transport.label()]));
        }
        Self { counts: Arc::new(Counts { registry, requests, durations, connections, jobs }) }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}

impl Metrics {
    /// An operation begins.
    pub fn request(&self, transport: Transport) -> Underway {
        let begun = Instant::now();
        Underway { metrics: self.clone(), transport, begun, is_lasting: false, is_counted: false }
    }

    /// A connection that outlasts one answer is opened.
    pub fn open(&self, transport: Transport) -> Open {
        self.counts.connections.get_or_create(&[transport.label()]).inc();
        Open { metrics: self.clone(), transport }
    }

    /// A job of that kind has come to that end.
    pub fn job_ended(&self, kind: &'static str, state: &'static str) {
        self.counts.jobs.get_or_create(&[("kind", kind), ("state", state)]).inc();
    }

    /// The text for Prometheus, with what was found at this moment.
    pub fn text(&self, moment: &Moment) -> Result<String> {
        let mut text = String::new();
        for registry in [&self.counts.registry, &moment.registry(), &process::registry()] {
            prometheus_text::encode(&mut text, registry)
                .map_err(|error| Error::internal("the metrics could not be written", error))?;
        }
        Ok(text)
    }
}

impl Underway {
    /// The same for a subscription, whose length says nothing and which may end without a word.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
    }

    /// It has ended: whether it was executed, and with which code.
    pub fn end(mut self, outcome: &'static str, code: &'static str) {
        self.count(outcome, code);
        if !self.is_lasting {
            let durations = self.metrics.counts.durations.get_or_create(&[self.transport.label()]);
            durations.observe(self.begun.elapsed().as_secs_f64());
        }
    }

    fn count(&mut self, outcome: &'static str, code: &'static str) {
        self.is_counted = true;
        let labels = [self.transport.label(), ("outcome", outcome), ("code", code)];
        self.metrics.counts.requests.get_or_create(&labels).inc();
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if !self.is_counted {
            if self.is_lasting { self.count("executed", "OK") } else { self.count("dropped", "NONE") }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.counts.connections.get_or_create(&[self.transport.label()]).dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_counted_once_however_it_ends() {
        let metrics = Metrics::default();
        metrics.request(Transport::Http).end("executed", "OK");
        metrics.request(Transport::Http).end("refused", "BAD_REQUEST");
        drop(metrics.request(Transport::Http));
        drop(metrics.request(Transport::WebSocket).lasting());
        let open = metrics.open(Transport::WebSocket);
        let text = metrics.text(&Moment::default()).unwrap();
        for line in [
            r#"pennypost_graphql_requests_total{transport="http",outcome="executed",code="OK"} 1"#,
            r#"pennypost_graphql_requests_total{transport="http",outcome="refused",code="BAD_REQUEST"} 1"#,
            r#"pennypost_graphql_requests_total{transport="http",outcome="dropped",code="NONE"} 1"#,
            r#"pennypost_graphql_requests_total{transport="websocket",outcome="executed",code="OK"} 1"#,
            r#"pennypost_graphql_request_duration_seconds_count{transport="http"} 2"#,
            r#"pennypost_connections_open{transport="websocket"} 1"#,
            r#"pennypost_connections_open{transport="event_stream"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        drop(open);
        let text = metrics.text(&Moment::default()).unwrap();
        assert!(text.contains(r#"pennypost_connections_open{transport="websocket"} 0"#), "{text}");
        assert!(!text.contains(r#"duration_seconds_count{transport="websocket"}"#), "{text}");
    }

    #[test]
    fn the_process_tells_of_its_memory_and_its_time() {
        let text = Metrics::default().text(&Moment::default()).unwrap();
        for name in ["process_resident_memory_bytes ", "process_cpu_seconds_total ", "process_open_fds "] {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{text}"));
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() > 0.0, "{line}");
        }
    }
}
