//! The log: one subscriber for the process, for people in development, in JSON for machines.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use crate::config::Environment;

/// Starts the log at `level`. Libraries that print secrets or flood at lower levels are held to warnings.
///
/// Does nothing when a subscriber is there already. A panic is logged by its place alone, because its message may quote
/// what was being read.
pub fn start(environment: Environment, level: tracing::Level) {
    let registry = tracing_subscriber::registry().with(filter(level));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Colours are for a terminal; a file or a journal would keep them as signs.
    let layer = layer.with_ansi(std::io::stderr().is_terminal());
    let started = match environment {
        Environment::Development => registry.with(layer.with_target(false)).try_init(),
        Environment::Production => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    if started.is_err() {
        tracing::debug!("a log subscriber was set before");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the program broke here and goes on; report it with this place");
    }));
}

/// At an orderly end the questions that still wait in Redis are dropped with their links, and fred warns of each in two of its
/// files. Nothing else that it warns of there is lost: whoever asked gets an error, and writes it down.
const FRED_AT_THE_END: &str = "fred::router::commands=error,fred::commands::impls::server=error";

fn filter(level: tracing::Level) -> EnvFilter {
    EnvFilter::new(format!("warn,{FRED_AT_THE_END},pennypost={level}"))
}

#[cfg(test)]
pub(crate) mod captured;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static SEEN: AtomicUsize = AtomicUsize::new(0);

    struct Counting;

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counting {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            SEEN.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_fred_says_at_an_orderly_end_is_not_logged_and_what_it_says_of_lost_links_is() {
        let subscriber = tracing_subscriber::registry().with(filter(tracing::Level::INFO)).with(Counting);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "fred::router::commands", "Skip command with canceled error after calling quit.");
            tracing::warn!(target: "fred::commands::impls::server", "Attempted to quit client that was already stopped.");
            assert_eq!(SEEN.load(Ordering::Relaxed), 0);
            tracing::warn!(target: "fred::router::responses", "Broadcasting error");
            tracing::error!(target: "fred::router::commands", "worse");
            tracing::info!(target: "pennypost::worker", "the worker ends");
            assert_eq!(SEEN.load(Ordering::Relaxed), 3);
        });
    }
}
