//! Working days: weekends and what the State Council's yearly notices change about them (调休).

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use crate::date::parse_date;

/// Days that differ from their weekday: days off on weekdays, and weekends that are worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Whether the day is worked.
    exceptions: BTreeMap<NaiveDate, bool>,
}

impl Calendar {
    /// Reads lines of `date,kind,holiday` with the kinds `off` and `work`, after a heading.
    ///
    /// # Errors
    /// The number of the first line that is not so.
    pub fn parse(csv: &str) -> Result<Self, usize> {
        let mut exceptions = BTreeMap::new();
        for (number, line) in (1..).zip(csv.lines()).skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let mut cells = line.split(',');
            let day = cells.next().and_then(|text| parse_date(text.trim()).ok()).ok_or(number)?;
            let is_worked = match cells.next().map(str::trim) {
                Some("work") => true,
                Some("off") => false,
                _ => return Err(number),
            };
            exceptions.insert(day, is_worked);
        }
        Ok(Self { exceptions })
    }

    /// Whether the day is worked.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.exceptions.get(&day).copied().unwrap_or(is_weekday)
    }

    /// The last day of a limit of calendar days that begins after `start`; one that would end on a day
    /// off ends on the first working day after it (民法典 art. 201, 203).
    pub fn after_days(&self, start: NaiveDate, days: u32) -> NaiveDate {
        let mut end = start.checked_add_days(Days::new(days.into())).unwrap_or(start);
        while !self.is_working(end) {
            let Some(next) = end.succ_opt() else { break };
            end = next;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn a_limit_does_not_end_on_a_day_off() {
        let calendar = Calendar::parse("date,kind,holiday\n2025-10-03,off,国庆\n2025-10-06,off,国庆\n2025-10-07,off,国庆\n2025-10-08,off,国庆\n2026-02-14,work,春节\n").unwrap();
        assert_eq!(calendar.after_days(day("2025-08-04"), 60), day("2025-10-09"), "the sheet's example");
        assert_eq!(
            calendar.after_days(day("2026-02-04"), 10),
            day("2026-02-14"),
            "a Saturday that is worked"
        );
        assert_eq!(calendar.after_days(day("2026-01-02"), 1), day("2026-01-05"));
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(Calendar::parse("date,kind\n2026-01-01,off\n2026-01-32,off\n"), Err(3));
        assert_eq!(Calendar::parse("date,kind\n2026-01-01,half\n"), Err(2));
    }
}
