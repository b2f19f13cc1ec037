//! Mobile telephone numbers of mainland China.

use std::fmt;

use crate::{Parsed, Reason, mask, text};

/// A mobile number, stored as its 11 digits.
///
/// Only the shape `1[3-9]` and nine digits is checked: tables of allocated
/// prefixes grow old. There is no `Display`, so that no number slips into a log;
/// choose [`Mobile::as_str`] or [`Mobile::masked`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mobile(String);

impl Mobile {
    /// Reads a number; spaces, hyphens, full-width digits and the country code
    /// (`+86`, `0086`, `86`) are tolerated.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        let compact = text::compact(value)?;
        // No mobile number begins with 8 or 0, so a prefix is never part of one.
        let number =
            ["+86", "0086", "86"].iter().find_map(|prefix| compact.strip_prefix(prefix)).unwrap_or(&compact);
        let shaped = number.len() == 11
            && number.bytes().enumerate().all(|(at, byte)| match at {
                0 => byte == b'1',
                1 => (b'3'..=b'9').contains(&byte),
                _ => byte.is_ascii_digit(),
            });
        if shaped { Ok(Mobile(number.to_owned())) } else { Err(Reason::BadFormat.into()) }
    }

    /// The 11 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden, as pages and logs show it.
    pub fn masked(&self) -> String {
        mask::mobile(&self.0)
    }
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mobile({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid() {
        for (typed, digits) in [
            ("13000000000", "13000000000"),
            ("17000000000", "17000000000"),
            ("19900000000", "19900000000"),
            ("+86 130-0000-0000", "13000000000"),
            ("0086 13000000000", "13000000000"),
            ("8613000000000", "13000000000"),
            ("＋８６１３０００００００００", "13000000000"),
        ] {
            assert_eq!(Mobile::parse(typed).unwrap().as_str(), digits, "{typed}");
        }
    }

    #[test]
    fn invalid() {
        for typed in [
            "12345678901",
            "1380013800",
            "190000000000",
            "+85 13000000000",
            "868613000000000",
            "1300000000a",
            "861300000000",
        ] {
            let fault = Mobile::parse(typed).unwrap_err();
            assert_eq!(fault.reason, Reason::BadFormat, "{typed}");
        }
        assert_eq!(Mobile::parse(" ").unwrap_err().reason, Reason::Required);
    }

    #[test]
    fn debug_is_masked() {
        let mobile = Mobile::parse("13000001234").unwrap();
        assert_eq!(format!("{mobile:?}"), "Mobile(130****1234)");
    }

    proptest! {
        #[test]
        fn country_code_changes_nothing(number in "1[3-9][0-9]{9}") {
            let plain = Mobile::parse(&number).unwrap();
            prop_assert_eq!(plain.as_str(), &number);
            prop_assert_eq!(&Mobile::parse(&format!("86{number}")).unwrap(), &plain);
        }
    }
}
