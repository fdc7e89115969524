//! What a run of digits and separators is worth, in the notations of the world.

use rust_decimal::Decimal;

/// How a number may be read when its notation leaves a choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Notation {
    /// The currency's number of decimals.
    pub exponent: Option<u32>,
    /// The mail, or the currency's country, writes thousands with a dot.
    pub has_dot_thousands: bool,
    /// The mail, or the currency's country, writes decimals with a comma.
    pub has_comma_decimals: bool,
}

/// A value, and whether the notation left no doubt about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub value: Decimal,
    pub is_certain: bool,
}

/// Reads a number without sign: digits with `.`, `,`, `'` or spaces between them. None when it is no amount.
pub(super) fn read(text: &str, notation: Notation) -> Option<Number> {
    let text = text.trim_matches(|letter: char| letter == ' ' || letter == '\'');
    let text = text.trim_end_matches(['.', ',']);
    let separators: Vec<(usize, char)> =
        text.char_indices().filter(|(_, letter)| !letter.is_ascii_digit()).collect();
    let Some((last_at, last)) = separators.last().copied() else { return value(text, "", true) };
    let tail = text.get(last_at + last.len_utf8()..)?;
    let head = text.get(..last_at)?;
    let count = separators.iter().filter(|(_, letter)| *letter == last).count();
    let is_mixed = count < separators.len();
    if matches!(last, ' ' | '\'') {
        return value(text, "", tail.len() == 3);
    }
    if head.is_empty() {
        return value("0", tail, true);
    }
    match tail.len() {
        3 if count > 1 => value(text, "", true),
        3 => read_three(head, tail, last, is_mixed, notation),
        0 => None,
        1 | 2 => value(head, tail, true),
        4 => value(head, tail, is_mixed),
        _ => value(head, tail, false),
    }
}

/// One separator with three digits behind it: thousands, or the decimals of a dinar.
fn read_three(head: &str, tail: &str, last: char, is_mixed: bool, notation: Notation) -> Option<Number> {
    if head.trim_start_matches('0').is_empty() {
        return value(head, tail, true);
    }
    let is_dinar = notation.exponent == Some(3);
    // Dinars are written with a comma for decimals only where everything is.
    let has_decimals = is_dinar && (last == '.' || notation.has_comma_decimals);
    if is_mixed {
        // 1,234.567: the last of two kinds is the decimal one, unless both only group.
        return value(head, tail, is_dinar || notation.exponent.is_none());
    }
    if has_decimals {
        return value(head, tail, true);
    }
    let whole = digits(head).len();
    if whole > 3 {
        return value(head, tail, last == '.');
    }
    let joined = format!("{head}{tail}");
    match last {
        '.' => value(&joined, "", notation.has_dot_thousands || notation.exponent == Some(0)),
        _ => value(&joined, "", !notation.has_comma_decimals || notation.exponent.is_some()),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn value(whole: &str, decimals: &str, is_certain: bool) -> Option<Number> {
    let whole = digits(whole);
    if whole.len() > 16 || decimals.len() > 8 {
        return None;
    }
    let value = format!("{whole}.{decimals}0").parse::<Decimal>().ok()?.normalize();
    Some(Number { value, is_certain })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn certain(text: &str, notation: Notation) -> String {
        let number = read(text, notation).unwrap();
        assert!(number.is_certain, "{text}");
        number.value.to_string()
    }

    #[test]
    fn the_notations_of_the_world_are_read() {
        let plain = Notation::default();
        for (text, expected) in [
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("1 234,56", "1234.56"),
            ("1'234.56", "1234.56"),
            ("1,23,456.00", "123456"),
            ("12", "12"),
            ("12.5", "12.5"),
            ("12,5", "12.5"),
            ("1.234.567", "1234567"),
            ("12 345 678", "12345678"),
            (".36", "0.36"),
            ("0.017", "0.017"),
            ("1,083,503.58", "1083503.58"),
            ("12,345", "12345"),
        ] {
            assert_eq!(certain(text, plain), expected, "{text}");
        }
    }

    #[test]
    fn three_digits_behind_a_dot_follow_the_currency() {
        let dinar = Notation { exponent: Some(3), ..Notation::default() };
        let peso = Notation { exponent: Some(2), has_dot_thousands: true, ..Notation::default() };
        let dong = Notation { exponent: Some(0), ..Notation::default() };
        let dollar = Notation { exponent: Some(2), ..Notation::default() };
        assert_eq!(certain("24.655", dinar), "24.655");
        assert_eq!(certain("20.900", peso), "20900");
        assert_eq!(certain("20.900", dong), "20900");
        assert!(!read("1.234", dollar).unwrap().is_certain);
        assert!(!read("1.234", Notation::default()).unwrap().is_certain);
    }

    proptest! {
        #[test]
        fn any_run_is_read_without_a_panic(text in "[0-9., ']{0,40}", exponent in prop::option::of(0_u32..4)) {
            read(&text, Notation { exponent, ..Notation::default() });
        }

        #[test]
        fn grouping_with_two_decimals_is_exact(cents in 0_u64..1_000_000_000_000, grouping in prop_oneof![Just((",", ".")), Just((".", ",")), Just((" ", ",")), Just(("'", "."))]) {
            let whole = (cents / 100).to_string();
            let groups: Vec<&str> = whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
            let text = format!("{}{}{:02}", groups.join(grouping.0), grouping.1, cents % 100);
            let number = read(&text, Notation::default()).unwrap();
            prop_assert!(number.is_certain);
            prop_assert_eq!(number.value, Decimal::new(i64::try_from(cents).unwrap(), 2));
        }
    }
}
