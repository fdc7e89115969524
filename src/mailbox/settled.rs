//! Whether somebody may still be writing a mail file: what is half there would become a mail of its own, and be booked beside the
//! whole one later.
//!
//! The rule is one of time, because nothing in a file says that it ends there: a mail may end within a line, and the end of a
//! part may be the end of an inner one. A fetch, which nobody watches and which comes again by itself, leaves a file that ends
//! within a line until it has rested for a minute, and counts it. The operator's import, where a person has named a file that
//! they have just put there, waits until it has rested for a moment.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;

/// After so many seconds without a change nobody writes a file any more.
const AT_REST_AFTER: TimeDelta = TimeDelta::seconds(60);
/// The same, in which it has not changed before our eyes, where a person says that it is to be read.
const MOMENT: TimeDelta = TimeDelta::seconds(2);

/// What is done about a file that somebody may still be writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Patience {
    /// It is left for the next time.
    #[default]
    Leave,
    /// It is waited for until it has rested for a moment.
    Wait,
}

/// False when the file has changed since it was `before`, or ends within a line and was written a moment ago. A file that rests
/// is whole, with or without the end of its last line. Waits where it may: many files that were written at the same time have
/// rested together, so a folder of them costs one moment.
pub(super) fn is_settled(file: &File, before: &Metadata, patience: Patience) -> io::Result<bool> {
    // The times of files are the machine's, so its clock is the one to compare with.
    let now = Clock::System.now();
    if is_settled_at(file, before, now)? {
        return Ok(true);
    }
    let until_rested = MOMENT - (now - written_at(before, now));
    // One from further ahead has a clock of its own, and its rest cannot be told by ours.
    if patience == Patience::Leave || until_rested > MOMENT * 2 || !is_unchanged(file, before)? {
        return Ok(false);
    }
    std::thread::sleep(until_rested.to_std().unwrap_or_default());
    is_unchanged(file, before)
}

fn is_settled_at(file: &File, before: &Metadata, now: DateTime<Utc>) -> io::Result<bool> {
    if !is_unchanged(file, before)? {
        return Ok(false);
    }
    let Some(last) = before.len().checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    // A clock that is a little ahead, like a file server's, counts as well.
    Ok(byte == *b"\n" || (now - written_at(before, now)).abs() >= AT_REST_AFTER)
}

fn is_unchanged(file: &File, before: &Metadata) -> io::Result<bool> {
    let state = |status: &Metadata| (status.len(), status.mtime(), status.mtime_nsec());
    Ok(state(&file.metadata()?) == state(before))
}

fn written_at(status: &Metadata, now: DateTime<Utc>) -> DateTime<Utc> {
    let nanoseconds = u32::try_from(status.mtime_nsec()).unwrap_or_default();
    DateTime::from_timestamp(status.mtime(), nanoseconds).unwrap_or(now)
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
            assert_eq!(is_settled(&file, &before, Patience::Leave).unwrap(), is_whole, "{content:?}");
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
        for patience in [Patience::Leave, Patience::Wait] {
            assert!(!is_settled(&file, &before, patience).unwrap());
        }
    }

    #[test]
    fn many_files_that_end_within_a_line_cost_a_moment_together() {
        let folder = tempfile::tempdir().unwrap();
        let open = |number: i32| {
            let path = folder.path().join(number.to_string());
            fs::write(&path, "Subject: x\n\n--b--").unwrap();
            File::open(&path).unwrap()
        };
        let files: Vec<File> = (0..20).map(open).collect();
        let begun = std::time::Instant::now();
        for file in &files {
            assert!(is_settled(file, &file.metadata().unwrap(), Patience::Wait).unwrap());
        }
        let took = begun.elapsed();
        assert!(took >= std::time::Duration::from_millis(1500), "{took:?}");
        assert!(took < std::time::Duration::from_secs(6), "{took:?}");
    }

    #[test]
    fn a_file_that_changes_while_it_is_waited_for_is_left_and_so_is_one_from_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail");
        fs::write(&path, "Subject: x\n\nhal").unwrap();
        let file = File::open(&path).unwrap();
        let before = file.metadata().unwrap();
        let writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let more = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(500));
            (&writer).write_all(b"f").unwrap();
        });
        assert!(!is_settled(&file, &before, Patience::Wait).unwrap());
        more.join().unwrap();
        let ahead = before.modified().unwrap() + std::time::Duration::from_secs(30);
        file.set_modified(ahead).unwrap();
        assert!(!is_settled(&file, &file.metadata().unwrap(), Patience::Wait).unwrap());
    }
}
