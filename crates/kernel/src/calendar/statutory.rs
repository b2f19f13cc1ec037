//! Statutory days off (全国年节及纪念日放假办法, 2024) for years without a notice.
//!
//! One that falls on a weekend is made up on the next working day (art. 6); which days a notice will
//! really move cannot be known before it.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

/// 春节 (the lunar new year's day), 端午 and 中秋 as month and day, computed from the lunar calendar. For
/// other years these three are not reckoned with.
const LUNAR: [(i32, [(u32, u32); 3]); 24] = [
    (2027, [(2, 6), (6, 9), (9, 15)]),
    (2028, [(1, 26), (5, 28), (10, 3)]),
    (2029, [(2, 13), (6, 16), (9, 22)]),
    (2030, [(2, 3), (6, 5), (9, 12)]),
    (2031, [(1, 23), (6, 24), (10, 1)]),
    (2032, [(2, 11), (6, 12), (9, 19)]),
    (2033, [(1, 31), (6, 1), (9, 8)]),
    (2034, [(2, 19), (6, 20), (9, 27)]),
    (2035, [(2, 8), (6, 10), (9, 16)]),
    (2036, [(1, 28), (5, 30), (10, 4)]),
    (2037, [(2, 15), (6, 18), (9, 24)]),
    (2038, [(2, 4), (6, 7), (9, 13)]),
    (2039, [(1, 24), (5, 27), (10, 2)]),
    (2040, [(2, 12), (6, 14), (9, 20)]),
    (2041, [(2, 1), (6, 3), (9, 10)]),
    (2042, [(1, 22), (6, 22), (9, 28)]),
    (2043, [(2, 10), (6, 11), (9, 17)]),
    (2044, [(1, 30), (5, 31), (10, 5)]),
    (2045, [(2, 17), (6, 19), (9, 25)]),
    (2046, [(2, 6), (6, 8), (9, 15)]),
    (2047, [(1, 26), (5, 29), (10, 4)]),
    (2048, [(2, 14), (6, 15), (9, 22)]),
    (2049, [(2, 2), (6, 4), (9, 11)]),
    (2050, [(1, 23), (6, 23), (9, 30)]),
];

/// The days off of a year with the holiday of each, in order.
pub(super) fn days_off(year: i32) -> Vec<(NaiveDate, &'static str)> {
    let fixed =
        [(1, 1, 1, "元旦"), (4, qingming(year), 1, "清明节"), (5, 1, 2, "劳动节"), (10, 1, 3, "国庆节")];
    let mut holidays: Vec<(NaiveDate, u64, &str)> = fixed
        .into_iter()
        .filter_map(|(month, day, length, name)| {
            Some((NaiveDate::from_ymd_opt(year, month, day)?, length, name))
        })
        .collect();
    if let Some((_, [spring, dragon_boat, mid_autumn])) = LUNAR.iter().find(|(known, _)| *known == year) {
        let date = |(month, day): &(u32, u32)| NaiveDate::from_ymd_opt(year, *month, *day);
        holidays.extend(date(spring).and_then(|day| day.pred_opt()).map(|eve| (eve, 4, "春节")));
        holidays.extend(date(dragon_boat).map(|day| (day, 1, "端午节")));
        holidays.extend(date(mid_autumn).map(|day| (day, 1, "中秋节")));
    }
    holidays.sort_unstable();
    let mut off: Vec<(NaiveDate, &str)> = Vec::new();
    for (first, length, name) in holidays {
        for offset in 0..length {
            let Some(mut day) = first.checked_add_days(Days::new(offset)) else { continue };
            let is_off = |day: NaiveDate, off: &[(NaiveDate, &str)]| {
                matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
                    || off.iter().any(|(known, _)| *known == day)
            };
            while is_off(day, &off) {
                let Some(next) = day.succ_opt() else { break };
                day = next;
            }
            off.push((day, name));
        }
    }
    off
}

/// The day in April on which the sun reaches 15° of longitude, in China; right for 1901 to 2099.
fn qingming(year: i32) -> u32 {
    let in_century = year.rem_euclid(100);
    let constant = if year < 2000 { 5.59 } else { 4.81 };
    let day = (f64::from(in_century) * 0.2422 + constant).floor() - f64::from(in_century / 4);
    day as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirteen_days_none_twice_none_on_a_weekend() {
        for (year, _) in LUNAR {
            let off = days_off(year);
            assert_eq!(off.len(), 13, "{year}");
            let mut days: Vec<_> = off.iter().map(|(day, _)| *day).collect();
            days.sort();
            days.dedup();
            assert_eq!(days.len(), 13, "{year}");
            assert!(days.iter().all(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)), "{year}");
        }
    }

    /// 清明 of every year whose notice comes with the program.
    #[test]
    fn qingming_as_it_was() {
        let days = [4, 5, 5, 5, 4, 4, 5, 5, 4, 4, 5, 5, 4, 4, 5, 5, 4, 4, 5, 5, 4, 4, 5];
        for (year, day) in (2004..).zip(days) {
            assert_eq!(qingming(year), day, "{year}");
        }
    }
}
