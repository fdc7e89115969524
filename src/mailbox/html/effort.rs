//! How much work one mail's HTML may make: senders are strangers, and no mail may hold up the ones behind it.

/// What one mail may cost: about a second even of a program that is not optimised. A table of some thousand rows with all
/// its styles stays below it, and pictures in the text cost nothing.
const FOR_ONE_MAIL: usize = 2_000_000;

/// The work that is left. A unit is about a byte that html5ever reads, or an open element that is looked at.
#[derive(Debug)]
pub(in crate::mailbox) struct Effort {
    left: usize,
}

impl Effort {
    /// The work for one mail.
    pub(in crate::mailbox) fn for_one_mail() -> Self {
        Self { left: FOR_ONE_MAIL }
    }

    /// Lets `work` use up half of what is left at most.
    pub(super) fn share<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let mut share = Self { left: self.left / 2 };
        let kept = self.left - share.left;
        let done = work(&mut share);
        self.left = kept + share.left;
        done
    }

    /// Takes `units`. False when there are not as many: whoever asks stops, and what is read so far counts.
    pub(super) fn spend(&mut self, units: usize) -> bool {
        let left = self.left.checked_sub(units);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// True when something was not read because there was too much of it.
    pub(in crate::mailbox) fn is_used_up(&self) -> bool {
        self.left == 0
    }
}
