//! Passwords: hashed with argon2id, off the async threads, a few at a time.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Code, Error, Result};

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
        Ok(Self(text))
    }
}

/// Hashes and checks passwords, no more than a few at once: each costs a core some 15 ms and 19 MiB, and a storm of
/// logins has to leave a core for everybody else.
#[derive(Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher that works on `threads` passwords at a time.
    pub fn new(threads: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(threads.max(1))) }
    }

    /// The hash of `password` with a new salt, as a PHC string.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let hashed =
            self.run(move || argon2()?.hash_password(password.0.as_bytes()).map(|hash| hash.to_string()));
        hashed.await?.map_err(|error| Error::internal("a password cannot be hashed", error.to_string()))
    }

    /// True when `password` is the one of `hash`. Without a hash it takes the same time and is false, so that nobody
    /// learns from a clock who is registered.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let Some(hash) = hash else {
                let spent = argon2().and_then(|argon2| argon2.hash_password(password.as_bytes()));
                return Ok(spent.is_err() && password.is_empty());
            };
            let parsed = PasswordHash::new(&hash)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await?
        .map_err(|error: argon2::password_hash::Error| {
            Error::internal("a stored password hash cannot be read", error.to_string())
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let stopped = |error| Error::internal("the password threads stopped", error);
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|error| stopped(error.to_string()))?;
        let working = tokio::task::spawn_blocking(move || {
            // The thread cannot be stopped: it keeps its place to the end, also when nobody waits for it any more.
            let _permit = permit;
            work()
        });
        working.await.map_err(|error| stopped(error.to_string()))
    }
}

fn argon2() -> argon2::password_hash::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Password::parse("ääääääää".to_owned(), "password").is_ok());
        assert!(Password::parse("1234567".to_owned(), "password").is_err());
        assert!(Password::parse("x".repeat(129), "password").is_err());
    }
}
