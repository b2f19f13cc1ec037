//! A limit of a case that runs, and the rungs of the ladder that it reaches.

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::calendar::Due;
use yimen_kernel::deadline::{Extension, Limit, Suspension, Unit, Which};
use yimen_kernel::{Calendar, Clock, Light};

use super::codes::codes;

/// Working days after the last day that was missed, until a supervision case is opened (示例).
const CASE_AFTER: u32 = 3;

codes! {
    /// What a clock measures.
    Kind {
        /// 受理 (行政许可法 art. 32).
        Acceptance = "ACCEPTANCE",
        /// 决定 (art. 42).
        Decision = "DECISION",
        /// A department's opinion.
        Task = "TASK",
        /// 特别程序, as long as was announced (art. 45).
        Procedure = "PROCEDURE",
        /// 送达 (art. 44).
        Delivery = "DELIVERY",
        /// 催缴.
        FeeFollowUp = "FEE_FOLLOW_UP",
        /// The reply to a supervision case (督办).
        SupervisionCase = "SUPERVISION_CASE",
        /// A complaint is accepted or declined (湖南省行政效能投诉处理办法).
        ComplaintAcceptance = "COMPLAINT_ACCEPTANCE",
        /// A complaint is answered (the same).
        ComplaintAnswer = "COMPLAINT_ANSWER",
        /// 复查 and 复核 of a complaint.
        ComplaintReview = "COMPLAINT_REVIEW",
        /// A question is answered (咨询).
        Consultation = "CONSULTATION",
        /// Whoever gave a negative rating is contacted.
        RatingContact = "RATING_CONTACT",
        /// What a negative rating says is put right.
        RatingRectification = "RATING_RECTIFICATION",
        /// The rater is asked again.
        RatingReturnVisit = "RATING_RETURN_VISIT",
    }
}

codes! {
    /// A step of the ladder.
    Rung {
        /// 黄牌.
        Yellow = "YELLOW",
        /// 红牌: the promise has passed.
        Red = "RED",
        /// The legal limit has passed.
        DarkRed = "DARK_RED",
        /// 督办: it is still not done.
        Case = "CASE",
    }
}

impl Kind {
    /// Whether it is a complaint's or a negative rating's: its department is empty for the supervisor's office, not
    /// for the window.
    pub fn is_of_complaint(self) -> bool {
        match self {
            Kind::ComplaintAcceptance | Kind::ComplaintAnswer | Kind::ComplaintReview => true,
            Kind::RatingContact | Kind::RatingRectification | Kind::RatingReturnVisit => true,
            Kind::Acceptance | Kind::Decision | Kind::Task | Kind::Procedure | Kind::Delivery => false,
            Kind::FeeFollowUp | Kind::SupervisionCase | Kind::Consultation => false,
        }
    }
}

impl Rung {
    /// Whether it goes on the public list, for a clock that measures `kind`: what the applicant waits for.
    pub fn is_public(self, kind: Kind) -> bool {
        let is_waited_for = matches!(kind, Kind::Acceptance | Kind::Decision | Kind::Task | Kind::Delivery);
        is_waited_for && self != Rung::Yellow
    }
}

/// A limit that runs or ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Its id.
    pub id: Uuid,
    /// What it measures.
    pub kind: Kind,
    /// Whose it is; empty: the window's.
    pub department: String,
    /// 1 for the first time.
    pub run: u32,
    /// Its first day, which is not counted.
    pub started_on: NaiveDate,
    /// What its budgets count.
    pub unit: Unit,
    /// 承诺.
    pub promised: Option<u32>,
    /// 法定.
    pub statutory: Option<u32>,
    /// The day of its end.
    pub ended_on: Option<NaiveDate>,
    /// How it ended.
    pub outcome: String,
    /// The rungs that it is known to have reached.
    pub fired: Vec<Rung>,
    /// What stops it.
    pub stops: Vec<Suspension>,
    /// What was added.
    pub extension: Option<Extension>,
}

/// A rung, and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub rung: Rung,
    /// The last day that was missed or is near.
    pub due_on: NaiveDate,
    /// The first day on which the light shows it.
    pub on: NaiveDate,
}

impl Timer {
    /// The clock of the promise or of the law, if there is one.
    pub fn clock(&self, which: Which) -> Option<Clock> {
        let days = match which {
            Which::Promised => self.promised,
            Which::Statutory => self.statutory,
        };
        let clock = Clock::new(self.started_on, Limit { days: days?, unit: self.unit });
        Some(clock.suspended(which, &self.stops).extended(self.extension))
    }

    /// Its last day by the promise or by the law; none while a suspension without an end moves it.
    pub fn due(&self, which: Which, calendar: &Calendar) -> Option<Due> {
        self.clock(which)?.due(calendar)
    }

    /// The last day of the calendar that any of its days depends on; none while it has no last day.
    pub fn reaches_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        let mut reaches = self.rungs(calendar).iter().map(|reached| reached.on).max();
        for which in [Which::Promised, Which::Statutory] {
            if let Some(clock) = self.clock(which) {
                reaches = reaches.max(Some(clock.due(calendar)?.on));
            }
        }
        reaches
    }

    /// Its light on a day; one that has ended keeps that of its end.
    pub fn light(&self, calendar: &Calendar, today: NaiveDate) -> Light {
        let day = self.ended_on.map_or(today, |ended_on| ended_on.min(today));
        let (statutory, promised) = (self.clock(Which::Statutory), self.clock(Which::Promised));
        Light::of(statutory.as_ref(), promised.as_ref(), calendar, day)
    }

    /// The clock that its handler goes by: the promise if there is one.
    pub fn leading(&self) -> Option<Clock> {
        self.clock(Which::Promised).or_else(|| self.clock(Which::Statutory))
    }

    /// The rungs that it reaches before its end, as things stand, in the order of their days.
    pub fn rungs(&self, calendar: &Calendar) -> Vec<Reached> {
        let late = |which, rung| {
            let due = self.due(which, calendar)?.on;
            Some(Reached { rung, due_on: due, on: due.succ_opt()? })
        };
        let red = late(Which::Promised, Rung::Red);
        let dark = late(Which::Statutory, Rung::DarkRed);
        // What passes both at once is dark red, as its light is.
        let red = red.filter(|red| dark.is_none_or(|dark| red.on < dark.on));
        let case = red.or(dark).and_then(|late| self.case(late, calendar));
        let mut reached: Vec<Reached> =
            [self.yellow(calendar), red, dark, case].into_iter().flatten().collect();
        reached.retain(|rung| self.ended_on.is_none_or(|ended_on| rung.on <= ended_on));
        reached.sort_by_key(|rung| (rung.on, rung.rung));
        reached
    }

    /// The first day on which the light is yellow.
    fn yellow(&self, calendar: &Calendar) -> Option<Reached> {
        let clock = self.leading()?;
        let due_on = clock.due(calendar)?.on;
        let budget = clock.budget();
        let nearly = (u64::from(budget) * 4).div_ceil(5);
        let used = u32::try_from(nearly).unwrap_or(budget).min(budget.saturating_sub(1));
        Some(Reached { rung: Rung::Yellow, due_on, on: clock.reaches(calendar, used)? })
    }

    /// When it has been late for so long that a supervision case is opened; not for the reply to one, and not
    /// for a complaint.
    fn case(&self, late: Reached, calendar: &Calendar) -> Option<Reached> {
        // What would be said about a complaint may be read by whomever it is about: complaints asks itself.
        if self.kind == Kind::SupervisionCase || self.kind.is_of_complaint() {
            return None;
        }
        let on = calendar.due(late.due_on, CASE_AFTER).succ_opt()?;
        Some(Reached { rung: Rung::Case, due_on: late.due_on, on })
    }

    /// Those that it has reached by `today` and that nobody has been told of.
    pub fn news(&self, calendar: &Calendar, today: NaiveDate) -> Vec<Reached> {
        let rungs = self.rungs(calendar).into_iter();
        rungs.filter(|reached| reached.on <= today && !self.fired.contains(&reached.rung)).collect()
    }

    /// The day on which it reaches the next rung that nobody has been told of.
    pub fn next_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        self.rungs(calendar)
            .into_iter()
            .find(|reached| !self.fired.contains(&reached.rung))
            .map(|reached| reached.on)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;
    use proptest::prelude::*;
    use yimen_kernel::deadline::Ground;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn decision(promised: u32, statutory: u32) -> Timer {
        Timer {
            id: Uuid::nil(),
            kind: Kind::Decision,
            department: String::new(),
            run: 1,
            started_on: day("2026-02-13"),
            unit: Unit::WorkingDays,
            promised: Some(promised),
            statutory: Some(statutory),
            ended_on: None,
            outcome: String::new(),
            fired: Vec::new(),
            stops: Vec::new(),
            extension: None,
        }
    }

    fn days(timer: &Timer) -> Vec<(Rung, String)> {
        let calendar = Calendar::published().unwrap();
        timer.rungs(&calendar).into_iter().map(|reached| (reached.rung, reached.on.to_string())).collect()
    }

    /// Over the Spring Festival: +10 is 5 March, +20 is 19 March (domain rules, section 7.2).
    #[test]
    fn the_rungs_have_their_days() {
        let rung = |rung, on: &str| (rung, on.to_owned());
        let all = [
            rung(Rung::Yellow, "2026-03-03"),
            rung(Rung::Red, "2026-03-06"),
            rung(Rung::Case, "2026-03-11"),
            rung(Rung::DarkRed, "2026-03-20"),
        ];
        assert_eq!(days(&decision(10, 20)), all);
        let ended = Timer { ended_on: Some(day("2026-03-06")), ..decision(10, 20) };
        assert_eq!(days(&ended), all[..2], "it ended on the day on which it was red");
        let in_time = Timer { ended_on: Some(day("2026-03-05")), ..decision(10, 20) };
        assert_eq!(days(&in_time), all[..1]);
        let at_once = days(&decision(20, 20));
        assert_eq!(
            at_once.iter().map(|(rung, _)| *rung).collect::<Vec<_>>(),
            [Rung::Yellow, Rung::DarkRed, Rung::Case]
        );
        let reply = Timer { kind: Kind::SupervisionCase, ..decision(10, 20) };
        assert!(days(&reply).iter().all(|(rung, _)| *rung != Rung::Case), "a case opens no case");
    }

    #[test]
    fn what_changes_after_its_reach_changes_nothing() {
        let calendar = Calendar::published().unwrap();
        let timer = decision(10, 20);
        let reach = timer.reaches_on(&calendar).unwrap();
        assert_eq!(reach, day("2026-03-20"), "the day on which it is dark red");
        // Every day of the year from there on is off, or from the day itself.
        let year = |from: NaiveDate| {
            let lines =
                from.iter_days().take_while(|day| day.year() == 2026).filter(|day| calendar.is_working(*day));
            let off: String = lines.map(|day| format!("{day},off,示例\n")).collect();
            let before = Calendar::published().unwrap();
            let kept = include_str!("../../../../catalog/calendar.csv")
                .lines()
                .filter(|line| line.starts_with("2026"));
            let kept: String = kept
                .filter(|line| line.get(..10).is_some_and(|on| day(on) < from))
                .map(|line| format!("{line}\n"))
                .collect();
            before.with(&Calendar::parse(&format!("date,kind,holiday\n{kept}{off}")).unwrap())
        };
        let later = year(reach.succ_opt().unwrap());
        assert_eq!(timer.rungs(&later), timer.rungs(&calendar));
        let sooner = year(day("2026-03-19"));
        assert_ne!(timer.rungs(&sooner), timer.rungs(&calendar));
    }

    #[test]
    fn p14_what_stands_still_climbs_no_rung() {
        let stop = Suspension {
            ground: Ground::ExpertReview,
            document: "430102-TB-2026-0000001".into(),
            from: day("2026-02-25"),
            to: None,
        };
        let stopped = Timer { stops: vec![stop.clone()], ..decision(10, 20) };
        assert_eq!(days(&stopped), []);
        let calendar = Calendar::published().unwrap();
        assert_eq!(stopped.light(&calendar, day("2026-03-30")), Light::Grey);
        let unannounced = Suspension { document: String::new(), ..stop };
        let only_the_law = Timer { stops: vec![unannounced], ..decision(10, 20) };
        assert_eq!(
            days(&only_the_law),
            [(Rung::DarkRed, "2026-03-20".to_owned()), (Rung::Case, "2026-03-25".to_owned())],
            "no notice, no stop"
        );
    }

    proptest! {
        /// The rungs are the days on which the light changes, found day by day.
        #[test]
        fn rungs_are_where_the_light_changes(
            promised in 0_u32..25, more in 0_u32..25, start in 0_u64..700, stop in 0_u64..40, length in 0_u64..20,
        ) {
            let calendar = Calendar::published().unwrap();
            let started_on = day("2025-01-02") + chrono::Days::new(start);
            let from = started_on + chrono::Days::new(stop);
            let suspension = Suspension {
                ground: Ground::Testing,
                document: "d".into(),
                from,
                to: Some(from + chrono::Days::new(length)),
            };
            let timer = Timer { started_on, stops: vec![suspension], ..decision(promised, promised + more) };
            let lights: Vec<(NaiveDate, Light)> = started_on
                .iter_days()
                .take(150)
                .map(|day| (day, timer.light(&calendar, day)))
                .collect();
            let first = |wanted: Light| lights.iter().find(|(_, light)| *light == wanted).map(|(day, _)| *day);
            let rungs = timer.rungs(&calendar);
            let on = |rung| rungs.iter().find(|reached| reached.rung == rung).map(|reached| reached.on);
            prop_assert_eq!(on(Rung::Red), first(Light::Red));
            prop_assert_eq!(on(Rung::DarkRed), first(Light::DarkRed));
            if let Some(yellow) = first(Light::Yellow) {
                prop_assert!(on(Rung::Yellow).unwrap() <= yellow);
            }
        }
    }
}
