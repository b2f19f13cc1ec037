//! The days of a demo: one working day after the other at the center's clock, while people work.
//!
//! A day ends when its applications are in and nobody has anything left to do on it. Nobody's call is
//! under way while the clock jumps: whoever works holds [`Days::at_work`].

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::{RwLock, RwLockReadGuard, watch};
use yimen_kernel::Calendar;
use yimen_kernel::date::{day_start, local_date};
use yimen_platform::Clock as _;
use yimen_platform::clock::ShiftedClock;

/// When the hall opens, after midnight.
const OPENING: TimeDelta = TimeDelta::hours(9);
/// Nobody having done anything for so long means that the day's work is done. People look for work
/// every half second.
pub(super) const QUIET: Duration = Duration::from_millis(800);

/// The working days of a demo.
pub(super) struct Days {
    clock: Arc<ShiftedClock>,
    days: Vec<NaiveDate>,
    today: watch::Sender<NaiveDate>,
    work: RwLock<()>,
}

impl Days {
    /// The working days among `count` days from `first` on, at least one; the clock shows the first's morning.
    pub(super) fn open(clock: Arc<ShiftedClock>, calendar: &Calendar, first: NaiveDate, count: u32) -> Self {
        let all = first.iter_days().take(usize::try_from(count).unwrap_or(usize::MAX));
        let mut days: Vec<NaiveDate> = all.filter(|day| calendar.is_working(*day)).collect();
        if days.is_empty() {
            days.push(first);
        }
        let today = days.first().copied().unwrap_or(first);
        clock.set(morning(today));
        Self { clock, days, today: watch::Sender::new(today), work: RwLock::new(()) }
    }

    /// The present day.
    pub(super) fn today(&self) -> NaiveDate {
        *self.today.borrow()
    }

    /// The first day.
    pub(super) fn first(&self) -> NaiveDate {
        self.days.first().copied().unwrap_or_default()
    }

    /// How many working days there are.
    pub(super) fn count(&self) -> usize {
        self.days.len()
    }

    /// The working day that comes `count` after today; none if the demo has ended by then. A demo of one
    /// day has everything done on it.
    pub(super) fn after(&self, count: usize) -> Option<NaiveDate> {
        let today = self.today();
        if self.days.len() == 1 {
            return Some(today);
        }
        self.days.iter().copied().skip_while(|day| *day < today).nth(count)
    }

    /// The first working day after a date; none if the demo has ended by then.
    pub(super) fn later_than(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.days.iter().copied().find(|day| *day > date)
    }

    /// Whether no day follows.
    pub(super) fn is_last(&self) -> bool {
        self.days.last().is_none_or(|last| *last <= self.today())
    }

    /// Held while somebody works: the day does not end meanwhile.
    pub(super) async fn at_work(&self) -> RwLockReadGuard<'_, ()> {
        self.work.read().await
    }

    /// To be told of each morning.
    pub(super) fn mornings(&self) -> watch::Receiver<NaiveDate> {
        self.today.subscribe()
    }

    /// Begins the next day, when nobody is at work; `open_up` is done before anybody is. None if there
    /// is no next day.
    pub(super) async fn next<F: Future<Output = ()>>(
        &self,
        open_up: impl FnOnce() -> F,
    ) -> Option<NaiveDate> {
        let _nobody_works = self.work.write().await;
        let next = self.later_than(self.today())?;
        self.clock.set(morning(next));
        open_up().await;
        self.today.send_replace(next);
        Some(next)
    }

    /// Ends the demo's time: the clock shows what the machine's does, if that is later.
    pub(super) async fn return_to(&self, now: DateTime<Utc>) {
        let _nobody_works = self.work.write().await;
        if now > self.clock.now() {
            self.clock.set(now);
            self.today.send_replace(local_date(now));
        }
    }
}

fn morning(day: NaiveDate) -> DateTime<Utc> {
    day_start(day) + OPENING
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::date::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn days(first: &str, count: u32) -> Days {
        let clock = ShiftedClock::starting(DateTime::UNIX_EPOCH);
        Days::open(clock, &Calendar::default(), day(first), count)
    }

    #[tokio::test]
    async fn working_days_follow_each_other() {
        let days = days("2026-11-20", 5);
        assert_eq!((days.count(), days.today()), (3, day("2026-11-20")));
        assert_eq!(days.after(1), Some(day("2026-11-23")));
        assert_eq!(days.after(3), None);
        let mut mornings = days.mornings();
        assert_eq!(days.next(async || {}).await, Some(day("2026-11-23")));
        mornings.changed().await.unwrap();
        assert_eq!(local_date(days.clock.now()), day("2026-11-23"));
        assert_eq!(days.later_than(day("2026-11-21")), Some(day("2026-11-23")));
        assert!(!days.is_last());
        assert_eq!(days.next(async || {}).await, Some(day("2026-11-24")));
        assert!(days.is_last() && days.next(async || {}).await.is_none());
    }

    #[test]
    fn one_day_has_room_for_everything() {
        let days = days("2026-11-20", 1);
        assert_eq!(days.after(9), Some(day("2026-11-20")));
        assert!(days.is_last());
        assert_eq!(super::tests::days("2026-11-21", 1).today(), day("2026-11-21"), "though it is a Saturday");
    }
}
