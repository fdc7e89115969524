//! How much work one mail's HTML may make: senders are strangers, and no mail may hold up the ones behind it.

/// What one mail may cost: well below a second even of a program that is not optimised. A table of some thousand rows with
/// all its styles stays below it, and pictures in the text cost nothing.
const FOR_ONE_MAIL: usize = 3_000_000;

/// The work that is left. A unit is about a byte of text or of a style, a comparison, or an eighth of a tag.
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

    /// As much of the start of `text` as there is work left for.
    pub(super) fn spend_on<'a>(&mut self, text: &'a str) -> &'a str {
        let end = (0..=text.len().min(self.left)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        self.left = if end < text.len() { 0 } else { self.left - end };
        text.get(..end).unwrap_or_default()
    }

    /// True when something was not read because there was too much of it.
    pub(in crate::mailbox) fn is_used_up(&self) -> bool {
        self.left == 0
    }
}
