//! The keys of a setting, under ids of their own, so that a key can be changed while what it made is still about.

use crate::config::Secret;
use crate::error::{Error, Result};

/// The fewest bytes of a key (RFC 7518, 3.2).
const KEY_BYTES: usize = 32;
/// The id of a key that stands alone.
const LONE_ID: &str = "1";
/// The longest id.
const ID_BYTES: usize = 32;

/// One key.
pub struct Key<'a> {
    /// What tells it from the others.
    pub id: &'a str,
    /// What nobody else knows.
    pub secret: &'a str,
}

/// Reads the setting `name`: one key, or `id:key` pairs with commas, of which the first makes what is new and all read what there is.
/// `Unavailable` with a sentence when a key is too short, or when ids do not tell the keys apart.
pub fn parse<'a>(name: &str, setting: &'a Secret) -> Result<Vec<Key<'a>>> {
    let parts: Vec<&str> = setting.expose().split(',').map(str::trim).collect();
    let lone_id = (parts.len() == 1).then_some(LONE_ID);
    let mut keys: Vec<Key<'_>> = Vec::new();
    for part in parts {
        let key = parse_key(name, part, lone_id)?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(unclear_ids(name));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Reads `id:key`, or a key alone where `lone_id` is its id.
fn parse_key<'a>(name: &str, text: &'a str, lone_id: Option<&'a str>) -> Result<Key<'a>> {
    let alone = lone_id.map(|id| (id, text));
    let (id, secret) = text.split_once(':').or(alone).ok_or_else(|| unclear_ids(name))?;
    if id.is_empty() || id.len() > ID_BYTES {
        return Err(unclear_ids(name));
    }
    if secret.len() < KEY_BYTES {
        return Err(Error::Unavailable(format!(
            "{name} has a key of {} bytes; a key has {KEY_BYTES} or more. `openssl rand -base64 48` makes one.",
            secret.len()
        )));
    }
    Ok(Key { id, secret })
}

/// The sentence names no id: what stands in front of a colon may be a part of a key.
fn unclear_ids(name: &str) -> Error {
    Error::Unavailable(format!(
        "{name} holds several keys, or an id of no letters or of more than {ID_BYTES}: each key needs an id of its own, like \
         2:<new key>,1:<old key>. A key that stood alone had the id {LONE_ID}, and no key holds a comma."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            format!("{}:{new}", "2".repeat(33)),
        ] {
            let sentence = parse("SECRET_KEY", &Secret::new(setting)).err().unwrap().to_string();
            let names = sentence.contains("SECRET_KEY") && sentence.contains("2:<new key>,1:<old key>");
            assert!(names, "{sentence}");
            assert!(!sentence.contains("aaaa") && !sentence.contains("bbbb"), "{sentence}");
        }
        let setting = Secret::new(format!("2:{new},1:{old}"));
        let keys = parse("SECRET_KEY", &setting).unwrap();
        let read: Vec<_> = keys.iter().map(|key| (key.id, key.secret)).collect();
        assert_eq!(read, [("2", new.as_str()), ("1", old.as_str())]);
        assert_eq!(parse("SECRET_KEY", &Secret::new(old)).unwrap()[0].id, "1");
    }

    #[test]
    fn a_short_key_is_refused_with_a_sentence() {
        let sentence = parse("SEALING_KEY", &Secret::new("short")).err().unwrap().to_string();
        assert!(sentence.contains("SEALING_KEY has a key of 5 bytes"), "{sentence}");
    }
}
