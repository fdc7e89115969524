//! Lines for a person: a terminal or a pipe that went away is no reason to fail.

use std::fmt::Display;
use std::io::{Write as _, stderr, stdout};

/// Writes `line` to standard output.
pub(super) fn say(line: impl Display) {
    // `println!` would panic where `| head` has seen enough.
    let _ = writeln!(stdout(), "{line}");
}

/// Writes `text`, which ends with its own line break, to standard output.
pub(super) fn say_all(text: &str) {
    let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
}

/// Writes `line` to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Writes `lines` in a box that nobody overlooks.
pub(super) fn say_in_a_box(lines: &[String]) {
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let edge = "─".repeat(width + 2);
    say(format!("\n  ┌{edge}┐"));
    for line in lines {
        say(format!("  │ {line:<width$} │"));
    }
    say(format!("  └{edge}┘"));
}
