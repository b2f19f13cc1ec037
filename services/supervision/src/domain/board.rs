//! Figures of a board from what was counted.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days as Span, Months, NaiveDate};

use super::codes::codes;
use super::fact::Measure;

codes! {
    /// What a line of a board is about.
    Scope {
        /// A center.
        Center = "CENTER",
        /// A department, or a center's window.
        Department = "DEPARTMENT",
        /// An item.
        Item = "ITEM",
        /// A department's part in an item.
        DepartmentAndItem = "DEPARTMENT_AND_ITEM",
    }
}

codes! {
    /// How long a period is.
    Grain {
        /// A day.
        Day = "DAY",
        /// A month.
        Month = "MONTH",
        /// A year.
        Year = "YEAR",
    }
}

impl Grain {
    /// The first day of the period of a day.
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Grain::Day => Some(day),
            Grain::Month => day.with_day(1),
            Grain::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        }
        .unwrap_or(day)
    }

    /// The last day of the period of a day.
    pub fn last(self, day: NaiveDate) -> NaiveDate {
        let next = match self {
            Grain::Day => return day,
            Grain::Month => self.first(day).checked_add_months(Months::new(1)),
            Grain::Year => self.first(day).checked_add_months(Months::new(12)),
        };
        next.and_then(|next| next.checked_sub_days(Span::new(1))).unwrap_or(day)
    }
}

/// What was counted of some period: of each measure the count of each bucket, from 0 on.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<Measure, Vec<u64>>);

/// A distribution of working days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// How many there are.
    pub count: u64,
    /// The mean in hundredths of a day, rounded down.
    pub mean_hundredths: u64,
    /// Half of them took no more.
    pub median: u32,
    /// Nine tenths of them took no more.
    pub p90: u32,
    /// None took more.
    pub max: u32,
}

impl Counts {
    /// Adds what was counted. Less than nothing, which no complete count has, counts as nothing.
    pub fn add(&mut self, measure: Measure, counts: &[i64]) {
        let own = self.0.entry(measure).or_default();
        own.resize(own.len().max(counts.len()), 0);
        for (own, count) in own.iter_mut().zip(counts) {
            *own += u64::try_from(*count).unwrap_or_default();
        }
    }

    /// How much of a measure.
    pub fn of(&self, measure: Measure) -> u64 {
        self.0.get(&measure).map(|counts| counts.iter().sum()).unwrap_or_default()
    }

    /// A distribution.
    pub fn days(&self, measure: Measure) -> Days {
        let count = self.of(measure);
        let (Some(counts), 1..) = (self.0.get(&measure), count) else { return Days::default() };
        let sum: u64 = (0..).zip(counts).map(|(days, count): (u64, _)| days * count).sum();
        // The smallest number of days that so many tenths of them took, or less.
        let within = |tenths: u64| {
            let mut seen = 0;
            let reached = |(days, here): (u32, &u64)| {
                seen += here;
                (seen * 10 >= tenths * count).then_some(days)
            };
            (0..).zip(counts).find_map(reached).unwrap_or_default()
        };
        Days { count, mean_hundredths: sum * 100 / count, median: within(5), p90: within(9), max: within(10) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn periods_have_their_first_and_last_days() {
        let day: NaiveDate = "2028-02-10".parse().unwrap();
        let ends = |grain: Grain| (grain.first(day).to_string(), grain.last(day).to_string());
        assert_eq!(ends(Grain::Day), ("2028-02-10".into(), "2028-02-10".into()));
        assert_eq!(ends(Grain::Month), ("2028-02-01".into(), "2028-02-29".into()));
        assert_eq!(ends(Grain::Year), ("2028-01-01".into(), "2028-12-31".into()));
    }

    proptest! {
        #[test]
        fn a_distribution_is_that_of_the_sorted_list(mut all in prop::collection::vec(0_u32..60, 1..200)) {
            let mut counts = Counts::default();
            for days in &all {
                let mut one = vec![0; *days as usize];
                one.push(1);
                counts.add(Measure::Used, &one);
            }
            all.sort_unstable();
            let nth = |tenths: usize| all[(all.len() * tenths).div_ceil(10) - 1];
            let days = counts.days(Measure::Used);
            prop_assert_eq!((days.median, days.p90, days.max), (nth(5), nth(9), all[all.len() - 1]));
            let sum: u64 = all.iter().map(|days| u64::from(*days)).sum();
            prop_assert_eq!(days.mean_hundredths, sum * 100 / all.len() as u64);
        }
    }
}
