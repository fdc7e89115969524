//! How many connections each user and each address has open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Whose connections are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A signed-in user.
    User(Uuid),
    /// Everybody at an address who has not signed in.
    Address(Option<IpAddr>),
}

/// The open connections by owner. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    counts: Arc<Mutex<HashMap<Owner, usize>>>,
}

/// One connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    occupancy: Occupancy,
    owner: Owner,
}

impl Occupancy {
    /// A place for one more connection of `owner`; `None` when there are `limit` already.
    pub fn enter(&self, owner: Owner, limit: usize) -> Option<Place> {
        let mut counts = self.counts();
        let count = counts.entry(owner).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place { occupancy: self.clone(), owner })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Owner, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.occupancy.counts();
        if let Some(count) = counts.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_left_is_free_and_nothing_is_remembered_of_nobody() {
        let occupancy = Occupancy::default();
        let owner = Owner::Address(None);
        let first = occupancy.enter(owner, 1);
        assert!(first.is_some() && occupancy.enter(owner, 1).is_none());
        assert!(occupancy.enter(Owner::User(Uuid::nil()), 1).is_some());
        drop(first);
        assert!(occupancy.counts().is_empty() && occupancy.enter(owner, 1).is_some());
    }
}
