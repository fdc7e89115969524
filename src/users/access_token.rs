//! Access tokens: JSON Web Tokens (RFC 7519), signed with HS256 under key ids so that keys can be changed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::users::User;

/// The fewest bytes of a key (RFC 7518, 3.2).
const KEY_BYTES: usize = 32;
/// The id of a key that stands alone.
const LONE_ID: &str = "1";
const ISSUER: &str = "pennypost";

/// The keys that sign and verify, and how long a token is good.
#[derive(Clone)]
pub struct AccessTokens {
    keys: Vec<Key>,
    lifetime: Duration,
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
    /// Reads `setting`: one key, or `id:key` pairs with commas, of which the first signs and all verify. `Unavailable`
    /// with a sentence when a key is too short, or when ids do not tell the keys apart.
    pub fn parse(setting: &Secret, lifetime: Duration) -> Result<Self> {
        let parts: Vec<&str> = setting.expose().split(',').map(str::trim).collect();
        let lone_id = (parts.len() == 1).then_some(LONE_ID);
        let mut keys: Vec<Key> = Vec::new();
        for part in parts {
            let key = Key::parse(part, lone_id)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(unclear_ids());
            }
            keys.push(key);
        }
        Ok(Self { keys, lifetime })
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
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims> {
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
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map_err(bad)?.claims;
        if claims.exp <= now.timestamp() { Err(Error::Unauthenticated) } else { Ok(claims) }
    }
}

impl Key {
    /// Reads `id:key`, or a key alone where `lone_id` is its id.
    fn parse(text: &str, lone_id: Option<&str>) -> Result<Self> {
        let alone = lone_id.map(|id| (id, text));
        let (id, secret) = text.split_once(':').or(alone).ok_or_else(unclear_ids)?;
        if id.is_empty() {
            return Err(unclear_ids());
        }
        if secret.len() < KEY_BYTES {
            return Err(Error::Unavailable(format!(
                "SECRET_KEY has a key of {} bytes; a key has {KEY_BYTES} or more. `openssl rand -base64 48` makes one.",
                secret.len()
            )));
        }
        let bytes = secret.as_bytes();
        let (encoding, decoding) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
        Ok(Self { id: id.to_owned(), encoding, decoding })
    }
}

/// The sentence names no id: what stands in front of a colon may be a part of a key.
fn unclear_ids() -> Error {
    Error::Unavailable(format!(
        "SECRET_KEY holds several keys, or an id without letters: each key needs an id of its own, like 2:<new key>,1:<old key>. \
         A key that stood alone had the id {LONE_ID}, and no key holds a comma."
    ))
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
    fn several_keys_have_an_id_each_and_no_two_the_same() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        for setting in [
            format!("{new},{old}"),
            format!("2:{new},{old}"),
            format!("{new},1:{old}"),
            format!("1:{new},1:{old}"),
            format!("2:{new},:{old}"),
            format!(":{new}"),
        ] {
            let error = AccessTokens::parse(&Secret::new(setting), Duration::from_hours(1)).err().unwrap();
            let sentence = error.to_string();
            assert!(
                sentence.contains("SECRET_KEY") && sentence.contains("2:<new key>,1:<old key>"),
                "{sentence}"
            );
            assert!(!sentence.contains("aaaa") && !sentence.contains("bbbb"), "{sentence}");
        }
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let token = tokens(&old).issue(&user(), Uuid::from_u128(8), now).unwrap();
        assert!(tokens(&format!("2:{new},1:{old}")).verify(&token, now).is_ok(), "a lone key has the id 1");
    }

    #[test]
    fn a_short_key_is_refused_with_a_sentence() {
        let error = AccessTokens::parse(&Secret::new("short"), Duration::from_hours(1)).err().unwrap();
        assert!(error.to_string().contains("SECRET_KEY"));
    }
}
