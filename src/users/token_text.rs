//! The text of an API token: `pp_<prefix>_<secret>`. The prefix finds it; only the SHA-256 of the whole is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What every API token begins with, so that tools which look for secrets find one that leaked.
const START: &str = "pp_";
const PREFIX: usize = 12;
const SECRET: usize = 43;

/// The text of a token. It shows in no debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

impl TokenText {
    /// A text that nobody can guess.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        // 48 bits: what is in front of the rest is cut off.
        let prefix = rand::random::<u64>() >> 16;
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        Self(format!("{START}{prefix:0PREFIX$x}_{secret}"))
    }

    /// True for what may be an API token and is no access token.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(START)
    }

    /// Reads what a client sends; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(START)?.split_once('_')?;
        let is_hex = prefix.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (is_hex && prefix.len() == PREFIX && secret.len() == SECRET).then(|| Self(text.to_owned()))
    }

    /// What a client gets, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that is no secret.
    pub fn prefix(&self) -> &str {
        self.0.get(START.len()..START.len().saturating_add(PREFIX)).unwrap_or_default()
    }

    /// What the database holds.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// True when it is the text of that hash; the time that this takes tells nothing of either.
    pub fn has_hash(&self, hash: &[u8]) -> bool {
        let own = self.hash();
        let difference = own.iter().zip(hash).fold(0, |sum, (one, other)| sum | (one ^ other));
        own.len() == hash.len() && std::hint::black_box(difference) == 0
    }
}

impl std::fmt::Debug for TokenText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = TokenText::new();
        assert_eq!(TokenText::parse(token.expose()), Some(token.clone()));
        let other = TokenText::new();
        assert!(token.has_hash(&token.hash()) && !token.has_hash(&other.hash()) && !token.has_hash(&[]));
        assert_ne!(token.prefix(), other.prefix());
        for text in
            ["", "pp_", "pp_x_y", "pp_00112233445G_x", &token.expose()[3..], &format!("{}x", token.expose())]
        {
            assert_eq!(TokenText::parse(text), None, "{text}");
        }
        assert_eq!(format!("{token:?}"), "(hidden)");
    }
}
