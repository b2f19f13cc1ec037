//! Dates and times as people read them: China's legal time, in the reader's language.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use prost_types::Timestamp;
use yimen_kernel::Lang;
use yimen_kernel::date::{CHINA, parse_date};

/// Date and time, or nothing where there is none.
pub fn time(at: Option<&Timestamp>, lang: Lang) -> String {
    let format = match lang {
        Lang::Zh => "%Y\u{5e74}%-m\u{6708}%-d\u{65e5} %H:%M",
        Lang::En => "%-d %b %Y, %H:%M",
    };
    at.and_then(instant).map(|at| at.with_timezone(&CHINA).format(format).to_string()).unwrap_or_default()
}

/// An ISO date of the contract; what is none stays as it is.
pub fn date(iso: &str, lang: Lang) -> String {
    let format = match lang {
        Lang::Zh => "%Y\u{5e74}%-m\u{6708}%-d\u{65e5}",
        Lang::En => "%-d %b %Y",
    };
    parse_date(iso).map_or_else(|_| iso.to_owned(), |date| date.format(format).to_string())
}

/// What an `input type="datetime-local"` shows of a moment.
pub fn to_input(at: Option<&Timestamp>) -> String {
    let local = at.and_then(instant).map(|at| at.with_timezone(&CHINA));
    local.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

/// What an `input type="datetime-local"` says, as China's time.
pub fn from_input(value: &str) -> Option<Timestamp> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(value.trim(), format).ok())?;
    let at = CHINA.from_local_datetime(&local).single()?;
    Some(Timestamp { seconds: at.timestamp(), nanos: 0 })
}

fn instant(at: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinas_time_in_both_languages() {
        let at = from_input("2026-11-23T15:04").unwrap();
        assert_eq!(at.seconds, 1_795_417_440);
        assert_eq!(time(Some(&at), Lang::Zh), "2026年11月23日 15:04");
        assert_eq!(time(Some(&at), Lang::En), "23 Nov 2026, 15:04");
        assert_eq!(to_input(Some(&at)), "2026-11-23T15:04");
        assert_eq!(date("2026-01-05", Lang::Zh), "2026年1月5日");
        assert_eq!(date("2026-01-05", Lang::En), "5 Jan 2026");
        assert_eq!(date("soon", Lang::En), "soon");
        assert_eq!(time(None, Lang::Zh), "");
        assert_eq!(from_input("23.11.2026"), None);
    }
}
