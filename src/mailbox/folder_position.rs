//! Where the reading of a folder goes on: behind a file, whose name may be any bytes, written as text that a checkpoint keeps.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A file that was read, by its folder and the part of its name that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Behind {
    folder: Vec<u8>,
    name: Vec<u8>,
}

/// Both as text: a byte that is no part of a letter, and `%`, as `%` and two hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct Written {
    folder: String,
    name: String,
}

impl Behind {
    pub(super) fn new(folder: &Path, name: &[u8]) -> Self {
        Self { folder: folder.as_os_str().as_bytes().to_vec(), name: name.to_vec() }
    }

    pub(super) fn folder(&self) -> &[u8] {
        &self.folder
    }

    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }
}

impl From<Behind> for Written {
    fn from(behind: Behind) -> Self {
        Self { folder: escaped(&behind.folder), name: escaped(&behind.name) }
    }
}

impl From<Written> for Behind {
    fn from(written: Written) -> Self {
        Self { folder: unescaped(&written.folder), name: unescaped(&written.name) }
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter == '%' { text.push_str("%25") } else { text.push(letter) }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02x}")));
    }
    text
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_as_they_were_written(
            folder in prop::collection::vec(any::<u8>(), 0..40),
            name in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'%')], 0..40),
        ) {
            let behind = Behind { folder, name };
            let text = serde_json::to_string(&behind).unwrap();
            prop_assert_eq!(serde_json::from_str::<Behind>(&text).unwrap(), behind);
        }
    }

    #[test]
    fn what_is_text_stays_readable() {
        let behind = Behind::new(Path::new(".Größe"), b"1700000000.M1P2.100%:2,\xff");
        let json = serde_json::to_value(&behind).unwrap();
        assert_eq!(json, serde_json::json!({ "folder": ".Größe", "name": "1700000000.M1P2.100%25:2,%ff" }));
    }
}
