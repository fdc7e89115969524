//! Days and times as they are printed in mails, in many languages and orders.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use regex::{Captures, Regex};

use super::currency;
use super::fold::fold;
use super::pattern::compiled;

/// A day found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrintedDate {
    pub date: Option<NaiveDate>,
    pub range: Range<usize>,
}

/// What decides between readings of a date.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints {
    /// The day of the mail: a missing year is the nearest past to it.
    pub sent_on: Option<NaiveDate>,
    /// The sender's country, or the mail itself, writes the month first.
    pub is_month_first: bool,
}

/// Every date of a folded text, in order.
pub(super) fn dates(text: &str, hints: Hints) -> Vec<PrintedDate> {
    let is_month_first = hints.is_month_first;
    let mut found: Vec<PrintedDate> = Vec::new();
    let mut push = |range: Range<usize>, date: Option<NaiveDate>| {
        if !found.iter().any(|known| known.range.start < range.end && range.start < known.range.end) {
            found.push(PrintedDate { date, range });
        }
    };
    for captures in YEAR_FIRST.captures_iter(text) {
        push(whole(&captures), day(number(&captures, 1), number(&captures, 2), number(&captures, 3)));
    }
    for captures in CHINESE.captures_iter(text) {
        push(
            whole(&captures),
            dated(number(&captures, 1), number(&captures, 2), number(&captures, 3), hints),
        );
    }
    for captures in DAY_NAME_YEAR.captures_iter(text) {
        let year = captures.get(3).filter(|year| !goes_on_as_time(text, year.end()));
        let year = year.and_then(|year| year.as_str().parse().ok());
        push(whole(&captures), dated(year, month(&captures, 2), number(&captures, 1), hints));
    }
    for captures in NAME_DAY_YEAR.captures_iter(text).filter(|captures| !is_amount(text, &whole(captures))) {
        push(whole(&captures), dated(number(&captures, 3), month(&captures, 1), number(&captures, 2), hints));
    }
    let alike = THREE_NUMBERS.iter().flat_map(|pattern| pattern.captures_iter(text));
    for captures in alike {
        let parts = [number(&captures, 1), number(&captures, 2), number(&captures, 3)];
        // Two digits of a year in front are parted by strokes, never by dots.
        let may_lead = !captures.get(0).is_some_and(|all| all.as_str().contains('.'));
        push(whole(&captures), three(parts, is_month_first, may_lead, hints));
    }
    for captures in TWO_NUMBERS.captures_iter(text).filter(|captures| !is_amount(text, &whole(captures))) {
        let (Some(first), Some(second)) = (number(&captures, 1), number(&captures, 2)) else { continue };
        let (day, month) =
            if (is_month_first && first <= 12) || second > 12 { (second, first) } else { (first, second) };
        if let Some(date) = dated(None, Some(month), Some(day), hints) {
            push(whole(&captures), Some(date));
        } else if hints.sent_on.is_none() && month <= 12 && day <= 31 && month > 0 && day > 0 {
            push(whole(&captures), None);
        }
    }
    found.sort_unstable_by_key(|date| date.range.start);
    found
}

/// Every time of day of a folded text.
pub(super) fn times(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    TIME.find_iter(text).map(|found| found.range())
}

/// True when a date of the text can only be read with the month first, and none only with the day first; or when a date is
/// the mail's own day only so.
pub(super) fn says_month_first(text: &str, sent_on: Option<NaiveDate>) -> bool {
    if MONTH_FIRST_STYLE.is_match(text) {
        return true;
    }
    let triples: Vec<[u32; 3]> = NUMERIC
        .captures_iter(text)
        .filter_map(|captures| {
            Some([number(&captures, 1)?, number(&captures, 2)?, number(&captures, 3)? % 100 + 2000])
        })
        .collect();
    let is_sent_on = |year: u32, month: u32, of_month: u32| {
        let date = day(Some(year), Some(month), Some(of_month));
        matches!((date, sent_on), (Some(date), Some(sent_on)) if (0..=1).contains(&(sent_on - date).num_days()))
    };
    let is_month_first = |[first, second, year]: &[u32; 3]| {
        *second > 12 || (is_sent_on(*year, *first, *second) && !is_sent_on(*year, *second, *first))
    };
    triples.iter().any(is_month_first) && triples.iter().all(|[first, ..]| *first <= 12)
}

const MONTHS_TABLE: &str = include_str!("data/months.tsv");

static MONTHS: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let lines =
        MONTHS_TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let names = lines.flat_map(|(number, names)| {
        let number = number.parse().unwrap_or_default();
        names.split('|').map(move |name| (fold(name), number))
    });
    let mut months = HashMap::new();
    for (name, number) in names {
        months.entry(name).or_insert(number);
    }
    months
});

static NAMES: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<&str> = MONTHS.keys().map(String::as_str).collect();
    names.sort_unstable_by_key(|name| std::cmp::Reverse(name.len()));
    names.join("|")
});

static YEAR_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?:\b|[^\x00-\x7f])((?:19|20|25)\d\d)[-/. ]{1,2}(\d{1,2})[-/. ]{1,2}(\d{1,2})(?:\b|t)")
});
static CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    // The Korean syllables are decomposed by folding, hence the pattern's own are folded too.
    let (year, month, day) = (fold("년"), fold("월"), fold("일"));
    compiled(&format!(
        r"(?:((?:19|20)\d\d)\s?(?:年|{year})\s?)?(\d{{1,2}})\s?(?:月|{month})\s?(\d{{1,2}})\s?(?:日|号|{day})"
    ))
});
static DAY_NAME_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    let names = &*NAMES;
    compiled(&format!(
        r"\b(\d{{1,2}})(?:st|nd|rd|th|er|e|\.|º)?[-/. ]{{0,2}}(?:de |of )?({names})(?:\.?(?:,? de |,? del |[-/., ']{{1,2}}|)((?:19|20|25)?\d\d)\b|\b)"
    ))
});
static NAME_DAY_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    let names = &*NAMES;
    compiled(&format!(
        r"\b({names})\b\.?[-/ ]{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?\b(?:(?:,? |,)((?:19|20)\d\d)\b)?"
    ))
});
/// One pattern for each separator: `18:29. 10/04/2026` is a time and a date.
static THREE_NUMBERS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    ["/", "-", r"\."].map(|by| {
        compiled(&format!(
            r"(?:\b|[^\x00-\x7f])(\d{{1,2}}){by}\s?(\d{{1,2}}){by}\s?((?:19|20|25|00|13|14)?\d{{2}}|\d)(\b|г|\d\d:)"
        ))
    })
});
static TWO_NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?:^|[^\d.,/:*x-]|\p{L}-)(\d{1,2})[/.-](\d{2})(?:[^\d.,/:%a-z]|[.,]?(?:\s|$))")
});
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\b\d{1,2}\s?:\s?\d{2}(?::\d{1,2})?(?:\.\d+)?(?:\s?[ap]\.?m\b\.?)?(?:\s?hrs?\b)?|\b\d{1,2}\s?[ap]m\b|\b\d{1,2}h\d{2}\b",
    )
});
/// The order that one widespread date library writes without being told a language: no leading zeros, seconds, AM or PM.
static MONTH_FIRST_STYLE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\b[1-9]\d?/[1-9]\d?/20\d\d [1-9]\d?:\d\d:\d\d [ap]m\b"));
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b(\d{1,2})/(\d{1,2})/((?:20)?\d\d)\b"));

fn whole(captures: &Captures<'_>) -> Range<usize> {
    let first = captures.iter().flatten().skip(1).map(|part| part.start()).min().unwrap_or_default();
    let last = captures.iter().flatten().skip(1).filter(|part| !part.is_empty()).map(|part| part.end()).max();
    let end = captures.get(0).map_or(first, |all| all.end());
    first..last.unwrap_or(end)
}

/// True for two digits that are the hours of a time: `1Apr 04:09`.
fn goes_on_as_time(text: &str, end: usize) -> bool {
    let mut after = text.get(end..).unwrap_or_default().chars();
    after.next() == Some(':') && after.next().is_some_and(|next| next.is_ascii_digit())
}

/// True when the number goes on, or a currency stands beside it: `16.02 EUR` is no day of February.
fn is_amount(text: &str, range: &Range<usize>) -> bool {
    let after = text.get(range.end..).unwrap_or_default();
    let goes_on = after.trim_start_matches(['.', ',']).len() < after.len()
        && after.trim_start_matches(['.', ',']).starts_with(|next: char| next.is_ascii_digit());
    let word = |letter: char| letter.is_whitespace() || ",;:()-+".contains(letter);
    let next = after.trim_start_matches([' ', '-']).split(word).next().unwrap_or_default();
    let before = text.get(..range.start).unwrap_or_default().trim_end_matches([' ', '-', '+']);
    let last = before.rsplit(word).next().unwrap_or_default();
    let is_currency = |word: &str| {
        currency::token(word)
            .or_else(|| currency::token(word.trim_matches('.')))
            .is_some_and(|token| !token.is_local)
    };
    goes_on || is_currency(next) || is_currency(last)
}

fn number(captures: &Captures<'_>, group: usize) -> Option<u32> {
    captures.get(group)?.as_str().parse().ok()
}

fn month(captures: &Captures<'_>, group: usize) -> Option<u32> {
    MONTHS.get(captures.get(group)?.as_str()).copied()
}

fn day(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Option<NaiveDate> {
    // The years of the Buddhist calendar, as they are printed in Thailand.
    let year = year.map(|year| if (2500..2600).contains(&year) { year - 543 } else { year });
    let date = NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?)?;
    (1990..2100).contains(&date.year()).then_some(date)
}

/// A date whose year may have two digits or be absent.
fn dated(year: Option<u32>, month: Option<u32>, of_month: Option<u32>, hints: Hints) -> Option<NaiveDate> {
    match year {
        Some(year) if year < 100 => day(Some(2000 + year), month, of_month),
        Some(year) => day(Some(year), month, of_month),
        None => {
            let sent_on = hints.sent_on?;
            let latest = sent_on.checked_add_days(Days::new(2))?;
            let this_year = u32::try_from(sent_on.year()).ok()?;
            let tries = (0..5).filter_map(|back| day(this_year.checked_sub(back)?.into(), month, of_month));
            tries.chain(day(Some(this_year + 1), month, of_month)).filter(|date| *date <= latest).max()
        }
    }
}

/// Three numbers in a row: the reading that lies near the mail, day first unless the mail says otherwise.
fn three(parts: [Option<u32>; 3], is_month_first: bool, may_lead: bool, hints: Hints) -> Option<NaiveDate> {
    let [first, second, third] = parts;
    let day_first = dated(third, second, first, hints);
    let month_first = dated(third, first, second, hints);
    let year_first =
        first.filter(|year| *year > 12 && may_lead).and_then(|_| dated(first, second, third, hints));
    let usual = if is_month_first { [month_first, day_first] } else { [day_first, month_first] };
    let usual = usual.into_iter().flatten().next();
    match (usual, year_first, hints.sent_on) {
        (Some(usual), Some(other), Some(sent_on)) => {
            let distance = |date: NaiveDate| (sent_on - date).num_days().abs();
            Some(if distance(other) < distance(usual) { other } else { usual })
        }
        (Some(usual), ..) => Some(usual),
        (None, other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(text: &str, sent_on: (i32, u32, u32)) -> Vec<String> {
        let sent_on = NaiveDate::from_ymd_opt(sent_on.0, sent_on.1, sent_on.2);
        let text = fold(text);
        let is_month_first = says_month_first(&text, sent_on);
        let found = dates(&text, Hints { sent_on, is_month_first });
        found.into_iter().filter_map(|date| date.date).map(|date| date.to_string()).collect()
    }

    #[test]
    fn many_forms_are_read() {
        for text in [
            "2026-03-09",
            "2026/3/9",
            "2026.03.09 12:00",
            "09.03.2026",
            "9/3/26",
            "09-Mar-26",
            "9 March 2026",
            "March 9, 2026",
            "9. März 2026",
            "9 de marzo de 2026",
            "9 mars 2026",
            "9 марта 2026",
            "09Mar26",
            "2026年3月9日",
            "2026년 3월 9일",
            "9 marca 2026",
            "9. března 2026",
            "9 Mart 2026",
            "९/३/२०२६",
            "26/3/9",
        ] {
            assert_eq!(on(text, (2026, 3, 20)), ["2026-03-09"], "{text}");
        }
    }

    #[test]
    fn a_missing_year_is_the_nearest_past() {
        assert_eq!(on("am 30.12", (2026, 1, 5)), ["2025-12-30"]);
        assert_eq!(on("5 Jan", (2026, 1, 5)), ["2026-01-05"]);
        assert_eq!(on("09月05日", (2026, 1, 5)), ["2025-09-05"]);
    }

    #[test]
    fn an_unambiguous_date_decides_the_order_of_the_others() {
        assert_eq!(on("1/25/2026 and 2/3/2026", (2026, 3, 1)), ["2026-01-25", "2026-02-03"]);
        assert_eq!(on("25/1/2026 and 2/3/2026", (2026, 3, 9)), ["2026-01-25", "2026-03-02"]);
    }

    #[test]
    fn a_date_that_is_the_mail_s_own_day_decides_the_order() {
        assert_eq!(on("on 11/09/2026", (2026, 11, 9)), ["2026-11-09"]);
        assert_eq!(on("on 11/09/2026", (2026, 9, 11)), ["2026-09-11"]);
        assert_eq!(on("on 11/09/2026", (2026, 12, 20)), ["2026-09-11"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "([0-9]{1,4}|[-/. :]|jan|mar|\\PC){0,30}") {
            on(&text, (2026, 3, 1));
        }

        #[test]
        fn a_day_that_is_printed_is_read(days in 0_u64..3000) {
            let date = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap() + Days::new(days);
            for form in ["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y", "%d-%b-%y"] {
                let text = date.format(form).to_string();
                prop_assert_eq!(on(&text, (2026, 6, 1)), [date.to_string()], "{}", text);
            }
        }
    }
}
