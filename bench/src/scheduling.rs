//! The survey's claim in simulated time: all formalities in a quarter or a fifth of the time
//! (`现在所需的时间只有过去的四分之一或五分之一`), one year of joint applications on the published calendar.
//!
//! Nothing here is measured at a real center: how long departments take is an assumption, and stands below.

use chrono::{Datelike as _, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use yimen_kernel::Calendar;

use crate::report::say;

/// The year.
const YEAR: i32 = 2025;
/// Joint applications on each working day, for each number of departments.
const A_DAY: usize = 20;
/// Departments that take part.
const DEPARTMENTS: [usize; 4] = [3, 5, 8, 13];
/// Working days that a department needs when nobody counts them, each with how many of a hundred need so many.
const UNCOUNTED: [(u32, u32); 9] =
    [(1, 15), (2, 20), (3, 20), (4, 12), (5, 10), (7, 8), (10, 8), (15, 5), (20, 2)];
/// Working days for the applicant from one department's door to the next.
const ON_THE_WAY: u32 = 1;
/// Working days for acceptance and for the decision, at the one window.
const WINDOW: u32 = 2;
/// The promised limit of each department, in working days.
const PROMISED: u32 = 5;
/// Of a hundred tasks that would go past their limit, so many do so although they were shown yellow.
const LATE_ALL_THE_SAME: u32 = 10;
/// Working days after the limit in which a supervision case brings a late one to its end.
const SUPERVISED: u32 = 5;

/// One way of getting through, and how long each application took on it.
struct Way {
    name: &'static str,
    working_days: Vec<u32>,
    calendar_days: Vec<i64>,
}

impl Way {
    fn new(name: &'static str) -> Self {
        Self { name, working_days: Vec::new(), calendar_days: Vec::new() }
    }

    fn take(&mut self, calendar: &Calendar, from: NaiveDate, days: u32) {
        self.working_days.push(days);
        self.calendar_days.push((calendar.due(from, days) - from).num_days());
    }

    fn mean(&self) -> f64 {
        self.calendar_days.iter().sum::<i64>() as f64 / self.calendar_days.len().max(1) as f64
    }

    /// Calendar days within which nine of ten are done.
    fn nine_of_ten(&self) -> i64 {
        let mut days = self.calendar_days.clone();
        days.sort_unstable();
        days.get(days.len() * 9 / 10).copied().unwrap_or_default()
    }
}

/// Simulates, and says the ratios with what they rest on.
///
/// # Errors
/// When the published calendar cannot be read.
pub fn measure() -> Result<(), String> {
    let calendar = Calendar::published().map_err(|error| error.to_string())?;
    say(&format!("{A_DAY} joint applications on each working day of {YEAR}; calendar days to the decision"));
    for departments in DEPARTMENTS {
        let [doors, side_by_side, counted] = year(&calendar, departments);
        say(&format!("{departments} departments"));
        for way in [&doors, &side_by_side, &counted] {
            let (mean, ratio) = (way.mean(), way.mean() / doors.mean());
            say(&format!(
                "  {:34} mean {mean:5.1}, nine of ten within {:3}, ratio {ratio:.2}",
                way.name,
                way.nine_of_ten()
            ));
        }
    }
    Ok(())
}

/// A year of applications that so many departments decide on.
fn year(calendar: &Calendar, departments: usize) -> [Way; 3] {
    let mut random = StdRng::seed_from_u64(u64::try_from(departments).unwrap_or_default());
    let mut doors = Way::new("from door to door");
    let mut side_by_side = Way::new("side by side");
    let mut counted = Way::new("side by side, clocks and the ladder");
    let first = NaiveDate::from_ymd_opt(YEAR, 1, 1).unwrap_or_default();
    let days = first.iter_days().take_while(|day| day.year() == YEAR);
    for from in days.filter(|day| calendar.is_working(*day)) {
        for _ in 0..A_DAY {
            let tasks: Vec<u32> = (0..departments).map(|_| uncounted(&mut random)).collect();
            let ways = u32::try_from(departments).unwrap_or_default() * ON_THE_WAY;
            doors.take(calendar, from, tasks.iter().sum::<u32>() + ways);
            side_by_side.take(calendar, from, WINDOW + tasks.iter().copied().max().unwrap_or_default());
            let held = tasks.iter().map(|task| with_clock(&mut random, *task));
            counted.take(calendar, from, WINDOW + held.max().unwrap_or_default());
        }
    }
    [doors, side_by_side, counted]
}

fn uncounted(random: &mut StdRng) -> u32 {
    let mut left = random.random_range(0..100);
    for (days, share) in UNCOUNTED {
        if left < share {
            return days;
        }
        left -= share;
    }
    1
}

/// What becomes of a task when it has a clock: most of the late ones are done on the last day.
fn with_clock(random: &mut StdRng, days: u32) -> u32 {
    if days <= PROMISED {
        return days;
    }
    let is_late = random.random_range(0..100) < LATE_ALL_THE_SAME;
    if is_late { days.min(PROMISED + SUPERVISED) } else { PROMISED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assumptions_add_up_and_no_way_is_longer_than_the_one_before() {
        assert_eq!(UNCOUNTED.iter().map(|(_, share)| share).sum::<u32>(), 100);
        let calendar = Calendar::published().unwrap();
        let [doors, side_by_side, counted] = year(&calendar, 5);
        assert_eq!(doors.working_days.len(), counted.working_days.len());
        assert!(counted.working_days.iter().zip(&side_by_side.working_days).all(|(one, other)| one <= other));
        assert!(counted.working_days.iter().all(|days| *days <= WINDOW + PROMISED + SUPERVISED));
        assert!(side_by_side.mean() < doors.mean());
    }
}
