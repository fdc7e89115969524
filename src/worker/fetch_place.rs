//! How far a fetch is: its checkpoint, with the mail that is about to be read where one has cut an attempt off.

use serde::{Deserialize, Serialize};

use crate::jobs::Progress;
use crate::mailbox::source::Position;
use crate::worker::attempt::STOPS_TO_GIVE_UP;

/// How many mails one transaction stores.
const BATCH_SIZE: usize = 100;
/// How many of the files that could not be read are named.
const NAMED_AT_MOST: usize = 20;

/// How far the job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    /// Which of the payload's accounts is being read.
    pub(super) account: usize,
    /// Where the next batch of it starts.
    #[serde(flatten)]
    pub(super) position: Position,
    /// Mails read, new, new but not to be read, and known, in all accounts.
    pub(super) read: i64,
    pub(super) stored: i64,
    pub(super) skipped: i64,
    pub(super) seen_again: i64,
    /// Accounts that were read to their end, and accounts that could not be.
    #[serde(default)]
    pub(super) read_accounts: i64,
    #[serde(default)]
    pub(super) failed: i64,
    /// Files of a folder that could not be read, and a sentence for each of the first ones.
    #[serde(default)]
    pub(super) unreadable: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) named: Vec<String>,
    /// Mails that somebody may still be writing: the next fetch finds them.
    #[serde(default)]
    pub(super) left: i64,
    /// How many mails are still read one by one, because one of them may have cut an attempt off.
    #[serde(default)]
    pub(super) careful: usize,
    /// The mail at `position` is about to be read, so that the next attempt knows where this one was cut off.
    #[serde(default)]
    pub(super) is_suspect: bool,
    /// How often an attempt was cut off at that mail.
    #[serde(default)]
    pub(super) stops: u32,
}

impl At {
    /// Takes up what the attempt before this one left; true when that has to be written down before anything is read.
    pub(super) fn go_on_after(&mut self, was_cut_off: bool) -> bool {
        // What an attempt has named that ended in order is no suspect.
        let was_suspect = std::mem::take(&mut self.is_suspect);
        if !was_cut_off {
            return false;
        }
        self.careful = BATCH_SIZE;
        self.stops += u32::from(was_suspect);
        was_suspect
    }

    /// True when the next mail is to be named before it is read.
    pub(super) fn is_careful(&self) -> bool {
        self.careful > 0
    }

    /// True when the next mail has cut off attempts enough.
    pub(super) fn is_given_up(&self) -> bool {
        self.stops >= STOPS_TO_GIVE_UP
    }

    /// The same, with the next mail named.
    pub(super) fn with_suspect(&self) -> Self {
        Self { is_suspect: true, ..self.clone() }
    }

    /// A mail is behind that was read by itself.
    pub(super) fn pass_suspect(&mut self) {
        self.careful = self.careful.saturating_sub(1);
        self.clear_suspect();
    }

    /// What was said of a mail here is not true of another.
    pub(super) fn clear_suspect(&mut self) {
        self.is_suspect = false;
        self.stops = 0;
    }

    /// How many mails the next batch may hold: as many as stay within the limit even if all of them are new.
    pub(super) fn room(&self, limit: Option<i64>) -> usize {
        let most = if self.careful > 0 { 1 } else { BATCH_SIZE };
        let left = limit.map(|limit| limit.saturating_sub(self.stored + self.skipped).max(0));
        left.map_or(most, |left| usize::try_from(left).unwrap_or(most).min(most))
    }

    pub(super) fn progress(&self, total: Option<i64>) -> Progress {
        Progress {
            done: self.read + self.unreadable,
            total,
            failed: self.failed + self.unreadable,
            stored: self.stored,
            ..Progress::default()
        }
    }

    pub(super) fn pass_over(&mut self, unreadable: &[String]) {
        self.unreadable += i64::try_from(unreadable.len()).unwrap_or(i64::MAX);
        let room = NAMED_AT_MOST.saturating_sub(self.named.len());
        self.named.extend(unreadable.iter().take(room).cloned());
    }

    pub(super) fn leave_failed_account(&mut self) {
        self.failed += 1;
        self.leave_account();
    }

    pub(super) fn leave_account(&mut self) {
        self.account += 1;
        self.position = Position::default();
        self.clear_suspect();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_never_holds_more_than_the_limit_leaves() {
        let at = At { read: 900, stored: 140, skipped: 5, seen_again: 755, ..At::default() };
        assert_eq!(at.room(None), BATCH_SIZE);
        assert_eq!(at.room(Some(1000)), BATCH_SIZE);
        assert_eq!(at.room(Some(150)), 5);
        assert_eq!(at.room(Some(145)), 0);
        assert_eq!(at.room(Some(-1)), 0);
    }

    #[test]
    fn the_next_account_is_read_from_its_start() {
        let written = json!({ "account": 1, "offset": 77, "version": "v", "read": 3, "stored": 3, "skipped": 0, "seen_again": 0 });
        let mut at: At = serde_json::from_value(written).unwrap();
        at.leave_account();
        assert_eq!(at, At { account: 2, read: 3, stored: 3, ..At::default() });
    }

    #[test]
    fn a_mail_is_given_up_when_it_was_named_twice_and_no_other_is_blamed() {
        let mut at = At::default();
        assert!(!at.go_on_after(true), "nothing was named yet");
        assert!(at.is_careful());
        for wanted in [false, true] {
            let mut next = at.with_suspect();
            assert!(next.go_on_after(true));
            assert_eq!(next.is_given_up(), wanted);
            at = next;
        }
        at.pass_suspect();
        assert!(!at.is_given_up());
        let mut next = at.with_suspect();
        assert!(!next.go_on_after(false), "an attempt that ended in order");
        assert!(!next.go_on_after(true), "a crash before anything was named");
        assert!(!next.is_given_up());
    }
}
