//! Every statement that a program sends to one database, as text.

use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use crate::support::app::TestApp;

/// (database, statement), in the order in which they were sent.
static SENT: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Watches one connection; each new one gets its own.
#[derive(Default)]
struct Watch {
    database: String,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                let address = url.split('?').next().unwrap_or_default();
                address.rsplit('/').next().unwrap_or_default().clone_into(&mut self.database);
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                let statement = query.to_string();
                // A connection is set up before its first statement; how many there are is the pool's business.
                let sets_up = ["SET ", "DO $$ BEGIN SET "];
                if !sets_up.iter().any(|start| statement.starts_with(start)) {
                    sent().push((self.database.clone(), statement));
                }
            }
            _ => {}
        }
    }
}

/// Watches every connection that is made from now on, of whatever database.
pub fn watch() {
    set_default_instrumentation(|| Some(Box::<Watch>::default())).unwrap();
}

impl TestApp {
    /// The statements that the program sent to its database since this was last asked.
    pub fn take_statements(&self) -> Vec<String> {
        let of_others = |(database, _): &(String, String)| database != self.database_name();
        let (others, ours) = std::mem::take(&mut *sent()).into_iter().partition(of_others);
        *sent() = others;
        ours.into_iter().map(|(_, statement)| statement).collect()
    }
}

fn sent() -> MutexGuard<'static, Vec<(String, String)>> {
    SENT.lock().unwrap_or_else(PoisonError::into_inner)
}
