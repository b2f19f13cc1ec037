//! A month's figures, as exact fractions, and the window that is last.

use chrono::{Datelike as _, Months, NaiveDate};
use yimen_kernel::check::Parsed;
use yimen_kernel::{Reason, date};

/// Ratings that count, without which a window is not compared (示例).
pub const COMPARED: u64 = 5;

/// A month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Reads YYYY-MM.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`, `OUT_OF_RANGE`.
    pub fn parse(text: &str) -> Parsed<Self> {
        if text.trim().is_empty() {
            return Err(Reason::Required.into());
        }
        date::parse_date(&format!("{}-01", text.trim())).map(Self)
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// The month before it.
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

/// How many ratings have each level, the lowest first; those that were set aside are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By level.
    pub levels: [u64; 5],
    /// Those that do not count.
    pub set_aside: u64,
}

impl Counts {
    /// Ratings that count.
    pub fn valid(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// Those of levels 3 to 5.
    pub fn satisfied(&self) -> u64 {
        self.levels.iter().skip(2).sum()
    }

    /// The levels of all that count, added up.
    pub fn level_sum(&self) -> u64 {
        self.levels.iter().zip(1..).map(|(count, points): (&u64, u64)| count.saturating_mul(points)).sum()
    }

    /// The mean level in hundredths, rounded down; 0 without ratings.
    pub fn mean_hundredths_floor(&self) -> u64 {
        floor(self.level_sum(), 100, self.valid())
    }

    /// 满意率 in ten-thousandths, rounded down; 0 without ratings.
    pub fn satisfaction_ten_thousandths_floor(&self) -> u64 {
        floor(self.satisfied(), 10_000, self.valid())
    }

    /// By the satisfied among those that count, then by the mean: exact, by cross multiplication.
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let cross = |own: u64, others: u64| {
            (u128::from(own) * u128::from(other.valid()))
                .cmp(&(u128::from(others) * u128::from(self.valid())))
        };
        cross(self.satisfied(), other.satisfied()).then(cross(self.level_sum(), other.level_sum()))
    }
}

fn floor(part: u64, scale: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(part) * u128::from(scale) / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

/// How many of a center's windows are compared, and those of them that are last: several that are equal share the
/// place; where all are equal, or only one has enough ratings, none is last.
pub fn last(windows: &[(String, Counts)]) -> (usize, Vec<&(String, Counts)>) {
    let compared: Vec<&(String, Counts)> =
        windows.iter().filter(|(_, counts)| counts.valid() >= COMPARED).collect();
    let worst = compared.iter().map(|(_, counts)| counts).min_by(|one, other| one.compare(other));
    let Some(worst) = worst else { return (0, Vec::new()) };
    let is_last = |window: &&(String, Counts)| window.1.compare(worst).is_eq();
    let last: Vec<&(String, Counts)> = compared.iter().copied().filter(is_last).collect();
    if last.len() == compared.len() { (compared.len(), Vec::new()) } else { (compared.len(), last) }
}

/// The windows that were last in a month and in the one before it.
pub fn called_in<'w>(
    before: &[(String, Counts)],
    now: &'w [(String, Counts)],
) -> (usize, Vec<&'w (String, Counts)>) {
    let (compared, last_now) = last(now);
    let (_, last_before) = last(before);
    let twice = |window: &&(String, Counts)| last_before.iter().any(|(id, _)| *id == window.0);
    (compared, last_now.into_iter().filter(twice).collect())
}
