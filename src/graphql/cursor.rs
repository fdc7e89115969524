//! Opaque cursors: base64url of the key by which a list is sorted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

/// A key that lists are sorted by, as bytes. Two kinds of key differ in length, so a cursor of another kind of list is
/// broken and not misread.
pub trait CursorKey: Sized {
    /// The key as bytes.
    fn to_bytes(&self) -> KeyBytes;

    /// The key of those bytes, if they are one.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// The bytes of a key. Most rows of a page have no need of a cursor, so what one is written from takes no memory of its own.
#[derive(Clone, Copy, Debug)]
pub struct KeyBytes {
    bytes: [u8; LONGEST_KEY],
    length: usize,
}

const LONGEST_KEY: usize = 24;

impl KeyBytes {
    /// The bytes of the parts of a key, one after the other; what is longer than any key is cut off.
    fn of(parts: &[&[u8]]) -> Self {
        let mut key = Self { bytes: [0; LONGEST_KEY], length: 0 };
        debug_assert!(parts.iter().copied().flatten().count() <= LONGEST_KEY);
        for (place, byte) in key.bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *place = *byte;
            key.length += 1;
        }
        key
    }
}

/// The cursor of a key.
pub fn write(key: KeyBytes) -> String {
    URL_SAFE_NO_PAD.encode(key.bytes.get(..key.length).unwrap_or_default())
}

/// The key of a cursor; `None` when it is broken.
pub fn read<Key: CursorKey>(cursor: &str) -> Option<Key> {
    Key::from_bytes(&URL_SAFE_NO_PAD.decode(cursor).ok()?)
}

impl CursorKey for i64 {
    fn to_bytes(&self) -> KeyBytes {
        KeyBytes::of(&[&self.to_be_bytes()])
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl CursorKey for Uuid {
    fn to_bytes(&self) -> KeyBytes {
        KeyBytes::of(&[self.as_bytes()])
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl CursorKey for (NaiveDate, Uuid) {
    fn to_bytes(&self) -> KeyBytes {
        KeyBytes::of(&[&self.0.num_days_from_ce().to_be_bytes(), self.1.as_bytes()])
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (days, id) = bytes.split_first_chunk::<4>()?;
        let day = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*days))?;
        is_storable(day).then_some((day, Uuid::from_slice(id).ok()?))
    }
}

impl CursorKey for (DateTime<Utc>, Uuid) {
    fn to_bytes(&self) -> KeyBytes {
        KeyBytes::of(&[&self.0.timestamp_micros().to_be_bytes(), self.1.as_bytes()])
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = bytes.split_first_chunk::<8>()?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        is_storable(at.date_naive()).then_some((at, Uuid::from_slice(id).ok()?))
    }
}

/// True for a day of the years 1 to 9999, which PostgreSQL and every client can write.
pub fn is_storable(day: NaiveDate) -> bool {
    (1..=9999).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_the_key_that_was_written(id: u128, day in 1..3_652_059_i32, micros in 0..4_102_444_800_000_000_i64) {
            let id = Uuid::from_u128(id);
            prop_assert_eq!(read::<Uuid>(&write(id.to_bytes())), Some(id));
            prop_assert_eq!(read::<i64>(&write(micros.to_bytes())), Some(micros));
            let by_day = (NaiveDate::from_num_days_from_ce_opt(day).unwrap(), id);
            prop_assert_eq!(read::<(NaiveDate, Uuid)>(&write(by_day.to_bytes())), Some(by_day));
            let by_time = (DateTime::from_timestamp_micros(micros).unwrap(), id);
            prop_assert_eq!(read::<(DateTime<Utc>, Uuid)>(&write(by_time.to_bytes())), Some(by_time));
            // The cursor of one list is broken in another.
            prop_assert_eq!(read::<Uuid>(&write(by_day.to_bytes())), None);
            prop_assert_eq!(read::<(NaiveDate, Uuid)>(&write(by_time.to_bytes())), None);
        }

        #[test]
        fn any_text_is_a_cursor_or_broken(text in "[A-Za-z0-9_-]{0,40}|\\PC{0,40}") {
            if let Some(key) = read::<(NaiveDate, Uuid)>(&text) {
                prop_assert_eq!(write(key.to_bytes()), text.clone());
            }
            if let Some(key) = read::<(DateTime<Utc>, Uuid)>(&text) {
                prop_assert!(is_storable(key.0.date_naive()));
            }
        }
    }
}
