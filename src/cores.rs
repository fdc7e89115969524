//! Heavy computing off the async threads: on every core, and no more than one thread a core for the whole process.

use std::sync::Arc;
use std::thread::available_parallelism;

use futures_util::future::try_join_all;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// The cores of this machine. Whoever computes takes turns with the others; clones share the turns.
#[derive(Clone)]
pub struct Cores {
    permits: Arc<Semaphore>,
    count: usize,
}

impl Cores {
    /// Every core of this machine.
    pub fn all() -> Self {
        let count = available_parallelism().map_or(1, usize::from);
        Self { permits: Arc::new(Semaphore::new(count)), count }
    }

    /// What `work` makes of each of `items`, in their order. The items are shared out among the cores.
    pub async fn map<Item, Made>(
        &self,
        items: Vec<Item>,
        work: impl Fn(Item) -> Made + Clone + Send + 'static,
    ) -> Result<Vec<Made>>
    where
        Item: Send + 'static,
        Made: Send + 'static,
    {
        let share = items.len().div_ceil(self.count).max(1);
        let mut shares = Vec::new();
        let mut rest = items;
        while !rest.is_empty() {
            let behind = rest.split_off(share.min(rest.len()));
            shares.push(self.run(std::mem::replace(&mut rest, behind), work.clone()));
        }
        Ok(try_join_all(shares).await?.into_iter().flatten().collect())
    }

    async fn run<Item, Made>(
        &self,
        items: Vec<Item>,
        work: impl Fn(Item) -> Made + Send + 'static,
    ) -> Result<Vec<Made>>
    where
        Item: Send + 'static,
        Made: Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| Error::internal("the cores are closed", error))?;
        let working = tokio::task::spawn_blocking(move || items.into_iter().map(work).collect());
        let made = working.await;
        // Whoever gives the work up gives the turn back: one that never ends must not take a core from the others for good.
        drop(permit);
        made.map_err(|error| Error::internal("computing broke off", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_made_keeps_the_order_of_the_items() {
        let cores = Cores { permits: Arc::new(Semaphore::new(3)), count: 3 };
        for length in [0_u64, 1, 2, 3, 100] {
            let made = cores.map((0..length).collect(), |number: u64| number * number).await.unwrap();
            assert_eq!(made, (0..length).map(|number| number * number).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn an_item_that_panics_is_an_error_and_frees_its_turn() {
        let cores = Cores { permits: Arc::new(Semaphore::new(1)), count: 1 };
        assert!(cores.map(vec![1, 0], |number: u64| 1 / number).await.is_err());
        assert_eq!(cores.map(vec![1], |number: u64| 1 / number).await.unwrap(), [1]);
    }

    #[tokio::test]
    async fn work_that_is_given_up_frees_its_turn_before_it_ends() {
        let cores = Cores { permits: Arc::new(Semaphore::new(1)), count: 1 };
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(std::sync::Mutex::new(ended));
        let endless = cores.map(vec![()], move |()| ended.lock().map(|ended| ended.recv().is_ok()).is_ok());
        let soon = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, endless).await.is_err());
        let other = cores.map(vec![1], |number: u64| number);
        let other = tokio::time::timeout(std::time::Duration::from_secs(5), other).await;
        drop(end);
        assert_eq!(other.unwrap().unwrap(), [1]);
    }
}
