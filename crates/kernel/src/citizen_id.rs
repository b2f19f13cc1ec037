//! Citizens' identity numbers (公民身份号码, GB 11643-1999).

use std::fmt;

use chrono::NaiveDate;

use crate::division::is_digits;
use crate::{Parsed, Reason, date, mask, text};

/// ISO 7064 MOD 11-2 weights of the first 17 digits.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check character for each remainder.
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// First two digits of GB/T 2260, and 83 for residence permits of people from
/// Taiwan (国办发〔2018〕81号). The whole region code is not checked: it may be
/// one that was abolished after the number was given.
const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    "83",
];

/// An identity number: region, birth date, order, check character.
///
/// There is no `Display`, so that no number slips into a log; choose
/// [`CitizenId::as_str`] or [`CitizenId::masked`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId {
    number: String,
    birth_date: NaiveDate,
}

impl CitizenId {
    /// Reads a number; spaces, hyphens, full-width characters and a small `x`
    /// are tolerated.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`; `FIRST_GENERATION_ID` for 15 digits, which are invalid
    /// since 2013-01-01 (居民身份证法); `BAD_FORMAT`; `CHECK_DIGIT`;
    /// `IMPOSSIBLE_DATE` or `OUT_OF_RANGE` for the birth date;
    /// `UNKNOWN_DIVISION` if there is no such province.
    pub fn parse(value: &str) -> Parsed<Self> {
        let number = text::compact(value)?.to_ascii_uppercase();
        if number.len() == 15 && is_digits(&number) {
            return Err(Reason::FirstGenerationId.into());
        }
        let (Some(body), Some(check)) = (number.get(..17), number.get(17..)) else {
            return Err(Reason::BadFormat.into());
        };
        if !is_digits(body) || !matches!(check.as_bytes(), [b'0'..=b'9' | b'X']) {
            return Err(Reason::BadFormat.into());
        }
        if !check.chars().eq(check_character(body)) {
            return Err(Reason::CheckDigit.into());
        }
        let birth_date = date::date_of_digits(body.get(6..14).unwrap_or_default())?;
        if !PROVINCES.iter().any(|province| body.starts_with(province)) {
            return Err(Reason::UnknownDivision.into());
        }
        Ok(CitizenId { number, birth_date })
    }

    /// The 18 characters, in the clear.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The birth date it carries. It may lie in the future: kernel has no clock.
    pub fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// The number as pages and logs show it: see [`mask::citizen_id`].
    pub fn masked(&self) -> String {
        mask::citizen_id(&self.number)
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", self.masked())
    }
}

fn check_character(body: &str) -> Option<char> {
    let digits = body.chars().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // All numbers are made up: the births before 1904 match no living person.
    #[test]
    fn valid() {
        for number in ["430121190001010014", "430121190102280021", "43012119020315004X"] {
            assert_eq!(CitizenId::parse(number).unwrap().as_str(), number);
        }
        for typed in ["43012119020315004x", " 430121 19020315 004X ", "４３０１２１１９０２０３１５００４ｘ"]
        {
            let id = CitizenId::parse(typed).unwrap();
            assert_eq!(id.as_str(), "43012119020315004X");
            assert_eq!(id.birth_date().to_string(), "1902-03-15");
        }
    }

    #[test]
    fn invalid() {
        for (number, reason) in [
            ("", Reason::Required),
            ("430121190001010015", Reason::CheckDigit),
            ("430121190102290019", Reason::ImpossibleDate),
            ("43012119000101001", Reason::BadFormat),
            ("999999190001010015", Reason::UnknownDivision),
            ("430121000101001", Reason::FirstGenerationId),
            ("43012100010100X", Reason::BadFormat),
            ("4301211900010100140", Reason::BadFormat),
            ("4301211900010100X4", Reason::BadFormat),
            ("43012119000101001Y", Reason::BadFormat),
            ("43012119000101001长", Reason::BadFormat),
            ("长长长长长长", Reason::BadFormat),
        ] {
            let fault = CitizenId::parse(number).unwrap_err();
            assert_eq!(fault.reason, reason, "{number}");
        }
    }

    #[test]
    fn region_is_not_tested_against_the_year() {
        // 430181 is younger than the birth; such numbers exist.
        let body = "43018119020315004";
        let number = format!("{body}{}", check_character(body).unwrap());
        assert!(CitizenId::parse(&number).is_ok());
    }

    #[test]
    fn masked_everywhere() {
        let id = CitizenId::parse("43012119020315004X").unwrap();
        assert_eq!(id.masked(), "430121**********4X");
        assert_eq!(format!("{id:?}"), "CitizenId(430121**********4X)");
    }

    proptest! {
        #[test]
        fn every_slip_is_caught(days in 0..1_400_u64, order in 0..1_000_u32) {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days);
            let body = format!("430121{}{order:03}", birth.format("%Y%m%d"));
            let number = format!("{body}{}", check_character(&body).unwrap());
            prop_assert!(CitizenId::parse(&number).is_ok());

            // MOD 11-2 catches every wrong digit and every swap of neighbours.
            let chars: Vec<char> = number.chars().collect();
            for at in 0..17 {
                for digit in '0'..='9' {
                    let mut wrong = chars.clone();
                    wrong[at] = digit;
                    if wrong != chars {
                        prop_assert!(CitizenId::parse(&String::from_iter(wrong)).is_err());
                    }
                }
                let mut swapped = chars.clone();
                swapped.swap(at, at + 1);
                if swapped != chars {
                    prop_assert!(CitizenId::parse(&String::from_iter(swapped)).is_err());
                }
            }
        }
    }
}
