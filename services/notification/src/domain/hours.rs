//! When a message that may wait is sent.

use chrono::{DateTime, NaiveTime, Utc};
use yimen_kernel::date::CHINA;

/// The hours of a day in China in which messages go out; others wait for the morning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: NaiveTime,
    /// None: until midnight.
    to: Option<NaiveTime>,
}

impl Hours {
    /// Reads `08:00-21:00`; `24:00` ends the day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let from = time(from)?;
        let to = if to.trim() == "24:00" { None } else { Some(time(to)?) };
        to.is_none_or(|to| from < to).then_some(Self { from, to })
    }

    /// Whether messages go out now.
    pub fn are_open(self, now: DateTime<Utc>) -> bool {
        let time = now.with_timezone(&CHINA).time();
        time >= self.from && self.to.is_none_or(|to| time < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_quiet() {
        let hours = Hours::parse("08:00-21:00").unwrap();
        let open = |text: &str| hours.are_open(text.parse().unwrap());
        assert!(open("2026-11-24T00:00:00Z"), "eight in the morning in China");
        assert!(!open("2026-11-23T23:59:59Z"));
        assert!(open("2026-11-24T12:59:59Z"));
        assert!(!open("2026-11-24T13:00:00Z"));
        assert!(Hours::parse("00:00-24:00").unwrap().are_open("2026-11-24T17:00:00Z".parse().unwrap()));
        for wrong in ["", "8-21", "21:00-08:00", "08:00-25:00"] {
            assert_eq!(Hours::parse(wrong), None, "{wrong}");
        }
    }
}
