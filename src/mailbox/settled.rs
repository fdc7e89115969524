//! Whether somebody may still be writing a mail file: what is half there would become a mail of its own, and be booked beside the
//! whole one later.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;

/// After so many seconds without a change nobody writes a file any more.
const AT_REST_AFTER: i64 = 60;

/// False when the file has changed since it was `before`, or ends within a line and was written a moment ago. A file that rests
/// is whole, with or without the end of its last line.
pub(super) fn is_settled(file: &File, before: &Metadata) -> io::Result<bool> {
    // The times of files are the machine's, so its clock is the one to compare with.
    is_settled_at(file, before, Clock::System.now())
}

/// Says in the log, without a name, how many mails were left for the next time.
pub(super) fn warn_of(left: usize) {
    if left > 0 {
        tracing::warn!(mails = left, "a mail may still be being written; it is left for the next time");
    }
}

fn is_settled_at(file: &File, before: &Metadata, now: DateTime<Utc>) -> io::Result<bool> {
    let after = file.metadata()?;
    let state = |status: &Metadata| (status.len(), status.mtime(), status.mtime_nsec());
    if state(&after) != state(before) {
        return Ok(false);
    }
    let Some(last) = after.len().checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    let written = DateTime::from_timestamp(after.mtime(), 0).unwrap_or(now);
    // A clock that is a little ahead, like a file server's, counts as well.
    Ok(byte == *b"\n" || (now - written).abs() >= TimeDelta::seconds(AT_REST_AFTER))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_settled_when_its_last_line_has_ended_or_it_rests() {
        let folder = tempfile::tempdir().unwrap();
        let now = Clock::System.now();
        for (content, is_whole) in [("Subject: x\n", true), ("", true), ("Subject: x\n\nhal", false)] {
            let path = folder.path().join("mail");
            fs::write(&path, content).unwrap();
            let file = File::open(&path).unwrap();
            let before = file.metadata().unwrap();
            assert_eq!(is_settled(&file, &before).unwrap(), is_whole, "{content:?}");
            let later = now + TimeDelta::minutes(3);
            assert!(is_settled_at(&file, &before, later).unwrap(), "{content:?} at rest");
        }
    }

    #[test]
    fn a_file_that_changed_since_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail");
        fs::write(&path, "Subject: x\n").unwrap();
        let file = File::open(&path).unwrap();
        let before = file.metadata().unwrap();
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\nmore\n").unwrap();
        assert!(!is_settled(&file, &before).unwrap());
    }
}
