//! Counts the statements that a piece of work takes, BEGIN, COMMIT and savepoints apart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};

/// Statements that hold one of these are counted; each names whose rows it is about.
static WHOSE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static COUNTED: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::needless_pass_by_value, reason = "diesel hands each event over")]
fn count(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event {
        let whose = WHOSE.lock().unwrap_or_else(PoisonError::into_inner);
        let text = query.to_string();
        if whose.iter().any(|whose| text.contains(whose.as_str())) {
            COUNTED.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// To be called before the first connection is made: what is connected earlier is not heard.
pub fn listen() {
    set_default_instrumentation(|| Some(Box::new(count))).unwrap();
}

/// Counts from now on, from zero, the statements that hold one of `whose`.
pub fn count_those_of(whose: &[String]) {
    *WHOSE.lock().unwrap() = whose.to_vec();
    COUNTED.store(0, Ordering::SeqCst);
}

/// How many there were since the last look.
pub fn counted() -> usize {
    COUNTED.swap(0, Ordering::SeqCst)
}
