//! Account masks and reference numbers, and every other run of digits that is no amount.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::{Class, Cue};
use super::pattern::compiled;

/// A card or account number, as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    /// The last digits.
    pub digits: String,
    pub range: Range<usize>,
    /// It is the other side's.
    pub is_other: bool,
}

/// Every mask of a folded text, in order.
pub(super) fn masks(text: &str, cues: &[Cue], moments: &[Range<usize>]) -> Vec<Mask> {
    let mut found: Vec<Mask> = Vec::new();
    let is_moment =
        |range: &Range<usize>| moments.iter().any(|one| one.start < range.end && range.start < one.end);
    let is_labelled = |start: usize| {
        let labels = cues.iter().filter(|cue| matches!(cue.class, Class::Account | Class::OtherAccount));
        labels.into_iter().any(|cue| cue.end <= start && start - cue.end < 12)
    };
    // A number sign alone stands before orders and tickets too.
    let hits =
        MASKED.find_iter(text).filter(|hit| !hit.as_str().starts_with('#') || is_labelled(hit.start()));
    for hit in hits {
        let digits = last_digits(hit.as_str());
        if digits.len() >= 2 {
            found.push(Mask { digits, range: hit.range(), is_other: false });
        }
    }
    for cue in cues.iter().filter(|cue| matches!(cue.class, Class::Account | Class::OtherAccount)) {
        let Some(rest) = text.get(cue.end..) else { continue };
        let Some(hit) = AFTER_LABEL.captures(rest).and_then(|captures| captures.get(1)) else { continue };
        let range = cue.end + hit.start()..cue.end + hit.end();
        if is_moment(&range)
            || found.iter().any(|known| known.range.start < range.end && range.start < known.range.end)
        {
            continue;
        }
        let digits: String = hit.as_str().chars().filter(char::is_ascii_digit).collect();
        let digits = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_owned();
        if digits.len() >= 3 {
            found.push(Mask { digits, range, is_other: cue.class == Class::OtherAccount });
        }
    }
    for cue in cues.iter().filter(|cue| cue.class == Class::AccountBehind) {
        let head = text.get(..cue.start).unwrap_or_default().trim_end_matches([' ', '-', '\'']);
        let digits = head.len() - head.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let range = head.len() - digits..head.len();
        if (3..=6).contains(&digits)
            && !is_moment(&range)
            && !found.iter().any(|known| known.range.end >= range.end && known.range.start <= range.start)
        {
            let digits = text.get(range.end - digits.min(4)..range.end).unwrap_or_default().to_owned();
            found.push(Mask { digits, range, is_other: false });
        }
    }
    found.sort_unstable_by_key(|mask| mask.range.start);
    for mask in &mut found {
        mask.is_other |= leads_away(text, cues, mask.range.start);
    }
    found
}

/// What stands before a mask: the other side's account, or which way the money went.
fn leads_away(text: &str, cues: &[Cue], start: usize) -> bool {
    let line = text.get(..start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    cues.iter().filter(|cue| cue.end <= start).any(|cue| match cue.class {
        Class::OtherAccount => start - cue.end < 12,
        // The beneficiary's own number stands behind the name, on the same line.
        Class::Party | Class::Payee | Class::Payer => {
            cue.start == line && text.get(cue.end..).is_some_and(|rest| rest.starts_with(':'))
        }
        _ => false,
    })
}

/// The digits behind the last sign that hides some; all of them when too few stand there.
fn last_digits(mask: &str) -> String {
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let tail =
        mask.rsplit(|letter: char| !letter.is_ascii_digit() && letter != '-').next().unwrap_or_default();
    let own = digits(tail);
    let own = if own.len() >= 3 || mask.chars().filter(char::is_ascii_digit).count() <= 3 {
        own
    } else {
        digits(mask)
    };
    own.get(own.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// A reference number behind one of the words that announce it.
pub(super) fn reference(text: &str, cues: &[Cue]) -> Option<Range<usize>> {
    cues.iter().filter(|cue| cue.class == Class::Reference).find_map(|cue| {
        let rest = text.get(cue.end..)?;
        let hit = PATH.captures(rest).or_else(|| AFTER_REFERENCE.captures(rest))?.get(1)?;
        let digits = hit.as_str().bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits >= 3 || (digits > 0 && hit.len() >= 6);
        is_number.then(|| cue.end + hit.start()..cue.end + hit.end())
    })
}

/// Everything with digits that is no amount: addresses, telephone numbers, percentages, long ids.
pub(super) fn noise(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    NOISE.find_iter(text).map(|found| found.range())
}

static MASKED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(concat!(
        r"\d[\d-]*(?:[*•·#]{1,}|[x]{2,}|\.{3})[\dx*•·#-]*\d",
        r"|(?:[*•·#]+|\bx{1,}|\.{3,}|…)[ -]?[\d]{2,}[\dx*-]*",
        r"|\b(?:visa|mastercard|mc|card|maestro|mir|amex)\d{4}\b",
        r"|\b\d[*.]\d{4}\b[^.,\d]",
        r"|[*x]{2,}[ -]\d{3,}",
    ))
});
static AFTER_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?:[ :.#*-]|no\b|num\b|number\b|nr\b|n\b|broj\b|id\b|is\b|with\b|the\b|in\b|:)*\n?\s{0,3}([a-z]{0,2}\d{3,}(?:[- ]?\d{2,})*)(?:[^.,\d]|[.,]\D|[.,]?$)",
    )
});
static AFTER_REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?:[ :.#№*=-]|no\b|id\b|number\b|num\b|nr\b|is\b)*\n?\s{0,40}([a-z0-9](?:[a-z0-9/_-]|\.[a-z0-9]){3,40})",
    )
});
/// A number between strokes behind its kind, as in `upi/dr/123456789012/shop`.
static PATH: LazyLock<Regex> = LazyLock::new(|| compiled(r"^(?:/[a-z]{1,5})?/([a-z]{0,2}\d{9,})(?:/|\s|$)"));
static NOISE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(concat!(
        r"https?://\S+|www\.\S+|\S+@\S+\.\S+|<[a-z/!][^>\n]{1,200}>",
        r"|\d+(?:[.,]\d+)?\s?%",
        r"|[+]\d(?:[ -]?\d){9,}",
        r"|\b\d{3,4}-\d{3,4}-\d{3,5}\b",
        r"|\b[a-z]+\d+[a-z\d]*[a-z][a-z\d]*\b",
        r"|\b\d{11,}\b",
    ))
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::offline::fold::fold;
    use crate::extraction::offline::lexicon::cues;

    fn digits(text: &str) -> Vec<String> {
        let text = fold(text);
        masks(&text, &cues(&text), &[]).into_iter().map(|mask| mask.digits).collect()
    }

    #[test]
    fn masks_are_read() {
        for (text, expected) in [
            ("card **9031 used", "9031"),
            ("your a/c XX4412 is", "4412"),
            ("5100********7733 at", "7733"),
            ("card ending in 6120", "6120"),
            ("account 002233445566 was", "5566"),
            ("尾号7001账户", "7001"),
            ("Karte •••• 1188", "1188"),
        ] {
            assert_eq!(digits(text), [expected], "{text}");
        }
    }

    #[test]
    fn references_are_read() {
        for (text, expected) in [
            ("Paid. Ref no: AB-12345 thanks", "ab-12345"),
            ("debited towards UPI/DR/N555000111222/Lamp Shop", "n555000111222"),
        ] {
            let text = fold(text);
            let found = reference(&text, &cues(&text)).map(|range| text[range].to_owned());
            assert_eq!(found.as_deref(), Some(expected));
        }
    }
}
