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

/// What was counted of some period.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<Measure, BTreeMap<u32, u64>>);

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
    pub fn add(&mut self, measure: Measure, bucket: u32, count: i64) {
        let count = u64::try_from(count).unwrap_or_default();
        *self.0.entry(measure).or_default().entry(bucket).or_default() += count;
    }

    /// How much of a measure.
    pub fn of(&self, measure: Measure) -> u64 {
        self.0.get(&measure).map(|buckets| buckets.values().sum()).unwrap_or_default()
    }

    /// A distribution.
    pub fn days(&self, measure: Measure) -> Days {
        let Some(buckets) = self.0.get(&measure) else { return Days::default() };
        let count: u64 = buckets.values().sum();
        if count == 0 {
            return Days::default();
        }
        let sum: u64 = buckets.iter().map(|(days, count)| u64::from(*days) * count).sum();
        // The smallest number of days that at least so many tenths of them took, or less.
        let quantile = |tenths: u64| {
            let mut seen = 0;
            let enough = |(days, here): (&u32, &u64)| {
                seen += here;
                (seen * 10 >= tenths * count).then_some(*days)
            };
            buckets.iter().find_map(enough).unwrap_or_default()
        };
        let max = buckets.iter().rev().find(|(_, count)| **count > 0).map_or(0, |(days, _)| *days);
        Days { count, mean_hundredths: sum * 100 / count, median: quantile(5), p90: quantile(9), max }
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
                counts.add(Measure::Used, *days, 1);
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
