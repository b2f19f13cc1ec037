//! Working days: weekends and what the State Council's yearly notices change about them (调休).
//!
//! A year is known by its notice, which is data. A year without one is reckoned with weekends and the
//! statutory days off ([`statutory`]); whatever rests on such a year is provisional and says so, and is
//! reckoned anew when the notice comes.

mod notice;
mod statutory;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

pub use notice::BadLine;

use crate::date::YEARS;

/// Every year's notice that comes with the program: `date,kind,holiday`.
const PUBLISHED: &str = include_str!("../../../../catalog/calendar.csv");

/// A day that differs from its weekday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Whether it is worked.
    pub is_worked: bool,
    /// Which holiday made it so, in Chinese.
    pub holiday: Arc<str>,
}

/// What kind of day a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day<'c> {
    /// Worked, as its weekday says.
    Working,
    /// A weekend that is worked for this holiday (调休上班).
    WorkingWeekend(&'c str),
    /// Saturday or Sunday.
    Weekend,
    /// Off for this holiday.
    Holiday(&'c str),
}

impl Day<'_> {
    /// Whether it is worked.
    pub fn is_worked(self) -> bool {
        matches!(self, Day::Working | Day::WorkingWeekend(_))
    }
}

/// A day that something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    /// The last day.
    pub on: NaiveDate,
    /// Whether a year without a notice was reckoned with.
    pub is_provisional: bool,
}

/// The working days of all years that a date here may lie in.
#[derive(Clone, Debug)]
pub struct Calendar {
    exceptions: BTreeMap<NaiveDate, Exception>,
    loaded: BTreeSet<i32>,
    /// For each day since [`Calendar::first`], how many working days there are before it.
    before: Vec<u32>,
    /// Every working day, as days since [`Calendar::first`].
    working: Vec<u32>,
}

impl Default for Calendar {
    /// A calendar without any notice.
    fn default() -> Self {
        Self::of(BTreeMap::new(), BTreeSet::new())
    }
}

impl Calendar {
    /// The calendar with every notice that comes with the program.
    ///
    /// # Errors
    /// As [`Calendar::parse`]; a test keeps the program's own data sound.
    pub fn published() -> Result<Self, BadLine> {
        Self::parse(PUBLISHED)
    }

    /// Reads lines of `date,kind,holiday` with the kinds `off` and `work`, after a heading. Each year that
    /// has a line counts as known.
    ///
    /// # Errors
    /// The first line that cannot be read, names a day twice, or changes nothing about its weekday.
    pub fn parse(csv: &str) -> Result<Self, BadLine> {
        let exceptions = notice::read(csv)?;
        let loaded = exceptions.keys().map(NaiveDate::year).collect();
        Ok(Self::of(exceptions, loaded))
    }

    /// The calendar with the years of `notice` instead of what was known of them.
    #[must_use]
    pub fn with(&self, notice: &Calendar) -> Self {
        let mut exceptions = self.exceptions.clone();
        exceptions.retain(|day, _| !notice.loaded.contains(&day.year()));
        // Of the years that it does not know it says nothing.
        let said = notice.exceptions.iter().filter(|(day, _)| notice.loaded.contains(&day.year()));
        exceptions.extend(said.map(|(day, exception)| (*day, exception.clone())));
        Self::of(exceptions, &self.loaded | &notice.loaded)
    }

    fn of(exceptions: BTreeMap<NaiveDate, Exception>, loaded: BTreeSet<i32>) -> Self {
        let mut exceptions = exceptions;
        for year in YEARS.filter(|year| !loaded.contains(year)) {
            for (day, holiday) in statutory::days_off(year) {
                exceptions.insert(day, Exception { is_worked: false, holiday: holiday.into() });
            }
        }
        let (mut before, mut working) = (Vec::with_capacity(111_000), Vec::with_capacity(76_000));
        let days = Self::first().iter_days().take_while(|day| YEARS.contains(&day.year()));
        for (number, day) in (0..).zip(days) {
            before.push(u32::try_from(working.len()).unwrap_or(u32::MAX));
            let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            if exceptions.get(&day).map_or(is_weekday, |exception| exception.is_worked) {
                working.push(number);
            }
        }
        Self { exceptions, loaded, before, working }
    }

    fn first() -> NaiveDate {
        NaiveDate::from_ymd_opt(*YEARS.start(), 1, 1).unwrap_or_default()
    }

    fn last() -> NaiveDate {
        NaiveDate::from_ymd_opt(*YEARS.end(), 12, 31).unwrap_or_default()
    }

    /// Days since the first; days outside all years count as the nearest inside.
    fn number(day: NaiveDate) -> usize {
        let day = day.clamp(Self::first(), Self::last());
        usize::try_from(day.signed_duration_since(Self::first()).num_days()).unwrap_or_default()
    }

    /// The nth working day of all; the last day of all years if there are not so many.
    fn nth(&self, index: usize) -> NaiveDate {
        let found =
            self.working.get(index).and_then(|day| Self::first().checked_add_days(Days::new((*day).into())));
        found.unwrap_or_else(Self::last)
    }

    /// How many working days there are up to `day`, that day included.
    fn through(&self, day: NaiveDate) -> usize {
        let number = Self::number(day);
        let before = self.before.get(number).copied().unwrap_or_default();
        let is_itself = self.working.get(before as usize).is_some_and(|found| *found as usize == number);
        before as usize + usize::from(is_itself)
    }

    /// The first day that is worked by one of two calendars and not by the other.
    pub fn first_difference(&self, other: &Calendar) -> Option<NaiveDate> {
        let ours = self.working.iter().zip(&other.working).find(|(ours, theirs)| ours != theirs);
        let longer = |one: &Self, than: &Self| one.working.get(than.working.len()).copied();
        let day = match ours {
            Some((ours, theirs)) => Some(*ours.min(theirs)),
            None => longer(self, other).or_else(|| longer(other, self)),
        };
        Self::first().checked_add_days(Days::new(day?.into()))
    }

    /// The years whose notices are known.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.loaded.iter().copied()
    }

    /// How many days of a year differ from their weekday, or are off for a holiday.
    pub fn exceptions_of(&self, year: i32) -> u32 {
        let count = self.exceptions.keys().filter(|day| day.year() == year).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What kind of day it is.
    pub fn day(&self, day: NaiveDate) -> Day<'_> {
        let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        match self.exceptions.get(&day) {
            Some(exception) if exception.is_worked => Day::WorkingWeekend(&exception.holiday),
            Some(exception) => Day::Holiday(&exception.holiday),
            None if is_weekday => Day::Working,
            None => Day::Weekend,
        }
    }

    /// Whether the day is worked.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        self.day(day).is_worked()
    }

    /// Whether a year from that of `from` to that of `to` has no notice.
    pub fn is_provisional(&self, from: NaiveDate, to: NaiveDate) -> bool {
        (from.year()..=to.year()).any(|year| !self.loaded.contains(&year))
    }

    /// The last day of a limit of working days that begins on `from`. That day is not counted (民法典 art. 201).
    pub fn due(&self, from: NaiveDate, working_days: u32) -> NaiveDate {
        match working_days {
            0 => from,
            days => self.nth((self.through(from) + days as usize).saturating_sub(1)),
        }
    }

    /// How many working days lie after `from` and not after `to`; 0 if `to` is not later.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let count = self.through(to).saturating_sub(self.through(from));
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The first working day after `day`.
    pub fn next_working(&self, day: NaiveDate) -> NaiveDate {
        self.due(day, 1)
    }

    /// The last working day before `day`.
    pub fn previous_working(&self, day: NaiveDate) -> NaiveDate {
        let before = self.before.get(Self::number(day)).copied().unwrap_or_default();
        self.nth((before as usize).saturating_sub(1))
    }

    /// The last day of a limit of calendar days that begins on `from`, if it is worked; otherwise the first
    /// working day after it (民法典 art. 201, 203).
    pub fn after_days(&self, from: NaiveDate, days: u32) -> NaiveDate {
        let end = from.checked_add_days(Days::new(days.into())).unwrap_or_else(Self::last);
        self.rolled(end)
    }

    /// The day itself if it is worked; otherwise the first working day after it (民法典 art. 203).
    pub fn rolled(&self, day: NaiveDate) -> NaiveDate {
        if self.is_working(day) { day } else { self.next_working(day) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::date::parse_date;
    use proptest::prelude::*;

    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::published().unwrap());

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    /// Day by day.
    fn brute(calendar: &Calendar, from: NaiveDate, days: u32) -> NaiveDate {
        let (mut at, mut left) = (from, days);
        while left > 0 {
            at = at.succ_opt().unwrap();
            left -= u32::from(calendar.is_working(at));
        }
        at
    }

    #[test]
    fn the_first_day_that_differs() {
        let heading = "date,kind,holiday";
        let without = CALENDAR.with(&Calendar::parse(&format!("{heading}\n2026-01-01,off,元旦")).unwrap());
        assert_eq!(CALENDAR.first_difference(&CALENDAR), None);
        let next = Calendar::parse(&format!("{heading}\n2027-01-01,off,元旦\n2027-01-04,off,元旦")).unwrap();
        let next = CALENDAR.with(&next).first_difference(&CALENDAR);
        assert_eq!(next, Some(day("2027-01-04")), "a notice says nothing of other years");
        // Next is the bridge day of that notice: the days before it are alike.
        assert_eq!(CALENDAR.first_difference(&without), Some(day("2026-01-02")));
        assert_eq!(without.first_difference(&CALENDAR), Some(day("2026-01-02")));
        let first = (1..).map(|days| day("2026-01-01") + Days::new(days));
        let mut first = first.filter(|day| CALENDAR.is_working(*day) != without.is_working(*day));
        assert_eq!(first.next(), Some(day("2026-01-02")));
    }

    #[test]
    fn the_examples_of_section_7_2() {
        let calendar = &*CALENDAR;
        for (from, ends) in [
            ("2024-02-08", ["2024-02-21", "2024-02-28", "2024-03-13", "2024-03-27", "2024-04-18"]),
            ("2024-09-10", ["2024-09-18", "2024-09-25", "2024-10-14", "2024-10-28", "2024-11-18"]),
            ("2025-01-20", ["2025-01-26", "2025-02-08", "2025-02-21", "2025-03-07", "2025-03-28"]),
            ("2025-09-30", ["2025-10-14", "2025-10-21", "2025-11-04", "2025-11-18", "2025-12-09"]),
            ("2026-02-13", ["2026-02-27", "2026-03-05", "2026-03-19", "2026-04-02", "2026-04-24"]),
            ("2026-02-14", ["2026-02-28", "2026-03-06", "2026-03-20", "2026-04-03", "2026-04-27"]),
            ("2026-04-28", ["2026-05-08", "2026-05-14", "2026-05-28", "2026-06-11", "2026-07-03"]),
            ("2026-09-18", ["2026-09-24", "2026-10-09", "2026-10-22", "2026-11-05", "2026-11-26"]),
        ] {
            for (days, end) in [5, 10, 20, 30, 45].into_iter().zip(ends) {
                assert_eq!(calendar.due(day(from), days), day(end), "{from} + {days}");
            }
        }
        assert_eq!(calendar.due(day("2025-09-22"), 45), day("2025-11-28"));
        assert_eq!(calendar.due(day("2025-09-22"), 60), day("2025-12-19"));
        assert_eq!(
            calendar.after_days(day("2025-08-04"), 60),
            day("2025-10-09"),
            "it would end in the holiday"
        );
    }

    #[test]
    fn the_working_days_of_2024_to_2026() {
        let calendar = &*CALENDAR;
        for (year, days) in [(2024, 251), (2025, 248), (2026, 248)] {
            let (last, end) = (day(&format!("{}-12-31", year - 1)), day(&format!("{year}-12-31")));
            assert_eq!(calendar.working_days_between(last, end), days);
        }
    }

    #[test]
    fn a_year_without_a_notice_is_provisional() {
        let calendar = &*CALENDAR;
        assert!(!calendar.is_provisional(day("2004-01-01"), day("2026-12-31")));
        assert!(calendar.is_provisional(day("2026-12-31"), day("2027-01-01")));
        assert_eq!(calendar.day(day("2027-01-01")), Day::Holiday("元旦"));
        let notice =
            Calendar::parse("date,kind,holiday\n2027-01-02,work,元旦\n2027-01-04,off,元旦\n").unwrap();
        let with = calendar.with(&notice);
        assert!(!with.is_provisional(day("2026-12-31"), day("2027-12-31")));
        assert_eq!(with.day(day("2027-01-01")), Day::Working, "the notice alone says what is off");
        assert_eq!(with.day(day("2027-01-02")), Day::WorkingWeekend("元旦"));
        assert_eq!(with.day(day("2026-10-10")), Day::WorkingWeekend("国庆节"), "other years stay");
    }

    #[test]
    fn neighbours() {
        let calendar = &*CALENDAR;
        assert_eq!(calendar.next_working(day("2026-02-14")), day("2026-02-24"));
        assert_eq!(calendar.previous_working(day("2026-02-24")), day("2026-02-14"));
        assert_eq!(calendar.due(day("2026-02-20"), 0), day("2026-02-20"));
        assert_eq!(calendar.working_days_between(day("2026-03-02"), day("2026-03-01")), 0);
    }

    proptest! {
        #[test]
        fn as_day_by_day(start in 0..80_000_u64, days in 0..90_u32) {
            let from = day("1950-01-01") + Days::new(start);
            let due = CALENDAR.due(from, days);
            prop_assert_eq!(due, brute(&CALENDAR, from, days));
            prop_assert_eq!(CALENDAR.working_days_between(from, due), days);
        }
    }
}
