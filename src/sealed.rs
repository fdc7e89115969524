//! Secrets at rest: what the server has to show to others again, such as the password of a mailbox, and so cannot hash.
//!
//! A secret is sealed by XChaCha20-Poly1305 under the first key of `SEALING_KEY` and opened by whichever made it. The row that it
//! belongs to goes in as associated data: copied into another row, it does not open.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::keys;

/// What every sealed secret of this form begins with.
const FORM: u8 = 1;
/// The length of a nonce; random ones of it never meet.
const NONCE: usize = 24;
/// What tells these keys from any other use of the same text.
const PURPOSE: &[u8] = b"pennypost sealed secrets 1\0";

/// The keys that seal and open.
pub struct Sealer {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// The row that a secret belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The id of the row.
    pub id: Uuid,
}

impl Sealer {
    /// Reads `SEALING_KEY`. `Unavailable` with a sentence when a key is too short, or when ids do not tell the keys apart.
    pub fn parse(setting: &Secret) -> Result<Self> {
        let keys = keys::parse("SEALING_KEY", setting)?;
        let keys = keys.into_iter().map(|key| {
            let secret = Sha256::new().chain_update(PURPOSE).chain_update(key.secret).finalize();
            Key { id: key.id.to_owned(), cipher: XChaCha20Poly1305::new(&secret) }
        });
        Ok(Self { keys: keys.collect() })
    }

    /// `secret` as the row may hold it: the form, the length of the key's id, the id, the nonce, and what the cipher made.
    pub fn seal(&self, place: Place, secret: &str) -> Result<Vec<u8>> {
        let failed = || Error::internal("a secret cannot be sealed", place.table);
        let key = self.keys.first().ok_or_else(failed)?;
        let id_bytes = u8::try_from(key.id.len()).map_err(|_| failed())?;
        let nonce: [u8; NONCE] = rand::random();
        let head = [&[FORM, id_bytes], key.id.as_bytes()].concat();
        let about = about(place, &head);
        let payload = Payload { msg: secret.as_bytes(), aad: &about };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| failed())?;
        Ok([head.as_slice(), nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// The secret in `sealed`. `Unavailable` with a sentence when the key that sealed it is gone; `Internal` when it is no secret of
    /// that row, or damaged.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret> {
        let failed = || Error::internal("a sealed secret cannot be opened", place.table);
        let (&[form, id_bytes], rest) = sealed.split_first_chunk().ok_or_else(failed)?;
        let (id, rest) = rest.split_at_checked(id_bytes.into()).ok_or_else(failed)?;
        let (nonce, sealed_text) = rest.split_first_chunk::<NONCE>().ok_or_else(failed)?;
        if form != FORM {
            return Err(failed());
        }
        let key = self.keys.iter().find(|key| key.id.as_bytes() == id).ok_or_else(key_is_gone)?;
        let about = about(place, &[&[form, id_bytes], id].concat());
        let payload = Payload { msg: sealed_text, aad: &about };
        let secret = key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| failed())?;
        String::from_utf8(secret).map(Secret::new).map_err(|_| failed())
    }
}

/// What goes in beside the secret.
fn about(place: Place, head: &[u8]) -> Vec<u8> {
    [head, place.table.as_bytes(), place.id.as_bytes()].concat()
}

fn key_is_gone() -> Error {
    let message = "A secret was sealed with a key that SEALING_KEY holds no longer. Put that key back behind the new one, like \
                   2:<new key>,1:<old key>, or have its owner enter the secret again.";
    Error::Unavailable(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2 of a mailbox";

    fn place(id: u128) -> Place {
        Place { table: "connected_accounts", id: Uuid::from_u128(id) }
    }

    fn keys_of(setting: &str) -> Sealer {
        Sealer::parse(&Secret::new(setting)).unwrap()
    }

    #[test]
    fn a_secret_is_opened_again_and_is_not_to_be_seen_meanwhile() {
        let keys = keys_of(&"a".repeat(32));
        let (one, other) = (keys.seal(place(7), SECRET).unwrap(), keys.seal(place(7), SECRET).unwrap());
        assert_ne!(one, other, "nobody sees that two secrets are the same");
        assert!(!one.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(keys.open(place(7), &one).unwrap().expose(), SECRET);
        assert_eq!(keys.open(place(7), &keys.seal(place(7), "").unwrap()).unwrap().expose(), "");
    }

    #[test]
    fn in_another_row_or_damaged_it_does_not_open() {
        let keys = keys_of(&"a".repeat(32));
        let sealed = keys.seal(place(7), SECRET).unwrap();
        assert!(keys.open(place(8), &sealed).is_err());
        assert!(keys.open(Place { table: "users", ..place(7) }, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(keys.open(place(7), &damaged).is_err(), "byte {at}");
            assert!(keys.open(place(7), &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_old_key_opens_after_a_new_one_seals() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let sealed = keys_of(&old).seal(place(7), SECRET).unwrap();
        let both = keys_of(&format!("2:{new},1:{old}"));
        assert_eq!(both.open(place(7), &sealed).unwrap().expose(), SECRET);
        let newer = both.seal(place(7), SECRET).unwrap();
        assert_eq!(keys_of(&format!("2:{new}")).open(place(7), &newer).unwrap().expose(), SECRET);
        let refusal = keys_of(&format!("2:{new}")).open(place(7), &sealed).unwrap_err().to_string();
        assert!(refusal.contains("SEALING_KEY") && !refusal.contains("aaaa"), "{refusal}");
    }
}
