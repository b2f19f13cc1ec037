//! Case numbers (办件编号): what a citizen quotes to follow an application.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::division::is_digits;
use crate::{DivisionCode, FieldFault, Parsed, Reason, date, text};

/// The highest serial of a center's day.
pub const MAX_SERIAL: u32 = 999_999;

/// 21 digits: 6 of the center's division, 8 of the date it was issued, 6 of the
/// day's serial, and 1 check digit by ISO 7064 MOD 11,10.
///
/// The check catches every single wrong digit. Of swapped neighbours it catches
/// 880 in 900 (98 %); the standard misses one pair of neighbouring values in each
/// of its ten states, as the tests show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber {
    text: String,
    date: NaiveDate,
}

impl CaseNumber {
    /// The number of the application that a center took in as the `serial`-th
    /// (0 to 999 999) of this day.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` if the serial has more than six digits, or the year lies
    /// outside [`date::YEARS`].
    pub fn issue(center: &DivisionCode, date: NaiveDate, serial: u32) -> Parsed<Self> {
        date::in_years(date)?;
        if serial > MAX_SERIAL {
            return Err(FieldFault::limited(Reason::OutOfRange, format!("0–{MAX_SERIAL}")));
        }
        let (year, month, day) = (date.year(), date.month(), date.day());
        let mut text = format!("{center}{year:04}{month:02}{day:02}{serial:06}");
        text.push(check_digit(&text));
        Ok(CaseNumber { text, date })
    }

    /// Reads a number as people type it: spaces, hyphens and full-width digits
    /// are tolerated.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`, `CHECK_DIGIT`, `IMPOSSIBLE_DATE`,
    /// `OUT_OF_RANGE` (the year).
    pub fn parse(value: &str) -> Parsed<Self> {
        let text = text::compact(value)?;
        if text.len() != 21 || !is_digits(&text) {
            return Err(Reason::BadFormat.into());
        }
        if !checks(&text) {
            return Err(Reason::CheckDigit.into());
        }
        let date = date::date_of_digits(text.get(6..14).unwrap_or_default())?;
        Ok(CaseNumber { text, date })
    }

    /// The 21 digits.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The center that issued it, under the code of that day.
    pub fn center(&self) -> DivisionCode {
        DivisionCode::leading(&self.text)
    }

    /// The day it was issued, in China.
    pub fn date(&self) -> NaiveDate {
        self.date
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseNumber({})", self.text)
    }
}

/// ISO 7064 hybrid system MOD 11,10: one step per digit, from state 10; the state
/// stays within 1 to 10.
fn step(state: u32, digit: u32) -> u32 {
    let sum = match (state + digit) % 10 {
        0 => 10,
        sum => sum,
    };
    sum * 2 % 11
}

fn state_after(digits: &str) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).fold(10, step)
}

/// The digit that brings the final sum to 1 modulo 10.
pub(crate) fn check_digit(digits: &str) -> char {
    char::from_digit((11 - state_after(digits)) % 10, 10).unwrap_or('0')
}

fn checks(number: &str) -> bool {
    let mut body = number.chars();
    let last = body.next_back();
    last == Some(check_digit(body.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(serial: u32, days: u64) -> CaseNumber {
        let center = DivisionCode::parse("430102").unwrap();
        let date = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Days::new(days);
        CaseNumber::issue(&center, date, serial).unwrap()
    }

    #[test]
    fn standard_example() {
        // The example of ISO 7064 for MOD 11,10: 0794 has check digit 5.
        assert_eq!(check_digit("0794"), '5');
        assert!(checks("07945"));
    }

    #[test]
    fn parts() {
        let number = number(123, 0);
        assert!(number.as_str().starts_with("43010220000101000123"));
        assert_eq!(number.as_str().len(), 21);
        assert_eq!(number.center().as_str(), "430102");
        assert_eq!(number.date().to_string(), "2000-01-01");
        assert_eq!(format!("{number:?}"), format!("CaseNumber({number})"));
    }

    #[test]
    fn tolerates_how_people_type() {
        let number = number(7, 9000);
        let (a, b) = number.as_str().split_at(6);
        assert_eq!(CaseNumber::parse(&format!(" {a}-{b}\n")).unwrap(), number);
    }

    #[test]
    fn refuses() {
        let center = DivisionCode::parse("430102").unwrap();
        let date = NaiveDate::from_ymd_opt(2026, 2, 28).unwrap();
        let issue = CaseNumber::issue(&center, date, 1_000_000);
        assert_eq!(issue.unwrap_err().reason, Reason::OutOfRange);
        let old = NaiveDate::from_ymd_opt(1899, 1, 1).unwrap();
        let issue = CaseNumber::issue(&center, old, 0);
        assert_eq!(issue.unwrap_err().reason, Reason::OutOfRange);

        let with_check = |body: &str| format!("{body}{}", check_digit(body));
        for (text, reason) in [
            (String::new(), Reason::Required),
            ("4301022026022800000".into(), Reason::BadFormat),
            ("43010220260228000000X".into(), Reason::BadFormat),
            (with_check("43010220260229000000"), Reason::ImpossibleDate),
            (with_check("43010200000101000000"), Reason::OutOfRange),
        ] {
            let fault = CaseNumber::parse(&text).unwrap_err();
            assert_eq!(fault.reason, reason, "{text}");
        }
    }

    /// All states, all pairs of unequal digits: what a swap changes.
    #[test]
    fn exactly_one_pair_per_state_is_missed() {
        for state in 1..=10 {
            let mut missed = Vec::new();
            for a in 0..10 {
                for b in 0..a {
                    if step(step(state, a), b) == step(step(state, b), a) {
                        missed.push((b, a));
                    }
                }
            }
            assert_eq!(missed.len(), 1, "state {state}");
        }
    }

    /// Every swap of neighbours in many numbers: missed where, and only where, the
    /// state before the pair misses it; the last pair ends in the check digit.
    #[test]
    fn swaps_are_caught_but_for_those_pairs() {
        let (mut caught, mut missed) = (0, 0);
        for sample in 0..2_000_u32 {
            let number = number(sample * 487, u64::from(sample) * 11);
            let digits: Vec<char> = number.as_str().chars().collect();
            for at in 0..20 {
                let mut swapped = digits.clone();
                swapped.swap(at, at + 1);
                if swapped == digits {
                    continue;
                }
                let swapped: String = swapped.into_iter().collect();
                let before = state_after(&number.as_str()[..at]);
                let digit = |i: usize| digits[i].to_digit(10).unwrap();
                let (a, b) = (digit(at), digit(at + 1));
                let blind = if at == 19 {
                    (step(before, b) + a) % 10 == 1
                } else {
                    step(step(before, a), b) == step(step(before, b), a)
                };
                assert_eq!(checks(&swapped), blind, "{number} at {at}");
                *(if blind { &mut missed } else { &mut caught }) += 1;
            }
        }
        assert!(missed * 25 < caught, "{missed} missed, {caught} caught");
    }

    proptest! {
        #[test]
        fn parse_inverts_issue(serial in 0..=MAX_SERIAL, days in 0..73_000_u64) {
            let number = number(serial, days);
            prop_assert_eq!(CaseNumber::parse(&number.to_string()).unwrap(), number);
        }

        #[test]
        fn every_single_wrong_digit_is_caught(serial in 0..=MAX_SERIAL, days in 0..73_000_u64) {
            let number = number(serial, days);
            for at in 0..21 {
                for digit in '0'..='9' {
                    let mut wrong: Vec<char> = number.as_str().chars().collect();
                    if wrong[at] == digit {
                        continue;
                    }
                    wrong[at] = digit;
                    let wrong: String = wrong.into_iter().collect();
                    let fault = CaseNumber::parse(&wrong).unwrap_err();
                    prop_assert_eq!(fault.reason, Reason::CheckDigit);
                }
            }
        }
    }
}
