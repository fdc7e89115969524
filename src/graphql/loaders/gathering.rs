//! The keys that the fields of a request ask for at the same time, gathered, so that one of them asks for all.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::yield_now;

use crate::graphql::loaders::Key;

/// What all the keys of a gathering led to.
type Found<K, Value> = Arc<HashMap<K, Value>>;

/// Where keys are gathered. Clones gather together.
pub struct Gathering<K, Value> {
    open: Arc<Mutex<Option<Open<K, Value>>>>,
}

/// Keys that nobody has asked for yet, and where those who wait for them hear the answer.
struct Open<K, Value> {
    keys: Vec<K>,
    answer: watch::Receiver<Option<Found<K, Value>>>,
}

/// What a key is to its gathering.
enum Part<K, Value> {
    /// The first: it asks for all, and tells the others.
    Leads(watch::Sender<Option<Found<K, Value>>>),
    /// Another asks for it.
    Follows(watch::Receiver<Option<Found<K, Value>>>),
}

impl<K: Key, Value: Clone> Gathering<K, Value> {
    /// What `key` leads to: `read` is asked once for all the keys of the fields that wait at the same time. The first of them lets
    /// the others go first, again and again until no more keys come, and reads; the others sleep until it has an answer. So
    /// a page of 50 rows costs a few steps of one field, and not a few of each.
    ///
    /// When the first is dropped before it has an answer, because a field beside it failed, another one takes its place.
    pub async fn find<Reading>(&self, key: K, read: impl Fn(Vec<K>) -> Reading) -> Option<Value>
    where
        Reading: Future<Output = HashMap<K, Value>>,
    {
        loop {
            match self.join(key) {
                Part::Leads(answer) => {
                    let keys = self.gathered().await;
                    let found = Arc::new(read(keys).await);
                    let mine = found.get(&key).cloned();
                    answer.send_replace(Some(found));
                    return mine;
                }
                Part::Follows(mut answer) => {
                    if let Ok(found) = answer.wait_for(Option::is_some).await {
                        return found.as_ref().and_then(|found| found.get(&key).cloned());
                    }
                }
            }
        }
    }

    fn join(&self, key: K) -> Part<K, Value> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *open {
            Some(open) if open.answer.has_changed().is_ok() => {
                open.keys.push(key);
                Part::Follows(open.answer.clone())
            }
            // Nobody waits, or the one who would have asked is gone; then those who waited for it come again.
            _ => {
                let (sender, answer) = watch::channel(None);
                *open = Some(Open { keys: vec![key], answer });
                Part::Leads(sender)
            }
        }
    }

    /// The keys, once a whole round of the other fields has brought no more.
    async fn gathered(&self) -> Vec<K> {
        let mut known = 0;
        loop {
            yield_now().await;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = open.as_ref().map_or(0, |open| open.keys.len());
            if waiting == known {
                return open.take().map(|open| open.keys).unwrap_or_default();
            }
            known = waiting;
        }
    }
}

impl<K, Value> Default for Gathering<K, Value> {
    /// A place where nobody waits.
    fn default() -> Self {
        Self { open: Arc::default() }
    }
}

impl<K, Value> Clone for Gathering<K, Value> {
    fn clone(&self) -> Self {
        Self { open: Arc::clone(&self.open) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    /// Doubles each key, and counts how often it is asked.
    async fn doubled(asked: &AtomicUsize, keys: Vec<i32>) -> HashMap<i32, i32> {
        asked.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
        keys.into_iter().filter(|key| *key >= 0).map(|key| (key, key * 2)).collect()
    }

    #[tokio::test]
    async fn all_who_wait_at_the_same_time_are_answered_together() {
        let (gathering, asked) = (Gathering::default(), AtomicUsize::new(0));
        let find = async |key: i32| gathering.find(key, |keys| doubled(&asked, keys)).await;
        let found = join_all((0..500).map(|key| find(key % 100 - 1))).await;
        assert!(
            found
                .iter()
                .zip((0..500).map(|key| key % 100 - 1))
                .all(|(found, key)| { *found == (key >= 0).then_some(key * 2) })
        );
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(find(7).await, Some(14));
        assert_eq!(asked.load(Ordering::Relaxed), 2, "nothing is kept for later");
    }

    #[tokio::test]
    async fn what_one_answer_leads_to_is_asked_together_too() {
        let (gathering, asked) = (Gathering::default(), AtomicUsize::new(0));
        let find = async |key: i32| gathering.find(key, |keys| doubled(&asked, keys)).await;
        let twice = join_all((0..200).map(async |key| find(find(key).await.unwrap() + 1_000).await)).await;
        assert!(twice.into_iter().zip(0..).all(|(found, key)| found == Some((key * 2 + 1_000) * 2)));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn when_the_first_goes_away_another_asks() {
        let (gathering, asked) = (Gathering::default(), AtomicUsize::new(0));
        let find = async |key: i32| gathering.find(key, |keys| doubled(&asked, keys)).await;
        let mut first = Box::pin(find(1));
        let others = join_all((2..10).map(find));
        assert!(first.as_mut().now_or_never().is_none());
        let mut others = Box::pin(others);
        assert!(others.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(others.await, (2..10).map(|key| Some(key * 2)).collect::<Vec<_>>());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
