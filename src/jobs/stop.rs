//! Why a running job is asked to stop, and the flag through which it hears of that.

use tokio::sync::watch;

/// Why a run should end before its work does. The later ones outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
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
    sender: watch::Sender<Option<Stop>>,
}

impl StopFlag {
    /// A flag that is down.
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(None) }
    }

    /// Raises it, unless something that weighs more did.
    pub fn raise(&self, reason: Stop) {
        self.sender.send_if_modified(|present| {
            let is_more = present.is_none_or(|present| reason > present);
            if is_more {
                *present = Some(reason);
            }
            is_more
        });
    }

    /// Why it is up; `None` while it is down.
    pub fn reason(&self) -> Option<Stop> {
        *self.sender.borrow()
    }

    /// Waits until the reason is another one than `seen`, and returns it.
    pub async fn changed_from(&self, seen: Option<Stop>) -> Option<Stop> {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as this flag, so the wait cannot fail.
        receiver.wait_for(|present| *present != seen).await.map_or(seen, |present| *present)
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
}
