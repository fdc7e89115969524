//! A mail in one normal form for searching, with the way back from every byte of it to the mail's own text.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::extraction::draft::{Source, Span};

/// Subject and text, folded: compatibility forms, accents, case, digits of other scripts and kinds of space are evened out.
pub(super) struct Folded {
    /// The folded text. Line ends are kept; the subject is the first line.
    pub text: String,
    original: String,
    /// For each byte of `text`, where its character starts in `original`.
    starts: Vec<usize>,
    /// Where the text starts in `original`, behind the subject and its line end.
    body_start: usize,
}

impl Folded {
    pub(super) fn new(subject: Option<&str>, text: &str) -> Self {
        let mut original = String::with_capacity(text.len() + 100);
        if let Some(subject) = subject {
            original.push_str(subject);
            original.push('\n');
        }
        let body_start = original.len();
        original.push_str(text);
        let mut folded = String::with_capacity(original.len());
        let mut starts = Vec::with_capacity(original.len());
        for (at, letter) in original.char_indices() {
            fold_char(letter, &mut folded);
            starts.resize(folded.len(), at);
        }
        Self { text: folded, original, starts, body_start }
    }

    /// The mail's own words at a place of the folded text.
    pub(super) fn original(&self, range: &Range<usize>) -> &str {
        self.original.get(self.original_range(range)).unwrap_or_default()
    }

    /// The span of a place of the folded text.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        let range = self.original_range(range);
        let (base, source) = if range.start >= self.body_start {
            (self.body_start, Source::Text)
        } else {
            (0, Source::Subject)
        };
        let units = |end: usize| {
            let before = self.original.get(base..end).unwrap_or_default();
            u32::try_from(before.encode_utf16().count()).unwrap_or(u32::MAX)
        };
        Span { start: units(range.start), end: units(range.end), source }
    }

    /// True when the mail's own letters at a place are capitals.
    pub(super) fn is_in_capitals(&self, range: &Range<usize>) -> bool {
        let words = self.original(range);
        words.chars().any(char::is_uppercase) && !words.chars().any(char::is_lowercase)
    }

    /// True for a mail that is written in capitals throughout, where they say nothing.
    pub(super) fn is_all_capitals(&self) -> bool {
        let body = self.original.get(self.body_start..).unwrap_or_default();
        let small = body.chars().filter(|letter| letter.is_lowercase()).count();
        small < 10 && small * 5 < body.chars().filter(|letter| letter.is_uppercase()).count()
    }

    /// True when a place of the folded text lies in the subject.
    pub(super) fn is_subject(&self, at: usize) -> bool {
        self.starts.get(at).is_some_and(|start| *start < self.body_start)
    }

    fn original_range(&self, range: &Range<usize>) -> Range<usize> {
        let end_of_all = self.original.len();
        let start = self.starts.get(range.start).copied().unwrap_or(end_of_all);
        if range.is_empty() {
            return start..start;
        }
        let last = self.starts.get(range.end.saturating_sub(1)).copied().unwrap_or(end_of_all);
        let width = self.original.get(last..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        start..(last + width).max(start)
    }
}

/// A word or phrase in the same normal form.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|letter| fold_char(letter, &mut folded));
    folded
}

fn fold_char(letter: char, folded: &mut String) {
    if letter.is_ascii() {
        folded.push(if letter == '\t' { ' ' } else { letter.to_ascii_lowercase() });
        return;
    }
    let parts = std::iter::once(letter).nfkd();
    if parts.clone().count() > 1 && parts.clone().any(|part| part.is_ascii_digit()) {
        // A fraction or a number in a sign of its own: its digits are no digits of an amount.
        folded.push('\u{fffd}');
        return;
    }
    for part in parts.flat_map(char::to_lowercase) {
        match part {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            '٬' | '،' | '、' => folded.push(','),
            '−' | '–' | '—' | '‐' | '‑' => folded.push('-'),
            '’' | '‘' | 'ʼ' => folded.push('\''),
            '“' | '”' | '„' | '«' | '»' | '״' => folded.push('"'),
            '。' | '٫' | '।' | '॥' | '۔' | '።' | '။' | '։' => folded.push('.'),
            '؛' => folded.push(';'),
            '؟' => folded.push('?'),
            '\u{640}' => {}
            'ی' | 'ى' => folded.push('ي'),
            'ک' => folded.push('ك'),
            _ if is_dropped(part) => {}
            _ if part.is_whitespace() => folded.push(if part == '\u{2028}' { '\n' } else { ' ' }),
            _ => folded.push(decimal_digit(part).unwrap_or(part)),
        }
    }
}

fn is_dropped(letter: char) -> bool {
    canonical_combining_class(letter) != 0
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The zeros of the scripts whose digits are folded to 0 to 9.
const ZEROS: [u32; 12] =
    [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xe50, 0xed0, 0x17e0];

fn decimal_digit(letter: char) -> Option<char> {
    let code = u32::from(letter);
    let value = ZEROS.iter().filter_map(|zero| code.checked_sub(*zero)).find(|value| *value < 10)?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_are_evened_out() {
        assert_eq!(fold("Přijatá ÜBERWEISUNG １２٣،۴\u{a0}€ łódź"), "prijata uberweisung 123,4 € lodz");
        assert_eq!(fold("بـ ٤٫٥"), "ب 4.5");
        assert_eq!(fold("£¼"), "£\u{fffd}");
    }

    #[test]
    fn a_span_counts_utf16_units_of_the_mail_itself() {
        let folded = Folded::new(Some("Büro"), "😀 ＡＢ １２");
        let at = folded.text.find("12").unwrap();
        let range = at..at + 2;
        assert_eq!(folded.span(&range), Span { start: 6, end: 8, source: Source::Text });
        assert_eq!(folded.original(&range), "１２");
        assert_eq!(folded.span(&(0..4)), Span { start: 0, end: 4, source: Source::Subject });
    }

    proptest! {
        #[test]
        fn every_place_has_a_way_back(subject in "\\PC{0,20}", text in "(\\PC|\n|[٠-٩]|[Ａ-Ｚ]){0,60}") {
            let folded = Folded::new(Some(&subject), &text);
            let boundaries: Vec<usize> = (0..=folded.text.len()).filter(|at| folded.text.is_char_boundary(*at)).collect();
            for start in &boundaries {
                for end in boundaries.iter().filter(|end| *end > start).take(5) {
                    let span = folded.span(&(*start..*end));
                    prop_assert!(span.start <= span.end);
                    prop_assert!(folded.original.is_char_boundary(folded.original_range(&(*start..*end)).start));
                }
            }
        }
    }
}
