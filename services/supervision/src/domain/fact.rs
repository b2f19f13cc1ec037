//! What a case counts for on the boards: a function of its clocks, its procedures and its warnings, so that
//! the figures can be counted again at any time and come out the same.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::deadline::{Suspension, Which};
use yimen_kernel::{Calendar, Light};

use super::codes::codes;
use super::timer::{Kind, Rung, Timer};

codes! {
    /// What is counted.
    Measure {
        /// 收件.
        Received = "RECEIVED",
        /// 补正告知.
        Supplemented = "SUPPLEMENTED",
        /// 受理, deemed ones among them.
        Accepted = "ACCEPTED",
        /// 视为受理.
        Deemed = "DEEMED",
        /// 不予受理.
        Refused = "REFUSED",
        /// 撤回.
        Withdrawn = "WITHDRAWN",
        /// 决定.
        Decided = "DECIDED",
        /// Decided within the promise.
        AsPromised = "AS_PROMISED",
        /// Decided within the legal limit.
        ByLaw = "BY_LAW",
        /// 办结.
        Completed = "COMPLETED",
        /// 送达.
        Delivered = "DELIVERED",
        /// A department's opinion.
        Opinions = "OPINIONS",
        /// Those within the department's limit.
        OpinionsOnTime = "OPINIONS_ON_TIME",
        /// 黄牌.
        Yellow = "YELLOW",
        /// 红牌.
        Red = "RED",
        /// Past the legal limit.
        DarkRed = "DARK_RED",
        /// 督办.
        Cases = "CASES",
        /// 更正.
        Corrected = "CORRECTED",
        /// Working days of special procedures that have ended.
        SuspendedDays = "SUSPENDED_DAYS",
        /// The limits of what was decided, in days.
        PromisedDays = "PROMISED_DAYS",
        /// The same by law.
        StatutoryDays = "STATUTORY_DAYS",
        /// Distribution: working days to the decision by the promise's clock.
        Used = "USED",
        /// The same by the law's clock.
        UsedByLaw = "USED_BY_LAW",
        /// Distribution: working days of an opinion.
        OpinionDays = "OPINION_DAYS",
        /// Distribution: working days that a joint decision took.
        JointDays = "JOINT_DAYS",
        /// Distribution: what its departments took together.
        OneAfterAnother = "ONE_AFTER_ANOTHER",
    }
}

/// One thing that is counted; of a distribution, `bucket` has the days.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// What.
    pub measure: Measure,
    /// Whose it is; empty: the window's.
    pub department: String,
    /// The day on which it counts.
    pub day: NaiveDate,
    /// Working days for a distribution, else 0.
    pub bucket: u32,
}

/// How often each is to be counted.
pub type Facts = BTreeMap<Fact, i64>;

/// A special procedure of a department.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Whose it is.
    pub department: String,
    /// What it leaves out.
    pub suspension: Suspension,
}

/// A warning, as the boards count it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its id.
    pub warning: Uuid,
    /// The clock that reached it, and the day of that clock's end.
    pub clock: Uuid,
    /// See `clock`.
    pub ended_on: Option<NaiveDate>,
    /// Whether everyone sees it.
    pub public: bool,
    /// Whom it is about.
    pub department: String,
    /// Its rung.
    pub rung: Rung,
    /// The true day.
    pub reached_on: NaiveDate,
    /// When a supervisor found that it was wrong.
    pub corrected_on: Option<NaiveDate>,
}

/// All that supervision knows of a case.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The case.
    pub number: String,
    /// Its center.
    pub center: String,
    /// Its item.
    pub item: String,
    /// How it ended before a decision: REFUSED, WITHDRAWN, or empty.
    pub outcome: String,
    /// When.
    pub ended_on: Option<NaiveDate>,
    /// 办结.
    pub completed_on: Option<NaiveDate>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// Its procedures.
    pub procedures: Vec<Procedure>,
    /// Its warnings.
    pub warnings: Vec<Told>,
}

impl CaseFile {
    /// Warnings of a day on which, as was heard only later, it had been done.
    pub fn refuted(&self) -> impl Iterator<Item = &Told> {
        self.warnings.iter().filter(|told| {
            told.corrected_on.is_none() && told.ended_on.is_some_and(|ended_on| ended_on < told.reached_on)
        })
    }

    /// Whether it is an application, which has an item; complaints and questions have none, and the boards do not
    /// count them.
    pub fn is_application(&self) -> bool {
        !self.item.is_empty()
    }

    /// Its clocks of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Timer> {
        self.timers.iter().filter(move |timer| timer.kind == kind)
    }

    /// Its clocks of a kind that have ended with what they wait for, and the days of their ends.
    pub fn done(&self, kind: Kind) -> impl Iterator<Item = (&Timer, NaiveDate)> {
        self.of_kind(kind)
            .filter(|timer| !matches!(timer.outcome.as_str(), "WITHDRAWN" | "CASE_ENDED"))
            .filter_map(|timer| Some((timer, timer.ended_on?)))
    }

    /// What it counts for.
    pub fn facts(&self, calendar: &Calendar) -> Facts {
        let mut facts = Counting { facts: Facts::new(), calendar };
        if !self.is_application() {
            return facts.facts;
        }
        self.window(&mut facts);
        self.decision(&mut facts);
        for (task, day) in self.done(Kind::Task) {
            let is_late = facts.is_late(task, Which::Promised, day);
            facts.one(Measure::Opinions, &task.department, day);
            facts.one_if(!is_late, Measure::OpinionsOnTime, &task.department, day);
            facts.used(Measure::OpinionDays, task, Which::Promised, day);
        }
        for warning in &self.warnings {
            let measure = match warning.rung {
                Rung::Yellow => Measure::Yellow,
                Rung::Red => Measure::Red,
                Rung::DarkRed => Measure::DarkRed,
                Rung::Case => Measure::Cases,
            };
            facts.one(measure, &warning.department, warning.reached_on);
            if let Some(day) = warning.corrected_on {
                facts.one(Measure::Corrected, &warning.department, day);
            }
        }
        for Procedure { department, suspension } in &self.procedures {
            let Some((to, before)) = suspension.to.zip(suspension.from.pred_opt()) else { continue };
            let days = calendar.working_days_between(before, to);
            facts.add(Measure::SuspendedDays, department, to, 0, days.into());
        }
        facts.facts
    }

    /// What the window did.
    fn window(&self, facts: &mut Counting<'_>) {
        for timer in self.of_kind(Kind::Acceptance) {
            if timer.run == 1 {
                facts.one(Measure::Received, "", timer.started_on);
            }
            let Some(day) = timer.ended_on else { continue };
            match timer.outcome.as_str() {
                "SUPPLEMENT_REQUESTED" => facts.one(Measure::Supplemented, "", day),
                "ACCEPTED" => facts.one(Measure::Accepted, "", day),
                "DEEMED_ACCEPTED" => {
                    facts.one(Measure::Accepted, "", day);
                    facts.one(Measure::Deemed, "", day);
                }
                _ => {}
            }
        }
        if let Some(day) = self.ended_on {
            facts.one_if(self.outcome == "REFUSED", Measure::Refused, "", day);
            facts.one_if(self.outcome == "WITHDRAWN", Measure::Withdrawn, "", day);
        }
        for (_, day) in self.done(Kind::Delivery) {
            facts.one(Measure::Delivered, "", day);
        }
        if let Some(day) = self.completed_on {
            facts.one(Measure::Completed, "", day);
        }
    }

    /// How long the decision took, against the promise, the law, and one department after the other.
    fn decision(&self, facts: &mut Counting<'_>) {
        for (decision, day) in self.done(Kind::Decision) {
            let lead = decision.department.as_str();
            facts.one(Measure::Decided, lead, day);
            for (which, in_time, used, limit) in [
                (Which::Promised, Measure::AsPromised, Measure::Used, Measure::PromisedDays),
                (Which::Statutory, Measure::ByLaw, Measure::UsedByLaw, Measure::StatutoryDays),
            ] {
                let is_late = facts.is_late(decision, which, day);
                facts.one_if(!is_late, in_time, lead, day);
                facts.used(used, decision, which, day);
                let budget = decision.clock(which).map_or(0, |clock| clock.budget());
                facts.add(limit, lead, day, 0, budget.into());
            }
            let tasks: Vec<u32> = self
                .done(Kind::Task)
                .filter_map(|(task, day)| facts.days(task, Which::Promised, day))
                .collect();
            if tasks.len() > 1
                && let Some(took) = facts.days(decision, Which::Promised, day)
            {
                facts.add(Measure::JointDays, lead, day, took, 1);
                facts.add(Measure::OneAfterAnother, lead, day, tasks.iter().sum(), 1);
            }
        }
    }
}

struct Counting<'c> {
    facts: Facts,
    calendar: &'c Calendar,
}

impl Counting<'_> {
    fn add(&mut self, measure: Measure, department: &str, day: NaiveDate, bucket: u32, count: i64) {
        if count > 0 {
            let fact = Fact { measure, department: department.to_owned(), day, bucket };
            *self.facts.entry(fact).or_default() += count;
        }
    }

    fn one(&mut self, measure: Measure, department: &str, day: NaiveDate) {
        self.add(measure, department, day, 0, 1);
    }

    fn one_if(&mut self, counts: bool, measure: Measure, department: &str, day: NaiveDate) {
        if counts {
            self.one(measure, department, day);
        }
    }

    fn days(&self, timer: &Timer, which: Which, day: NaiveDate) -> Option<u32> {
        timer.clock(which).map(|clock| clock.used(self.calendar, day))
    }

    fn used(&mut self, measure: Measure, timer: &Timer, which: Which, day: NaiveDate) {
        if let Some(days) = self.days(timer, which, day) {
            self.add(measure, &timer.department, day, days, 1);
        }
    }

    fn is_late(&self, timer: &Timer, which: Which, day: NaiveDate) -> bool {
        let clock = timer.clock(which);
        let (promised, statutory) = match which {
            Which::Promised => (clock, None),
            Which::Statutory => (None, clock),
        };
        let light = Light::of(statutory.as_ref(), promised.as_ref(), self.calendar, day);
        matches!(light, Light::Red | Light::DarkRed)
    }
}

/// What is to be added to `before` so that it becomes `after`.
pub fn difference(before: &Facts, after: &Facts) -> Facts {
    let mut change = after.clone();
    for (fact, count) in before {
        *change.entry(fact.clone()).or_default() -= count;
    }
    change.retain(|_, count| *count != 0);
    change
}

#[cfg(test)]
mod tests {
    use yimen_kernel::deadline::Unit;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn timer(kind: Kind, department: &str, from: &str, to: &str, outcome: &str) -> Timer {
        Timer {
            id: Uuid::nil(),
            kind,
            department: department.to_owned(),
            run: 1,
            started_on: day(from),
            unit: Unit::WorkingDays,
            promised: Some(5),
            statutory: Some(20),
            ended_on: Some(day(to)),
            outcome: outcome.to_owned(),
            fired: Vec::new(),
            stops: Vec::new(),
            extension: None,
        }
    }

    fn case() -> CaseFile {
        CaseFile {
            number: "n".into(),
            center: "430102".into(),
            item: "i".into(),
            outcome: String::new(),
            ended_on: None,
            completed_on: Some(day("2026-03-11")),
            timers: vec![
                timer(Kind::Acceptance, "", "2026-03-02", "2026-03-02", "ACCEPTED"),
                timer(Kind::Task, "a", "2026-03-02", "2026-03-09", "APPROVE"),
                timer(Kind::Task, "b", "2026-03-02", "2026-03-05", "APPROVE"),
                timer(Kind::Task, "c", "2026-03-02", "2026-03-10", "APPROVE"),
                timer(Kind::Decision, "a", "2026-03-02", "2026-03-10", "GRANTED"),
            ],
            procedures: Vec::new(),
            warnings: vec![Told {
                warning: Uuid::nil(),
                clock: Uuid::nil(),
                ended_on: Some(day("2026-03-10")),
                public: true,
                department: "c".into(),
                rung: Rung::Red,
                reached_on: day("2026-03-10"),
                corrected_on: None,
            }],
        }
    }

    fn count(facts: &Facts, wanted: Measure) -> Vec<(u32, i64)> {
        let found = facts.iter().filter(|(fact, _)| fact.measure == wanted);
        found.map(|(fact, count)| (fact.bucket, *count)).collect()
    }

    /// Monday to the Tuesday after: six working days, one more than promised; the departments took 5 + 3 + 6.
    #[test]
    fn a_joint_decision_counts_against_the_sum_of_its_departments() {
        let facts = case().facts(&Calendar::published().unwrap());
        assert_eq!(count(&facts, Measure::Received), [(0, 1)]);
        assert_eq!(count(&facts, Measure::Used), [(6, 1)]);
        assert_eq!(count(&facts, Measure::AsPromised), []);
        assert_eq!(count(&facts, Measure::ByLaw), [(0, 1)]);
        assert_eq!(count(&facts, Measure::JointDays), [(6, 1)]);
        assert_eq!(count(&facts, Measure::OneAfterAnother), [(14, 1)]);
        assert_eq!(count(&facts, Measure::StatutoryDays), [(0, 20)]);
        let on_time: i64 = count(&facts, Measure::OpinionsOnTime).iter().map(|(_, count)| count).sum();
        assert_eq!(on_time, 2);
        assert_eq!(count(&facts, Measure::Red), [(0, 1)]);
    }

    #[test]
    fn a_warning_is_refuted_by_what_was_done_before_its_day() {
        let mut case = case();
        assert_eq!(case.refuted().count(), 0, "it was done on the day on which it was red");
        case.warnings[0].ended_on = Some(day("2026-03-09"));
        assert_eq!(case.refuted().count(), 1);
        case.warnings[0].corrected_on = Some(day("2026-03-11"));
        assert_eq!(case.refuted().count(), 0);
    }

    #[test]
    fn what_ended_with_the_case_is_no_opinion_and_no_decision() {
        let mut case = case();
        for timer in &mut case.timers {
            timer.outcome = "WITHDRAWN".into();
        }
        let facts = case.facts(&Calendar::published().unwrap());
        assert_eq!(count(&facts, Measure::Decided), []);
        assert_eq!(count(&facts, Measure::Opinions), []);
    }

    #[test]
    fn a_difference_brings_what_was_counted_to_what_counts() {
        let calendar = Calendar::published().unwrap();
        let before = case().facts(&calendar);
        let mut later = case();
        later.warnings.clear();
        let mut after = later.facts(&calendar);
        let change = difference(&before, &after);
        assert_eq!(change.values().copied().collect::<Vec<_>>(), [-1]);
        for (fact, count) in change {
            *after.entry(fact).or_default() -= count;
        }
        assert_eq!(after, before);
        assert!(difference(&before, &before).is_empty());
    }
}
