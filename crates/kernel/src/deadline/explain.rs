//! How a deadline came about, day by day.

use chrono::NaiveDate;

use super::{Clock, Ground, Unit};
use crate::Lang;
use crate::calendar::{Calendar, Day};

/// Past so many days of explanation nobody reads on; a suspension without an end has to stop somewhere.
const MOST: usize = 2_000;

/// A day and what it was for the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The day.
    pub day: NaiveDate,
    /// What it was.
    pub what: What,
    /// Whether it is the last day.
    pub is_due: bool,
}

/// What a day was for a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The day of the start, which is not counted (民法典 art. 201).
    Start,
    /// The so-manieth day of the budget.
    Counted(u32),
    /// The same, a weekend that is worked for this holiday.
    WorkingWeekend(u32, String),
    /// The same, of what an extension added.
    Extended(u32),
    /// A weekend.
    Weekend,
    /// Off for this holiday.
    Holiday(String),
    /// Not counted for a ground, by a document.
    Suspended(Ground, String),
    /// The limit does not end on a day off and goes on (民法典 art. 203).
    Rolled,
}

/// Every day of a clock from its start to its last day; to `until` while it has none.
pub fn explain(clock: &Clock, calendar: &Calendar, until: NaiveDate) -> Vec<Line> {
    let due = clock.due(calendar).map(|due| due.on);
    let end = due.unwrap_or(until);
    let mut lines = vec![Line { day: clock.start, what: What::Start, is_due: due == Some(clock.start) }];
    let mut counted = 0;
    for day in clock.start.iter_days().skip(1).take_while(|day| *day <= end).take(MOST) {
        let what = what(clock, calendar, day, &mut counted);
        lines.push(Line { day, what, is_due: due == Some(day) });
    }
    lines
}

fn what(clock: &Clock, calendar: &Calendar, day: NaiveDate, counted: &mut u32) -> What {
    let kind = calendar.day(day);
    let counts = clock.limit.unit == Unit::CalendarDays || kind.is_worked();
    if let Some(stop) = clock.stops().iter().find(|stop| stop.covers(day)).filter(|_| counts) {
        return What::Suspended(stop.ground.clone(), stop.document.clone());
    }
    if clock.limit.unit == Unit::CalendarDays && *counted == clock.budget() {
        return What::Rolled;
    }
    if counts {
        *counted += 1;
    }
    match kind {
        _ if counts && *counted > clock.limit.days => What::Extended(*counted),
        Day::WorkingWeekend(holiday) if counts => What::WorkingWeekend(*counted, holiday.to_owned()),
        _ if counts => What::Counted(*counted),
        Day::Holiday(holiday) => What::Holiday(holiday.to_owned()),
        _ => What::Weekend,
    }
}

impl Line {
    /// The line for people.
    pub fn text(&self, lang: Lang) -> String {
        let said = match (lang, &self.what) {
            (Lang::Zh, What::Start) => "起算日，不计入（民法典第二百零一条）".to_owned(),
            (Lang::En, What::Start) => "the day of the start, not counted (Civil Code art. 201)".to_owned(),
            (Lang::Zh, What::Counted(count)) => format!("第{count}日"),
            (Lang::En, What::Counted(count)) => format!("day {count}"),
            (Lang::Zh, What::WorkingWeekend(count, holiday)) => format!("第{count}日（{holiday}调休上班）"),
            (Lang::En, What::WorkingWeekend(count, holiday)) => {
                format!("day {count} (a weekend worked for {holiday})")
            }
            (Lang::Zh, What::Extended(count)) => format!("第{count}日（延长，行政许可法第四十二条）"),
            (Lang::En, What::Extended(count)) => {
                format!("day {count} (extension, Administrative Licensing Law art. 42)")
            }
            (Lang::Zh, What::Weekend) => "周末，不计入".to_owned(),
            (Lang::En, What::Weekend) => "weekend, not counted".to_owned(),
            (Lang::Zh, What::Holiday(holiday)) => format!("{holiday}放假，不计入"),
            (Lang::En, What::Holiday(holiday)) => format!("off for {holiday}, not counted"),
            (Lang::Zh, What::Suspended(ground, document)) => {
                format!("{}，不计入{}{document}", ground.text(lang), law(ground, lang))
            }
            (Lang::En, What::Suspended(ground, document)) => {
                format!("{}, not counted{}{document}", ground.text(lang), law(ground, lang))
            }
            (Lang::Zh, What::Rolled) => "末日为休息日，顺延（民法典第二百零三条）".to_owned(),
            (Lang::En, What::Rolled) => "does not end on a day off, goes on (Civil Code art. 203)".to_owned(),
        };
        let due = match (self.is_due, lang) {
            (false, _) => "",
            (true, Lang::Zh) => "【届满日】",
            (true, Lang::En) => " [due]",
        };
        format!("{} {said}{due}", self.day)
    }
}

fn law(ground: &Ground, lang: Lang) -> &'static str {
    match (ground.is_legal(), lang) {
        (true, Lang::Zh) => "（行政许可法第四十五条）",
        (true, Lang::En) => " (Administrative Licensing Law art. 45) ",
        (false, Lang::Zh) => "（事项公布的情形）",
        (false, Lang::En) => " (as the item publishes) ",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Authority, Extension, Limit, Suspension, Which};
    use super::*;
    use crate::date::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn every_day_says_what_it_was() {
        let calendar = Calendar::published().unwrap();
        let stop = Suspension {
            ground: Ground::ExpertReview,
            document: "告知1号".into(),
            from: day("2026-02-25"),
            to: Some(day("2026-02-26")),
        };
        let clock = Clock::new(day("2026-02-12"), Limit::working(4))
            .suspended(Which::Statutory, &[stop])
            .extended(Some(Extension { days: 1, authority: Authority::AgencyHead }));
        let lines = explain(&clock, &calendar, day("2026-02-12"));
        let said = |on: &str| lines.iter().find(|line| line.day == day(on)).unwrap().text(Lang::Zh);
        assert!(said("2026-02-12").contains("起算日"));
        assert!(said("2026-02-14").contains("第2日（春节调休上班）"));
        assert!(said("2026-02-16").contains("春节放假"));
        assert!(said("2026-02-25").contains("专家评审，不计入（行政许可法第四十五条）告知1号"));
        assert!(said("2026-02-28").contains("第5日（延长"), "{}", said("2026-02-28"));
        let last = lines.last().unwrap();
        assert!(last.is_due && last.day == clock.due(&calendar).unwrap().on);
        assert!(lines.iter().all(|line| line.text(Lang::En).starts_with(&line.day.to_string())));

        let rolled = Clock::new(day("2025-08-04"), Limit::calendar(60));
        let lines = explain(&rolled, &calendar, day("2025-08-04"));
        assert_eq!(lines.iter().filter(|line| line.what == What::Rolled).count(), 6);
        let open = Clock::new(day("2026-03-02"), Limit::working(3)).suspended(
            Which::Promised,
            &[Suspension {
                ground: Ground::Hearing,
                document: String::new(),
                from: day("2026-03-03"),
                to: None,
            }],
        );
        let lines = explain(&open, &calendar, day("2026-03-05"));
        assert!(lines.len() == 4 && lines.iter().all(|line| !line.is_due));
    }
}
