//! Cron expressions of five fields, in UTC: minute, hour, day of the month, month, day of the week.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

/// A leap day that falls on one day of the week comes after 40 years at the latest.
const FARTHEST_DAY: u64 = 366 * 41;

/// When something is due. Each field is a set of numbers, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// With both kinds of day narrowed, cron takes a day that fits either.
    is_either_day: bool,
}

impl Cron {
    /// Reads `*`, numbers, ranges, steps and lists of them, like `*/15 8-18 * * 1-5`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let week = field(weekdays, 0, 7)?;
        Some(Self {
            minutes: field(minutes, 0, 59)?,
            hours: field(hours, 0, 23)?,
            days: field(days, 1, 31)?,
            months: field(months, 1, 12)?,
            // 7 is Sunday, too.
            weekdays: week | (week >> 7),
            is_either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        })
    }

    /// The first due moment behind `moment`; `None` when there is none, like on 30 February.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (0..FARTHEST_DAY)
            .filter_map(|offset| moment.date_naive().checked_add_days(Days::new(offset)))
            .filter(|day| self.is_day(*day))
            .find_map(|day| self.times(day).find(|time| *time > moment))
    }

    fn is_day(&self, day: NaiveDate) -> bool {
        let in_month = has(self.days, day.day());
        let in_week = has(self.weekdays, day.weekday().num_days_from_sunday());
        let fits = if self.is_either_day { in_month || in_week } else { in_month && in_week };
        has(self.months, day.month()) && fits
    }

    fn times(&self, day: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        let times = hours.flat_map(|hour| {
            (0..60).filter(|minute| has(self.minutes, *minute)).map(move |minute| (hour, minute))
        });
        times.filter_map(move |(hour, minute)| Some(day.and_hms_opt(hour, minute, 0)?.and_utc()))
    }
}

fn has(set: u64, number: u32) -> bool {
    set & (1 << number) != 0
}

fn field(text: &str, least: u32, most: u32) -> Option<u64> {
    text.split(',').try_fold(0, |set, part| Some(set | set_of(part, least, most)?))
}

fn set_of(part: &str, least: u32, most: u32) -> Option<u64> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
        None => (part, None),
    };
    let (from, to) = match range.split_once('-') {
        Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
        None if range == "*" => (least, most),
        None => {
            let from = range.parse().ok()?;
            (from, if step.is_some() { most } else { from })
        }
    };
    let is_within = least <= from && from <= to && to <= most;
    is_within.then(|| (from..=to).step_by(step.unwrap_or(1)).fold(0, |set, number| set | (1 << number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, after: &str) -> Option<String> {
        let after = DateTime::parse_from_rfc3339(after).unwrap().to_utc();
        Cron::parse(cron).unwrap().next_after(after).map(|at| at.format("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn the_next_moment_is_always_a_later_one() {
        for (cron, after, wanted) in [
            ("17 3 * * *", "2026-11-21T03:17:00Z", "2026-11-22T03:17"),
            ("17 3 * * *", "2026-11-21T03:16:59Z", "2026-11-21T03:17"),
            ("*/15 8-18 * * 1-5", "2026-11-20T18:46:00Z", "2026-11-23T08:00"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00"),
            ("0 12 * * 7", "2026-11-21T00:00:00Z", "2026-11-22T12:00"),
            ("0 0 13 * 5", "2026-11-01T00:00:00Z", "2026-11-06T00:00"),
            ("5/20,7 0 1 1 *", "2026-12-31T23:59:00Z", "2027-01-01T00:05"),
        ] {
            assert_eq!(next(cron, after).as_deref(), Some(wanted), "{cron} after {after}");
        }
    }

    #[test]
    fn a_day_that_never_comes_is_none() {
        assert_eq!(next("0 0 30 2 *", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_no_cron_expression_is_refused() {
        for text in ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *"] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}
