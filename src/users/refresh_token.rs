//! Refresh tokens: a session's family and 32 random bytes, of which the database holds only the SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const FAMILY: usize = 16;
const SECRET: usize = 32;

/// What a device shows for a new access token. It shows in no debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: Uuid,
    secret: [u8; SECRET],
}

impl RefreshToken {
    /// The first token of a new family, which nobody can guess either: whoever knows it has held a token of it.
    pub fn first() -> Self {
        let family = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        Self { family, secret: rand::random() }
    }

    /// Reads what a client sends; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        // Longer texts are not even decoded.
        let is_long_enough = text.len() == (FAMILY + SECRET) / 3 * 4;
        let bytes = is_long_enough.then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        let (family, secret) = bytes.split_at_checked(FAMILY)?;
        Some(Self { family: Uuid::from_slice(family).ok()?, secret: secret.try_into().ok()? })
    }

    /// The text that a client gets.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.family.as_bytes().as_slice(), &self.secret].concat())
    }

    /// The family.
    pub fn family(&self) -> Uuid {
        self.family
    }

    /// What the database holds of it.
    pub fn hash(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        hasher.update(self.family.as_bytes());
        hasher.update(self.secret);
        hasher.finalize().to_vec()
    }

    /// The token behind this one. With the same salt it is the same; without this token or without the salt nobody can tell
    /// what it is.
    #[must_use]
    pub fn successor(&self, salt: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"pennypost: the refresh token behind");
        hasher.update(self.family.as_bytes());
        hasher.update(self.secret);
        hasher.update(salt);
        Self { family: self.family, secret: hasher.finalize().into() }
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// A salt for [`RefreshToken::successor`].
pub fn new_salt() -> Vec<u8> {
    rand::random::<[u8; SECRET]>().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = RefreshToken::first();
        assert_eq!(RefreshToken::parse(&token.to_text()), Some(token.clone()));
        assert_eq!(token.to_text().len(), 64);
        for text in ["", "x", &"x".repeat(63), &"!".repeat(64), &format!("{}A", token.to_text())] {
            assert_eq!(RefreshToken::parse(text), None, "{text}");
        }
        assert_eq!(format!("{token:?}"), "(hidden)");
    }

    #[test]
    fn a_successor_is_the_same_with_the_same_salt_alone() {
        let (token, salt) = (RefreshToken::first(), new_salt());
        let next = token.successor(&salt);
        assert!(next == token.successor(&salt) && next.family() == token.family());
        assert!(next != token.successor(&new_salt()) && next != token && next.hash() != token.hash());
    }
}
