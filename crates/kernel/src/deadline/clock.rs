//! A limit that runs.

use chrono::{Days, NaiveDate};

use super::{Extension, Suspension, Which};
use crate::calendar::Due;
use crate::{Calendar, Error, Reason, Result};

/// What days a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 工作日 (行政许可法 art. 82).
    WorkingDays,
    /// 日, 自然日: it does not end on a day off (民法典 art. 203).
    CalendarDays,
}

/// A budget of days. One of no days ends on the day it begins: decided on the spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How many.
    pub days: u32,
    /// Of what.
    pub unit: Unit,
}

/// 受理: how long the window has to say something of an application, before it counts as accepted (行政许可法
/// art. 32(1)(4)).
pub const ACCEPTANCE: Limit = Limit { days: 5, unit: Unit::WorkingDays };
/// 送达: how long it may take from a grant until the certificate is delivered (art. 44).
pub const DELIVERY: Limit = Limit { days: 10, unit: Unit::WorkingDays };

impl Limit {
    /// A limit of working days.
    pub fn working(days: u32) -> Self {
        Self { days, unit: Unit::WorkingDays }
    }

    /// A limit of calendar days.
    pub fn calendar(days: u32) -> Self {
        Self { days, unit: Unit::CalendarDays }
    }
}

/// A limit, its first day, and what changes its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The day that it begins on; it is not counted.
    pub start: NaiveDate,
    /// The budget.
    pub limit: Limit,
    /// When it does not run, in order and apart from each other.
    stops: Vec<Suspension>,
    /// What was added.
    extension: Option<Extension>,
}

impl Clock {
    /// A clock that nothing has stopped or extended.
    pub fn new(start: NaiveDate, limit: Limit) -> Self {
        Self { start, limit, stops: Vec::new(), extension: None }
    }

    /// The same clock with those of the suspensions that stop it. A day that several cover is left out once.
    #[must_use]
    pub fn suspended(mut self, which: Which, suspensions: &[Suspension]) -> Self {
        let mut stops: Vec<Suspension> =
            suspensions.iter().filter(|suspension| suspension.stops(which)).cloned().collect();
        stops.sort_by_key(|suspension| suspension.from);
        for mut next in stops {
            match self.stops.last().map(|last| last.to) {
                // The one before goes on without end, and covers all that follows.
                Some(None) => break,
                Some(Some(covered)) if next.from <= covered => {
                    if next.to.is_some_and(|to| to <= covered) {
                        continue;
                    }
                    next.from = covered.succ_opt().unwrap_or(covered);
                }
                _ => {}
            }
            self.stops.push(next);
        }
        self
    }

    /// The same clock with its extension.
    #[must_use]
    pub fn extended(mut self, extension: Option<Extension>) -> Self {
        self.extension = extension;
        self
    }

    /// The clock from the beginning again, with its whole budget and nothing that stopped it: an
    /// interruption, not a suspension.
    #[must_use]
    pub fn restarted(self, start: NaiveDate) -> Self {
        Self::new(start, self.limit)
    }

    /// When it does not run.
    pub fn stops(&self) -> &[Suspension] {
        &self.stops
    }

    /// What was added to it.
    pub fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// Budget and extension together, in days.
    pub fn budget(&self) -> u32 {
        self.limit.days + self.extension.as_ref().map_or(0, |extension| extension.days)
    }

    /// The last day; none while a suspension without an end stops it before that day.
    pub fn due(&self, calendar: &Calendar) -> Option<Due> {
        let mut on = self.reaches(calendar, self.budget())?;
        if self.limit.unit == Unit::CalendarDays {
            on = calendar.rolled(on);
        }
        Some(Due { on, is_provisional: calendar.is_provisional(self.start, on) })
    }

    /// The first day at whose end so many days of the budget are used; none while a suspension without an
    /// end stops it before.
    pub fn reaches(&self, calendar: &Calendar, days: u32) -> Option<NaiveDate> {
        let mut on = self.advanced(calendar, self.start, days);
        for stop in &self.stops {
            // What is due on its first day has no day that a suspension could leave out.
            if stop.from > on || days == 0 {
                break;
            }
            let left_out = self.days_in(calendar, stop, stop.to?);
            on = self.advanced(calendar, on, left_out);
        }
        Some(on)
    }

    /// How many days of its budget are used at the end of `day`.
    pub fn used(&self, calendar: &Calendar, day: NaiveDate) -> u32 {
        let passed = self.between(calendar, self.start, day);
        let stopped: u32 = self
            .stops
            .iter()
            .filter(|stop| stop.from <= day)
            .map(|stop| self.days_in(calendar, stop, stop.to.map_or(day, |to| to.min(day))))
            .sum();
        passed.saturating_sub(stopped)
    }

    /// How many days of its budget are left at the end of `day`; 0 when it has run out.
    pub fn left(&self, calendar: &Calendar, day: NaiveDate) -> u32 {
        self.budget().saturating_sub(self.used(calendar, day))
    }

    /// Whether the last day has passed on `day`: the last day itself is in time.
    pub fn is_late(&self, calendar: &Calendar, day: NaiveDate) -> bool {
        self.due(calendar).is_some_and(|due| day > due.on)
    }

    /// Whether it stands still on `day`.
    pub fn is_suspended(&self, day: NaiveDate) -> bool {
        self.stops.iter().any(|stop| stop.covers(day))
    }

    /// Adds to the budget, once and while there is something to add to.
    ///
    /// # Errors
    /// `ALREADY_EXTENDED`; `LIMIT_EXPIRED` after the last day.
    pub fn extend(self, extension: Extension, calendar: &Calendar, today: NaiveDate) -> Result<Self> {
        if self.extension.is_some() {
            return Err(Error::precondition(Reason::AlreadyExtended));
        }
        if let Some(due) = self.due(calendar).filter(|due| today > due.on) {
            return Err(Error::precondition(Reason::LimitExpired).with("due", due.on));
        }
        Ok(self.extended(Some(extension)))
    }

    /// Counted days of a suspension up to and with `to`.
    fn days_in(&self, calendar: &Calendar, stop: &Suspension, to: NaiveDate) -> u32 {
        let before = stop.from.pred_opt().unwrap_or(stop.from).max(self.start);
        self.between(calendar, before, to)
    }

    fn advanced(&self, calendar: &Calendar, from: NaiveDate, days: u32) -> NaiveDate {
        match self.limit.unit {
            Unit::WorkingDays => calendar.due(from, days),
            Unit::CalendarDays => from.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX),
        }
    }

    fn between(&self, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> u32 {
        match self.limit.unit {
            Unit::WorkingDays => calendar.working_days_between(from, to),
            Unit::CalendarDays => {
                u32::try_from(to.signed_duration_since(from).num_days()).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::super::{Authority, Ground};
    use super::*;
    use crate::date::parse_date;
    use proptest::prelude::*;

    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::published().unwrap());

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn stop(from: &str, to: Option<&str>) -> Suspension {
        Suspension { ground: Ground::ExpertReview, document: "1".into(), from: day(from), to: to.map(day) }
    }

    fn due(clock: &Clock) -> Option<String> {
        clock.due(&CALENDAR).map(|due| due.on.to_string())
    }

    #[test]
    fn p11_twenty_working_days_and_ten_more_once_before_they_end() {
        let clock = Clock::new(day("2026-02-09"), Limit::working(20));
        assert_eq!(due(&clock).as_deref(), Some("2026-03-13"));
        let more = || Extension::checked(10, Authority::AgencyHead, 1).unwrap();
        let today = |clock: &Clock, today| clock.clone().extend(more(), &CALENDAR, day(today));
        let extended = today(&clock, "2026-03-13").unwrap();
        assert_eq!(due(&extended).as_deref(), Some("2026-03-27"));
        assert_eq!(today(&extended, "2026-03-13").unwrap_err().reason(), Reason::AlreadyExtended);
        assert_eq!(today(&clock, "2026-03-14").unwrap_err().reason(), Reason::LimitExpired);
    }

    #[test]
    fn p12_forty_five_working_days_for_joint_handling_and_fifteen_more() {
        let clock = Clock::new(day("2025-09-22"), Limit::working(45));
        assert_eq!(due(&clock).as_deref(), Some("2025-11-28"));
        let more = Extension::checked(15, Authority::GovernmentHead, 2).unwrap();
        let extended = clock.extend(more, &CALENDAR, day("2025-11-01")).unwrap();
        assert_eq!(due(&extended).as_deref(), Some("2025-12-19"));
    }

    #[test]
    fn p14_an_expert_review_is_not_counted() {
        let clock = Clock::new(day("2026-02-09"), Limit::working(20))
            .suspended(Which::Statutory, &[stop("2026-02-24", Some("2026-03-06"))]);
        assert_eq!(due(&clock).as_deref(), Some("2026-03-27"), "the sheet's example");
        assert_eq!(clock.used(&CALENDAR, day("2026-03-06")), 5, "9 to 14 February");
        assert!(clock.is_suspended(day("2026-03-01")) && !clock.is_suspended(day("2026-03-07")));
    }

    #[test]
    fn p4_deemed_acceptance_counts_from_the_receipt() {
        let received = day("2026-03-02");
        let deemed_on = CALENDAR.next_working(CALENDAR.due(received, 5));
        let clock = Clock::new(received, Limit::working(20));
        assert_eq!(
            clock.used(&CALENDAR, CALENDAR.previous_working(deemed_on)),
            5,
            "five of the twenty are used"
        );
    }

    #[test]
    fn a_suspension_without_an_end_leaves_the_end_open() {
        let clock = Clock::new(day("2026-03-02"), Limit::working(10));
        let open = clock.clone().suspended(Which::Statutory, &[stop("2026-03-05", None)]);
        assert_eq!(due(&open), None);
        assert_eq!(open.left(&CALENDAR, day("2026-06-01")), 8);
        let late = clock.clone().suspended(Which::Statutory, &[stop("2026-04-05", None)]);
        assert_eq!(due(&late), due(&clock), "it begins when the time is over");
        assert_eq!(due(&open.restarted(day("2026-06-01"))).as_deref(), Some("2026-06-15"));
        let at_once = Clock::new(day("2026-03-02"), Limit::working(0));
        let stopped = at_once.suspended(Which::Statutory, &[stop("2026-03-02", None)]);
        assert_eq!(due(&stopped).as_deref(), Some("2026-03-02"), "there is no day to leave out");
    }

    #[test]
    fn calendar_days_do_not_end_on_a_day_off() {
        let clock = Clock::new(day("2025-08-04"), Limit::calendar(60));
        assert_eq!(due(&clock).as_deref(), Some("2025-10-09"));
        let due = Clock::new(day("2026-12-20"), Limit::working(20)).due(&CALENDAR).unwrap();
        assert!(due.is_provisional, "2027 has no notice yet");
    }

    /// Day by day, from the rules alone.
    fn brute(start: NaiveDate, limit: Limit, stops: &[Suspension]) -> NaiveDate {
        let (mut at, mut left) = (start, limit.days);
        while left > 0 {
            at = at.succ_opt().unwrap();
            let counts = limit.unit == Unit::CalendarDays || CALENDAR.is_working(at);
            left -= u32::from(counts && !stops.iter().any(|stop| stop.covers(at)));
        }
        while limit.unit == Unit::CalendarDays && !CALENDAR.is_working(at) {
            at = at.succ_opt().unwrap();
        }
        at
    }

    proptest! {
        #[test]
        fn as_day_by_day(
            start in 0..8_000_u64,
            days in 0..60_u32,
            calendar_days: bool,
            stops in proptest::collection::vec((0..120_u64, 0..30_u64), 0..5),
        ) {
            let start = day("2004-01-02") + Days::new(start);
            let stops: Vec<Suspension> = stops
                .into_iter()
                .map(|(after, length)| {
                    let from = start + Days::new(after);
                    let to = Some(from + Days::new(length));
                    Suspension { ground: Ground::Hearing, document: "1".into(), from, to }
                })
                .collect();
            let limit = if calendar_days { Limit::calendar(days) } else { Limit::working(days) };
            let clock = Clock::new(start, limit).suspended(Which::Statutory, &stops);
            let due = clock.due(&CALENDAR).unwrap().on;
            prop_assert_eq!(due, brute(start, limit, &stops));
            prop_assert!(!clock.is_late(&CALENDAR, due) && clock.is_late(&CALENDAR, due.succ_opt().unwrap()));
            if !calendar_days {
                prop_assert_eq!(clock.used(&CALENDAR, due), days);
                prop_assert_eq!(clock.left(&CALENDAR, due), 0);
            }
        }
    }
}
