//! Why a running job is asked to stop, and the flag through which it hears of that.

use tokio::sync::watch;

/// Why a run should end before its work does. The later ones outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// It has had its slot for long enough, and somebody else waits. It goes on later, from its checkpoint.
    GiveWay,
    /// The worker is going down; what is left goes to another.
    Shutdown,
    /// No checkpoint came within the kind's run limit.
    Overdue,
    /// Somebody asked to cancel the job.
    Cancelled,
    /// The claim is lost, or may be: nothing may be written any more.
    Lost,
}

/// One job's flag. Clones share it.
#[derive(Clone, Debug)]
pub struct StopFlag {
    sender: watch::Sender<Flag>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Flag {
    raised: Option<Stop>,
    /// Somebody waits for the slot.
    should_give_way: bool,
    /// The run has heard that it should give way, and ends.
    gives_way: bool,
    /// The run has committed something that need not be done again.
    has_progress: bool,
}

impl Flag {
    /// A run that gave way before its first checkpoint would begin at the same place, time and again.
    fn reason(self) -> Option<Stop> {
        self.raised.or_else(|| (self.should_give_way && self.has_progress).then_some(Stop::GiveWay))
    }
}

impl StopFlag {
    /// A flag that is down.
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(Flag::default()) }
    }

    /// Raises it, unless something that weighs more did. [`Stop::GiveWay`] counts from the run's first checkpoint on.
    pub fn raise(&self, reason: Stop) {
        self.change(|flag| match reason {
            Stop::GiveWay => flag.should_give_way = true,
            _ => flag.raised = flag.raised.max(Some(reason)),
        });
    }

    /// Takes [`Stop::GiveWay`] back, for when nobody waits any more. False when the run has heard of it: then it ends.
    pub fn take_back_give_way(&self) -> bool {
        let mut is_taken_back = true;
        self.change(|flag| {
            is_taken_back = !flag.gives_way;
            flag.should_give_way &= flag.gives_way;
        });
        is_taken_back
    }

    /// Says that a checkpoint of the run is committed.
    pub(super) fn note_progress(&self) {
        self.change(|flag| flag.has_progress = true);
    }

    /// Why it is up; `None` while it is down.
    pub fn reason(&self) -> Option<Stop> {
        self.sender.borrow().reason()
    }

    /// The same for the run itself, which ends when there is a reason.
    pub(super) fn hear(&self) -> Option<Stop> {
        let mut reason = self.reason();
        if reason == Some(Stop::GiveWay) {
            // It may be taken back between the two looks.
            self.change(|flag| {
                reason = flag.reason();
                flag.gives_way = reason == Some(Stop::GiveWay);
            });
        }
        reason
    }

    /// True once the run has committed something: only then it gives way.
    pub fn has_progress(&self) -> bool {
        self.sender.borrow().has_progress
    }

    /// Waits until the reason is another one than `seen`, and returns it.
    pub async fn changed_from(&self, seen: Option<Stop>) -> Option<Stop> {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as this flag, so the wait cannot fail.
        receiver.wait_for(|flag| flag.reason() != seen).await.map_or(seen, |flag| flag.reason())
    }

    fn change(&self, change: impl FnOnce(&mut Flag)) {
        self.sender.send_if_modified(|flag| {
            let before = flag.reason();
            change(flag);
            flag.reason() != before
        });
    }
}

impl Default for StopFlag {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lighter_reason_does_not_replace_a_heavier_one() {
        let flag = StopFlag::new();
        assert_eq!(flag.reason(), None);
        flag.raise(Stop::Cancelled);
        flag.raise(Stop::Shutdown);
        assert_eq!(flag.reason(), Some(Stop::Cancelled));
        flag.raise(Stop::Lost);
        assert_eq!(flag.reason(), Some(Stop::Lost));
    }

    #[test]
    fn nobody_gives_way_before_something_is_done() {
        let flag = StopFlag::new();
        flag.raise(Stop::GiveWay);
        assert_eq!((flag.reason(), flag.has_progress()), (None, false));
        flag.note_progress();
        assert_eq!(flag.reason(), Some(Stop::GiveWay));
        flag.raise(Stop::Shutdown);
        assert_eq!(flag.reason(), Some(Stop::Shutdown));
    }

    #[test]
    fn an_ask_to_give_way_is_taken_back_unless_the_run_has_heard_of_it() {
        let flag = StopFlag::new();
        flag.note_progress();
        flag.raise(Stop::GiveWay);
        assert_eq!(flag.reason(), Some(Stop::GiveWay), "whoever looks from outside is not the run");
        assert!(flag.take_back_give_way());
        assert_eq!((flag.hear(), flag.reason()), (None, None));
        flag.raise(Stop::GiveWay);
        assert_eq!(flag.hear(), Some(Stop::GiveWay));
        assert!(!flag.take_back_give_way());
        assert_eq!(flag.reason(), Some(Stop::GiveWay), "it ends, and its ending needs the reason");
    }
}
