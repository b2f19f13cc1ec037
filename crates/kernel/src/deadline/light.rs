//! The light of a case (红黄牌): computed, never stored.

use chrono::NaiveDate;

use super::Clock;
use crate::{Calendar, Lang};

/// What a case looks like to a supervisor. In order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Light {
    /// 中止: it stands still.
    Grey,
    /// 正常.
    Green,
    /// 黄牌预警: one working day is left, or four fifths of the promise are used.
    Yellow,
    /// 红牌警告: the promise has passed.
    Red,
    /// The legal limit has passed (行政许可法 art. 74).
    DarkRed,
}

impl Light {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Light::Grey => "GREY",
            Light::Green => "GREEN",
            Light::Yellow => "YELLOW",
            Light::Red => "RED",
            Light::DarkRed => "DARK_RED",
        }
    }

    /// Its name for people.
    pub fn text(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Light::Grey, Lang::Zh) => "灰（中止）",
            (Light::Green, Lang::Zh) => "绿（正常）",
            (Light::Yellow, Lang::Zh) => "黄（预警）",
            (Light::Red, Lang::Zh) => "红（超承诺时限）",
            (Light::DarkRed, Lang::Zh) => "深红（超法定时限）",
            (Light::Grey, Lang::En) => "grey (suspended)",
            (Light::Green, Lang::En) => "green",
            (Light::Yellow, Lang::En) => "yellow (nearly due)",
            (Light::Red, Lang::En) => "red (promise passed)",
            (Light::DarkRed, Lang::En) => "dark red (legal limit passed)",
        }
    }

    /// The light of a case on `day`, or on the day of its end if that came first. Where there is only one
    /// limit, it stands for both.
    ///
    /// The last day is not late. A promise of a single day is yellow from its start; one that is kept on the
    /// spot (no days) is yellow on its day.
    pub fn of(
        statutory: Option<&Clock>,
        promised: Option<&Clock>,
        calendar: &Calendar,
        day: NaiveDate,
    ) -> Self {
        if statutory.is_some_and(|clock| clock.is_late(calendar, day)) {
            return Light::DarkRed;
        }
        let Some(clock) = promised.or(statutory) else { return Light::Green };
        if clock.is_late(calendar, day) {
            return Light::Red;
        }
        if clock.is_suspended(day) {
            return Light::Grey;
        }
        let used = clock.used(calendar, day);
        let nearly = u64::from(used) * 100 >= u64::from(clock.budget()) * 80;
        if nearly || clock.left(calendar, day) <= 1 { Light::Yellow } else { Light::Green }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ground, Limit, Suspension, Which};
    use super::*;
    use crate::date::parse_date;

    #[test]
    fn from_green_to_dark_red() {
        let calendar = Calendar::published().unwrap();
        let day = |text: &str| parse_date(text).unwrap();
        let start = day("2026-03-02");
        let (statutory, promised) =
            (Clock::new(start, Limit::working(20)), Clock::new(start, Limit::working(7)));
        let light = |on: &str| Light::of(Some(&statutory), Some(&promised), &calendar, day(on));
        for (on, expected) in [
            ("2026-03-02", Light::Green),
            ("2026-03-08", Light::Green),
            ("2026-03-09", Light::Green),
            ("2026-03-10", Light::Yellow),
            ("2026-03-11", Light::Yellow),
            ("2026-03-12", Light::Red),
            ("2026-03-30", Light::Red),
            ("2026-03-31", Light::DarkRed),
        ] {
            assert_eq!(light(on), expected, "{on}");
        }
        let stop = Suspension {
            ground: Ground::Hearing,
            document: "1".into(),
            from: day("2026-03-05"),
            to: Some(day("2026-03-20")),
        };
        let stopped = promised.clone().suspended(Which::Promised, &[stop]);
        let light = |on: &str| Light::of(Some(&statutory), Some(&stopped), &calendar, day(on));
        assert_eq!(light("2026-03-12"), Light::Grey);
        assert_eq!(light("2026-03-23"), Light::Green);
        let one = Clock::new(start, Limit::working(1));
        assert_eq!(Light::of(None, Some(&one), &calendar, start), Light::Yellow);
        let none = Clock::new(start, Limit::working(0));
        assert_eq!(Light::of(None, Some(&none), &calendar, start), Light::Yellow);
        assert_eq!(Light::of(None, Some(&none), &calendar, day("2026-03-03")), Light::Red);
    }
}
