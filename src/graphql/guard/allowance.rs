//! What each caller may still ask for: a bucket of the price of documents, which fills up again as time goes by. Each process of
//! the API has buckets of its own.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::graphql::error::Refusal;

/// Buckets that there may be before the full ones are looked for and thrown away.
const FIRST_CLEARING: usize = 10_000;

/// How large a bucket is, and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What a caller who was silent for long may ask for at once.
    pub capacity: u64,
    /// What comes back each second.
    pub restored_per_second: u64,
}

/// Whose bucket a request is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payer {
    /// A user who has signed in, from wherever.
    User(Uuid),
    /// Everybody who has not signed in, at one address; of IPv6 one network of 64 bits, which one subscriber has.
    Address(IpAddr),
}

impl Payer {
    /// Who pays for a request: the user; else the address; nobody where neither is known.
    pub fn of(user_id: Option<Uuid>, address: Option<IpAddr>) -> Option<Self> {
        user_id.map(Self::User).or_else(|| address.map(|address| Self::Address(network(address))))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            Ipv6Addr::new(first, second, third, fourth, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// What a request has cost, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// What it cost.
    pub requested: u64,
    /// What is left in the bucket.
    pub remaining: u64,
    rate: Rate,
}

impl Spent {
    /// As `extensions.cost` says it.
    pub fn shown(&self) -> Value {
        json!({
            "requested": self.requested,
            "remaining": self.remaining,
            "capacity": self.rate.capacity,
            "restoredPerSecond": self.rate.restored_per_second,
        })
    }
}

/// The buckets of a process.
#[derive(Debug)]
pub struct Allowances {
    rate: Rate,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    buckets: HashMap<Payer, Bucket>,
    /// How many buckets there are when the full ones are next thrown away.
    clearing_at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u64,
    /// What was taken beyond what was left; it is paid back before anything fills up.
    owed: u64,
    /// When `left` was true.
    at: Instant,
}

impl Allowances {
    /// Full buckets for everybody.
    pub fn new(rate: Rate) -> Self {
        let inside = Inside { buckets: HashMap::new(), clearing_at: FIRST_CLEARING };
        Self { rate, inside: Mutex::new(inside) }
    }

    /// Takes the price of a document from the bucket, at `now`; a document without objects costs 1. `RATE_LIMITED`, with the time
    /// until there is enough, when it does not hold that much.
    pub fn spend(&self, payer: Payer, price: u64, now: Instant) -> Result<Spent, Refusal> {
        // A document that may be asked at all has to be affordable some day.
        let requested = price.clamp(1, self.rate.capacity.max(1));
        self.with_bucket(payer, now, |bucket| match bucket.left.checked_sub(requested) {
            Some(remaining) => {
                bucket.left = remaining;
                Ok(Spent { requested, remaining, rate: self.rate })
            }
            None => Err(self.refusal(requested, bucket)),
        })
    }

    /// Takes what it cost to find out that a document is refused, whether or not there is as much.
    pub fn charge(&self, payer: Payer, price: u64, now: Instant) {
        self.with_bucket(payer, now, |bucket| {
            bucket.owed = bucket.owed.saturating_add(price.saturating_sub(bucket.left));
            bucket.left = bucket.left.saturating_sub(price);
        });
    }

    /// `RATE_LIMITED` for whoever owes something: nothing is read for them until it has come back.
    pub fn check(&self, payer: Payer, now: Instant) -> Result<(), Refusal> {
        self.with_bucket(payer, now, |bucket| match bucket.owed {
            0 => Ok(()),
            _ => Err(self.refusal(1, bucket)),
        })
    }

    fn with_bucket<Found>(
        &self,
        payer: Payer,
        now: Instant,
        look: impl FnOnce(&mut Bucket) -> Found,
    ) -> Found {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.clear_full(self.rate, now);
        let full = Bucket { left: self.rate.capacity, owed: 0, at: now };
        let bucket = inside.buckets.entry(payer).or_insert(full);
        *bucket = bucket.filled(self.rate, now);
        look(bucket)
    }

    fn refusal(&self, requested: u64, bucket: &Bucket) -> Refusal {
        let left = bucket.left;
        let missing = Duration::from_secs(requested.saturating_add(bucket.owed).saturating_sub(left));
        let wait = missing / u32::try_from(self.rate.restored_per_second).unwrap_or(u32::MAX).max(1);
        let sentence = format!(
            "This request costs {requested}, and {left} of {} are left; {} come back each second.",
            self.rate.capacity, self.rate.restored_per_second
        );
        Refusal::limited(sentence, wait)
    }
}

impl Inside {
    /// Forgets who owes nothing, once there are many. The more are left, the later it looks again: each new bucket pays for a
    /// look at a few.
    fn clear_full(&mut self, rate: Rate, now: Instant) {
        if self.buckets.len() < self.clearing_at {
            return;
        }
        self.buckets.retain(|_, bucket| bucket.filled(rate, now).left < rate.capacity);
        self.clearing_at = FIRST_CLEARING.max(self.buckets.len().saturating_mul(2));
    }
}

impl Bucket {
    /// The bucket as it is at `now`. Time that has not yet made a whole point goes on counting.
    fn filled(self, rate: Rate, now: Instant) -> Self {
        if rate.restored_per_second == 0 {
            return self;
        }
        let passed = now.saturating_duration_since(self.at).as_micros();
        let per_second = u128::from(rate.restored_per_second);
        let points = passed.saturating_mul(per_second) / MICROSECONDS;
        let took =
            Duration::from_micros(u64::try_from(points * MICROSECONDS / per_second).unwrap_or(u64::MAX));
        let points = u64::try_from(points).unwrap_or(u64::MAX);
        let owed = self.owed.saturating_sub(points);
        let points = points.saturating_sub(self.owed);
        Self { left: self.left.saturating_add(points).min(rate.capacity), owed, at: self.at + took }
    }
}

const MICROSECONDS: u128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::RequestCode;

    const RATE: Rate = Rate { capacity: 100, restored_per_second: 10 };

    fn user(number: u128) -> Payer {
        Payer::User(Uuid::from_u128(number))
    }

    #[test]
    fn what_is_spent_comes_back_with_time() {
        let (all, start) = (Allowances::new(RATE), Instant::now());
        assert_eq!(all.spend(user(1), 60, start).unwrap().remaining, 40);
        let refusal = all.spend(user(1), 60, start).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.retry_after),
            (RequestCode::RateLimited, Some(Duration::from_secs(2)))
        );
        assert!(all.spend(user(1), 60, start + Duration::from_millis(1_999)).is_err());
        let spent = all.spend(user(1), 60, start + Duration::from_secs(2)).unwrap();
        assert_eq!(spent.remaining, 0);
        assert_eq!(all.spend(user(1), 1, start + Duration::from_hours(1)).unwrap().remaining, 99);
    }

    #[test]
    fn asking_too_often_does_not_keep_a_bucket_empty() {
        let (all, start) = (Allowances::new(RATE), Instant::now());
        all.spend(user(1), 100, start).unwrap();
        let soon = (1..=100).map(|step| start + Duration::from_millis(step));
        assert_eq!(soon.filter(|now| all.spend(user(1), 1, *now).is_ok()).count(), 1);
    }

    #[test]
    fn who_owes_for_what_was_refused_waits_until_it_has_come_back() {
        let (all, start) = (Allowances::new(RATE), Instant::now());
        assert!(all.check(user(1), start).is_ok());
        all.charge(user(1), 90, start);
        assert!(all.check(user(1), start).is_ok(), "there is something left");
        all.charge(user(1), 30, start);
        let refusal = all.check(user(1), start).unwrap_err();
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(2_100)), "20 are owed, and 1 is needed");
        assert!(all.check(user(1), start + Duration::from_millis(1_999)).is_err());
        assert!(all.check(user(1), start + Duration::from_secs(2)).is_ok());
        assert_eq!(all.spend(user(1), 5, start + Duration::from_secs(3)).unwrap().remaining, 5);
    }

    #[test]
    fn nobody_pays_for_another() {
        let (all, now) = (Allowances::new(RATE), Instant::now());
        let address = |text: &str| Payer::of(None, Some(text.parse().unwrap())).unwrap();
        for payer in
            [user(1), user(2), address("192.0.2.1"), address("2001:db8::1"), address("2001:db8:0:1::1")]
        {
            assert_eq!(all.spend(payer, 70, now).unwrap().remaining, 30, "{payer:?}");
        }
        assert!(all.spend(address("::ffff:192.0.2.1"), 70, now).is_err(), "the same address");
        assert!(all.spend(address("2001:db8::2"), 70, now).is_err(), "the same subscriber");
        assert_eq!(Payer::of(Some(Uuid::from_u128(1)), Some("192.0.2.1".parse().unwrap())), Some(user(1)));
        assert_eq!(Payer::of(None, None), None);
    }

    #[test]
    fn every_document_costs_something_and_none_costs_more_than_there_is() {
        let (all, now) = (Allowances::new(RATE), Instant::now());
        assert_eq!(all.spend(user(1), 0, now).unwrap().requested, 1);
        assert_eq!(all.spend(user(2), 5_000, now).unwrap().requested, 100);
    }

    #[test]
    fn full_buckets_are_forgotten_before_there_are_too_many() {
        let (all, start) = (Allowances::new(RATE), Instant::now());
        all.spend(user(0), 100, start).unwrap();
        let kept = || all.inside.lock().unwrap().buckets.len();
        for number in 1..=15_000 {
            all.spend(user(number), 1, start + Duration::from_secs(5)).unwrap();
        }
        assert_eq!(kept(), 15_001, "none of those was full");
        for number in 15_001..=20_001 {
            all.spend(user(number), 1, start + Duration::from_secs(6)).unwrap();
        }
        assert!(kept() < 10_000, "{}", kept());
        assert!(
            all.spend(user(0), 100, start + Duration::from_secs(6)).is_err(),
            "who owes is not forgotten"
        );
    }
}
