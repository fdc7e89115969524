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
    let filter = EnvFilter::new(format!("warn,pennypost={level}"));
    let registry = tracing_subscriber::registry().with(filter);
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
