//! Passwords: hashed with argon2id, off the async threads, a few at a time.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Code, Error, Result};
use crate::users::common_passwords::is_common;

/// The shortest password, in characters.
pub const MIN_LENGTH: usize = 8;
/// The longest password, in characters.
pub const MAX_LENGTH: usize = 128;

/// Memory in KiB, passes and lanes: the second choice of RFC 9106 scaled to what OWASP asks at least.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// A password whose length is right; it shows in no debug output.
pub struct Password(String);

impl Password {
    /// Takes `text` for `field` of an input, if a password may be that short or long.
    pub fn parse(text: String, field: &str) -> Result<Self> {
        let length = text.chars().count();
        if length < MIN_LENGTH {
            let message = format!("A password has at least {MIN_LENGTH} characters.");
            return Err(Error::rejected(field, Code::TooShort, message));
        }
        if length > MAX_LENGTH {
            let message = format!("A password has at most {MAX_LENGTH} characters.");
            return Err(Error::rejected(field, Code::TooLong, message));
        }
        if is_common(&text) {
            let message = "This password is among the ones that everybody tries first. Take another, like a few words in a row.";
            return Err(Error::rejected(field, Code::Invalid, message));
        }
        Ok(Self(text))
    }

    /// A code of the server's own as a password, so that it is hashed like one.
    pub(crate) fn of_code(code: &str) -> Self {
        Self(code.to_owned())
    }

    /// Refuses a password that holds the username, whatever the case: whoever knows the one guesses the other.
    pub fn apart_from(self, username: &str, field: &str) -> Result<Self> {
        if self.0.to_lowercase().contains(&username.to_lowercase()) {
            let message = "This password holds the username, so it is easily guessed. Take another.";
            return Err(Error::rejected(field, Code::Invalid, message));
        }
        Ok(self)
    }
}

/// How many passwords may wait, some seconds' work. Who comes after is turned away: their answer would come too late.
const WAITING: usize = 64;

/// Hashes and checks passwords, no more than a few at once: each costs a core some 15 ms and 19 MiB, and a storm of
/// logins has to leave a core for everybody else.
#[derive(Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    /// Places to wait in; `None` for whoever always finds one.
    places: Option<Arc<Semaphore>>,
}

impl Hasher {
    /// A hasher that works on `threads` passwords at a time.
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        let places = Some(Arc::new(Semaphore::new(threads + WAITING)));
        Self { permits: Arc::new(Semaphore::new(threads)), places }
    }

    /// The same hasher for somebody who is known, and for the server itself: they wait behind the others, and are never turned away.
    #[must_use]
    pub fn for_known(&self) -> Self {
        Self { permits: Arc::clone(&self.permits), places: None }
    }

    /// The hasher for somebody who may be known.
    #[must_use]
    pub fn for_whom(&self, is_known: bool) -> Self {
        if is_known { self.for_known() } else { self.clone() }
    }

    /// The hash of `password` with a new salt, as a PHC string. `RateLimited` when too many wait.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let hashed =
            self.run(move || argon2()?.hash_password(password.0.as_bytes()).map(|hash| hash.to_string()));
        hashed.await?.map_err(|error| Error::internal("a password cannot be hashed", error.to_string()))
    }

    /// True when `password` is the one of `hash`. Without a hash it is compared with that of a password that nobody has, and
    /// false, so that nobody learns from a clock who is registered. `RateLimited` when too many wait.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let nobodys = nobodys_hash()?;
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(nobodys))?;
            let is_right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(is_right && hash.is_some())
        })
        .await?
        .map_err(|error: argon2::password_hash::Error| {
            Error::internal("a stored password hash cannot be read", error.to_string())
        })
    }

    /// The hash with today's parameters of a password that was right, where `hash` was made with lower ones.
    pub async fn renew(&self, password: String, hash: &str) -> Result<Option<String>> {
        if is_up_to_date(hash) { Ok(None) } else { self.hash(Password(password)).await.map(Some) }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let stopped = |error| Error::internal("the password threads stopped", error);
        let place = match &self.places {
            Some(places) => Some(Arc::clone(places).try_acquire_owned().map_err(|_| too_many())?),
            None => None,
        };
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|error| stopped(error.to_string()))?;
        let working = tokio::task::spawn_blocking(move || {
            // The thread cannot be stopped: it keeps its place to the end, also when nobody waits for it any more.
            let _held = (permit, place);
            work()
        });
        working.await.map_err(|error| stopped(error.to_string()))
    }
}

fn too_many() -> Error {
    tracing::warn!(waiting = WAITING, "passwords come faster than they can be checked; some are turned away");
    Error::RateLimited { retry_after: Duration::from_secs(2) }
}

fn argon2() -> argon2::password_hash::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A hash with today's parameters, made once. It is asked for whether there is another one or not.
fn nobodys_hash() -> argon2::password_hash::Result<&'static str> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let made = argon2()?.hash_password(b"")?.to_string();
    Ok(HASH.get_or_init(|| made))
}

fn is_up_to_date(hash: &str) -> bool {
    let parsed = PasswordHash::new(hash).ok();
    let params = parsed.and_then(|hash| Params::try_from(&hash).ok());
    let (memory, passes, lanes) = COST;
    let is_enough =
        |params: Params| params.m_cost() >= memory && params.t_cost() >= passes && params.p_cost() >= lanes;
    hash.starts_with("$argon2id$") && params.is_some_and(is_enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned(), "password").unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let hasher = Hasher::new(1);
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("wrong horse".to_owned(), Some(hash)).await.unwrap());
        assert!(!hasher.verify("correct horse".to_owned(), None).await.unwrap());
        assert!(!hasher.verify(String::new(), None).await.unwrap());
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_still_counts() {
        let hasher = Hasher::new(1);
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let abandoned = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || (started.send(()), released.recv())).await.map(drop) }
        });
        has_started.await.unwrap();
        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());
        let mut next = std::pin::pin!(hasher.run(|| ()));
        let early = tokio::time::timeout(Duration::from_millis(100), &mut next).await;
        assert!(early.is_err(), "the work that goes on left its place to another");
        release.send(()).unwrap();
        next.await.unwrap();
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_turned_away_unless_they_are_known() {
        let hasher = Hasher::new(1);
        let (release, released) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || released.recv()).await.map(drop) }
        });
        let waiting: Vec<_> = (0..WAITING).map(|_| hasher.clone()).collect();
        let waiting: Vec<_> =
            waiting.into_iter().map(|hasher| tokio::spawn(async move { hasher.run(|| ()).await })).collect();
        let turned_away = loop {
            tokio::task::yield_now().await;
            if hasher.places.as_ref().unwrap().available_permits() == 0 {
                break hasher.run(|| ()).await;
            }
        };
        assert!(matches!(turned_away, Err(Error::RateLimited { .. })));
        let known = tokio::spawn({
            let hasher = hasher.for_known();
            async move { hasher.run(|| ()).await }
        });
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        known.await.unwrap().unwrap();
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        hasher.run(|| ()).await.unwrap();
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Password::parse("ääääääää".to_owned(), "password").is_ok());
        assert!(Password::parse("1234567".to_owned(), "password").is_err());
        assert!(Password::parse("x".repeat(129), "password").is_err());
    }

    #[test]
    fn what_everybody_tries_or_holds_the_name_is_refused() {
        assert!(Password::parse("Password1".to_owned(), "password").is_err());
        assert!(password("my Ana-2026 secret").apart_from("ana", "password").is_err());
        assert!(password("my other secret").apart_from("ana", "password").is_ok());
    }

    #[tokio::test]
    async fn a_hash_with_lower_parameters_is_made_anew_and_no_other() {
        let hasher = Hasher::new(1);
        let now = hasher.hash(password("correct horse")).await.unwrap();
        assert_eq!(hasher.renew("correct horse".to_owned(), &now).await.unwrap(), None);
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let old = old.hash_password(b"correct horse").unwrap().to_string();
        let renewed = hasher.renew("correct horse".to_owned(), &old).await.unwrap().unwrap();
        assert!(renewed.contains("m=19456,t=2,p=1") && is_up_to_date(&renewed));
        assert!(hasher.verify("correct horse".to_owned(), Some(renewed)).await.unwrap());
    }
}
