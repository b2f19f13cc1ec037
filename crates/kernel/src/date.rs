//! Dates as China counts them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};

use crate::{FieldFault, Parsed, Reason};

/// Beijing time, UTC+8, the legal time of the whole country. There has been no
/// summer time since 1992, so a fixed offset is right for every date we handle.
pub const CHINA: FixedOffset = match FixedOffset::east_opt(8 * 3600) {
    Some(offset) => offset,
    None => panic!("eight hours is a valid offset"),
};

/// The years that any date here may lie in.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// The calendar date in China at this instant.
pub fn local_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&CHINA).date_naive()
}

/// The instant at which a day begins in China.
pub fn day_start(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    DateTime::from_naive_utc_and_offset(midnight - CHINA, Utc)
}

/// Reads `YYYY-MM-DD` and nothing else.
///
/// # Errors
/// `REQUIRED_FIELD`, `BAD_FORMAT`, `IMPOSSIBLE_DATE` (30 February),
/// `OUT_OF_RANGE` if the year is not in [`YEARS`].
pub fn parse_date(value: &str) -> Parsed<NaiveDate> {
    if value.is_empty() {
        return Err(Reason::Required.into());
    }
    let shaped = value.len() == 10
        && value.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(Reason::BadFormat.into());
    }
    date_of_digits(&value.replace('-', ""))
}

/// Reads the `yyyymmdd` inside a code.
///
/// # Errors
/// As [`parse_date`].
pub(crate) fn date_of_digits(digits: &str) -> Parsed<NaiveDate> {
    let number: u32 = digits.parse().map_err(|_| FieldFault::new(Reason::BadFormat))?;
    let year = i32::try_from(number / 10_000).unwrap_or(i32::MAX);
    let date =
        NaiveDate::from_ymd_opt(year, number / 100 % 100, number % 100).ok_or(Reason::ImpossibleDate)?;
    in_years(date)
}

/// Lets a date pass whose year is in [`YEARS`].
///
/// # Errors
/// `OUT_OF_RANGE`.
pub(crate) fn in_years(date: NaiveDate) -> Parsed<NaiveDate> {
    check_year(date.year())?;
    Ok(date)
}

/// Lets a year pass that is in [`YEARS`].
///
/// # Errors
/// `OUT_OF_RANGE`.
pub(crate) fn check_year(year: i32) -> Parsed<()> {
    if YEARS.contains(&year) {
        Ok(())
    } else {
        let limit = format!("{}–{}", YEARS.start(), YEARS.end());
        Err(FieldFault::limited(Reason::OutOfRange, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn day_begins_at_sixteen_utc() {
        let at = |text: &str| local_date(text.parse().unwrap()).to_string();
        assert_eq!(at("2025-12-31T15:59:59Z"), "2025-12-31");
        assert_eq!(at("2025-12-31T16:00:00Z"), "2026-01-01");
    }

    #[test]
    fn a_day_starts_where_it_begins() {
        let start = day_start(parse_date("2026-01-01").unwrap());
        assert_eq!(start.to_rfc3339(), "2025-12-31T16:00:00+00:00");
        assert_eq!(local_date(start).to_string(), "2026-01-01");
    }

    #[test]
    fn strict_dates() {
        for text in ["2024-02-29", "1900-01-01", "2200-12-31"] {
            assert_eq!(parse_date(text).unwrap().to_string(), text);
        }
        for (text, reason) in [
            ("", Reason::Required),
            ("2025-2-01", Reason::BadFormat),
            ("20250201", Reason::BadFormat),
            ("2025/02/01", Reason::BadFormat),
            (" 2025-02-01", Reason::BadFormat),
            ("2025-02-01T", Reason::BadFormat),
            ("２025-02-0", Reason::BadFormat),
            ("+025-02-01", Reason::BadFormat),
            ("2025-02-29", Reason::ImpossibleDate),
            ("2025-13-01", Reason::ImpossibleDate),
            ("2025-00-00", Reason::ImpossibleDate),
            ("1899-12-31", Reason::OutOfRange),
            ("2201-01-01", Reason::OutOfRange),
            ("0000-01-01", Reason::OutOfRange),
        ] {
            assert_eq!(parse_date(text).unwrap_err().reason, reason, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_is_printed(days in 0..109_000_u64) {
            let date = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days);
            prop_assert_eq!(parse_date(&date.to_string()).unwrap(), date);
        }
    }
}
