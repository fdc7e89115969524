//! The one source of time and of new ids, so that a test can hold both still.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use uuid::{Builder, ContextV7, Timestamp, Uuid};

/// Counts the ids of one millisecond, so that ids made one after the other sort that way.
static COUNTER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Reads the time and makes ids (UUID version 7, RFC 9562) from it.
///
/// Leases, back-off and schedules do not use it: they follow the database's clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until a test moves it.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// The present moment, in UTC, cut to the microseconds that PostgreSQL keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            Self::System => Utc::now(),
            Self::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// A new id, behind all that this process made before.
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&COUNTER, seconds, now.timestamp_subsec_nanos()))
    }

    /// Moves a fixed clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}

/// The smallest id that is made at that moment: ids carry their time, so a list by id can begin at a day.
pub fn first_id(moment: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(moment.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_sort_in_the_order_in_which_they_were_made() {
        let clock = Clock::fixed(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let ids: Vec<Uuid> = (0..10_000).map(|_| clock.new_id()).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_first_id_of_a_moment_lies_between_those_made_before_and_at_it() {
        let clock = Clock::fixed(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let before = clock.new_id();
        clock.advance(Duration::milliseconds(1));
        assert!(before < first_id(clock.now()) && first_id(clock.now()) <= clock.new_id());
    }

    #[test]
    fn a_fixed_clock_moves_when_it_is_told_to() {
        let clock = Clock::fixed(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        clock.advance(Duration::seconds(90));
        assert_eq!(clock.now().timestamp(), 1_800_000_090);
    }
}
