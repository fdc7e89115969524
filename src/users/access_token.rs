//! Access tokens: JSON Web Tokens (RFC 7519), signed with HS256 under key ids so that keys can be changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::keys;
use crate::users::User;

const ISSUER: &str = "pennypost";
/// How many tokens are remembered before all are forgotten; a token takes about half a kilobyte.
const MOST_REMEMBERED: usize = 4_096;

/// The keys that sign and verify, and how long a token is good.
#[derive(Clone)]
pub struct AccessTokens {
    keys: Vec<Key>,
    lifetime: Duration,
    /// What tokens say whose signatures were found to be right: neither can change.
    remembered: Arc<Mutex<HashMap<String, Arc<Claims>>>>,
}

#[derive(Clone)]
struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: Uuid,
    /// The user's address when the token was made.
    pub email: String,
    /// The user's role when the token was made. What counts is the one that the database has.
    pub role: String,
    /// The session that the token was made for.
    pub sid: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it stops being good, in seconds since 1970.
    pub exp: i64,
    iss: String,
    aud: String,
}

impl Claims {
    /// How long the token is still good.
    pub fn good_for(&self, now: DateTime<Utc>) -> Duration {
        let left = DateTime::from_timestamp(self.exp, 0).map(|end| end - now);
        left.and_then(|left| left.to_std().ok()).unwrap_or_default()
    }
}

impl AccessTokens {
    /// Reads `SECRET_KEY`, of which the first key signs and all verify. `Unavailable` with a sentence when a key is too short, or
    /// when ids do not tell the keys apart.
    pub fn parse(setting: &Secret, lifetime: Duration) -> Result<Self> {
        let keys = keys::parse("SECRET_KEY", setting)?;
        let keys = keys.into_iter().map(|key| {
            let bytes = key.secret.as_bytes();
            let (encoding, decoding) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
            Key { id: key.id.to_owned(), encoding, decoding }
        });
        Ok(Self { keys: keys.collect(), lifetime, remembered: Arc::default() })
    }

    /// How long a token is good, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX)
    }

    /// A token for a session of `user`, made at `now`.
    pub fn issue(&self, user: &User, session_id: Uuid, now: DateTime<Utc>) -> Result<String> {
        let made = now.timestamp();
        let claims = Claims {
            sub: user.id,
            email: user.email.clone(),
            role: user.role.clone(),
            sid: session_id,
            iat: made,
            exp: made.saturating_add(self.lifetime_seconds()),
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
        };
        let Some(key) = self.keys.first() else {
            return Err(Error::internal("there is no signing key", "SECRET_KEY"));
        };
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &key.encoding)
            .map_err(|error| Error::internal("an access token cannot be signed", error))
    }

    /// What `token` says, if it is one of ours and still good at `now`; otherwise `Unauthenticated`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>> {
        let known = self.remembered().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => Arc::new(self.read(token)?),
        };
        let mut remembered = self.remembered();
        if claims.exp <= now.timestamp() {
            remembered.remove(token);
            return Err(Error::Unauthenticated);
        }
        if !remembered.contains_key(token) {
            if remembered.len() >= MOST_REMEMBERED {
                remembered.clear();
            }
            remembered.insert(token.to_owned(), Arc::clone(&claims));
        }
        Ok(claims)
    }

    /// What a token says that one of our keys has signed, whenever it was or is good.
    fn read(&self, token: &str) -> Result<Claims> {
        let bad = |_| Error::Unauthenticated;
        let header = jsonwebtoken::decode_header(token).map_err(bad)?;
        let key = self
            .keys
            .iter()
            .find(|key| Some(&key.id) == header.kid.as_ref())
            .ok_or(Error::Unauthenticated)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        // The library reads the machine's clock for this; ours is passed in.
        validation.validate_exp = false;
        Ok(jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map_err(bad)?.claims)
    }

    /// No code of ours panics while it holds the lock.
    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Arc<Claims>>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn tokens(setting: &str) -> AccessTokens {
        AccessTokens::parse(&Secret::new(setting), Duration::from_hours(1)).unwrap()
    }

    fn user() -> User {
        let at = DateTime::from_timestamp(NOW, 0).unwrap();
        User {
            id: Uuid::from_u128(7),
            display_name: "Ana".into(),
            username: "ana".into(),
            email: "ana@mail.example".into(),
            role: "user".into(),
            is_active: true,
            base_currency: "EUR".into(),
            time_zone: "UTC".into(),
            last_login_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_token_is_good_for_its_hour_and_no_longer() {
        let keys = tokens("a-key-that-is-long-enough-for-hs256");
        let at = |seconds| DateTime::from_timestamp(NOW + seconds, 0).unwrap();
        let token = keys.issue(&user(), Uuid::from_u128(8), at(0)).unwrap();
        let claims = keys.verify(&token, at(3599)).unwrap();
        assert_eq!((claims.sub, claims.sid), (Uuid::from_u128(7), Uuid::from_u128(8)));
        assert_eq!((claims.email.as_str(), claims.role.as_str()), ("ana@mail.example", "user"));
        // It is remembered by now; a token that differs from it is not.
        let (head, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
        assert!(keys.verify(&forged, at(10)).is_err());
        assert!(keys.verify(&token, at(10)).is_ok());
        assert_eq!(keys.remembered().len(), 1);
        assert!(matches!(keys.verify(&token, at(3600)), Err(Error::Unauthenticated)));
    }

    #[test]
    fn an_old_key_verifies_after_a_new_one_signs() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let (old, new) = ("a:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
        let token = tokens(old).issue(&user(), Uuid::from_u128(8), now).unwrap();
        assert!(tokens(&format!("{new},{old}")).verify(&token, now).is_ok());
        assert!(tokens(new).verify(&token, now).is_err());
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let keys = tokens("a-key-that-is-long-enough-for-hs256");
        let token = keys.issue(&user(), Uuid::from_u128(8), now).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        for forged in [format!("eyJhbGciOiJub25lIiwia2lkIjoiMSJ9.{payload}."), "x".into(), String::new()] {
            assert!(matches!(keys.verify(&forged, now), Err(Error::Unauthenticated)));
        }
    }

    #[test]
    fn a_key_that_stood_alone_goes_on_under_its_id() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let token = tokens(&old).issue(&user(), Uuid::from_u128(8), now).unwrap();
        assert!(tokens(&format!("2:{new},1:{old}")).verify(&token, now).is_ok());
    }
}
