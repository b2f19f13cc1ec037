//! Numbers of written documents (文书): acceptance notices, supplement notices,
//! decisions.

use std::fmt;

use crate::division::is_digits;
use crate::{DivisionCode, FieldFault, Parsed, Reason, date};

/// The highest serial of one kind in a center's year.
pub const MAX_SERIAL: u32 = 9_999_999;

/// `430102-SL-2026-0000123`: the center, two capital letters for the kind of
/// document, the year, and the year's serial in seven digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// The number of a center's `serial`-th document of this kind (two capital
    /// letters) and year.
    ///
    /// # Errors
    /// `BAD_FORMAT` for the kind; `OUT_OF_RANGE` if the serial has more than
    /// seven digits or the year lies outside [`date::YEARS`].
    pub fn issue(center: &DivisionCode, kind: &'static str, year: i32, serial: u32) -> Parsed<Self> {
        if !is_kind(kind) {
            return Err(Reason::BadFormat.into());
        }
        date::check_year(year)?;
        if serial > MAX_SERIAL {
            return Err(FieldFault::limited(Reason::OutOfRange, format!("0–{MAX_SERIAL}")));
        }
        Ok(DocumentNumber(format!("{center}-{kind}-{year:04}-{serial:07}")))
    }

    /// Reads a number; white space around it is dropped and small letters become
    /// capitals.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`, `OUT_OF_RANGE` (the year).
    pub fn parse(value: &str) -> Parsed<Self> {
        let text = value.trim().to_ascii_uppercase();
        if text.is_empty() {
            return Err(Reason::Required.into());
        }
        let parts: Vec<&str> = text.split('-').collect();
        let [center, kind, year, serial] = parts.as_slice() else {
            return Err(Reason::BadFormat.into());
        };
        let is_number = |part: &str, length| part.len() == length && is_digits(part);
        if !(is_number(center, 6) && is_kind(kind) && is_number(year, 4) && is_number(serial, 7)) {
            return Err(Reason::BadFormat.into());
        }
        date::check_year(year.parse().unwrap_or_default())?;
        Ok(DocumentNumber(text))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The center that issued it.
    pub fn center(&self) -> DivisionCode {
        DivisionCode::leading(&self.0)
    }

    /// The two capital letters of its kind.
    pub fn kind(&self) -> &str {
        self.0.get(7..9).unwrap_or_default()
    }
}

fn is_kind(kind: &str) -> bool {
    kind.len() == 2 && kind.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentNumber({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn center() -> DivisionCode {
        DivisionCode::parse("430102").unwrap()
    }

    #[test]
    fn issued() {
        let number = DocumentNumber::issue(&center(), "SL", 2026, 123).unwrap();
        assert_eq!(number.to_string(), "430102-SL-2026-0000123");
        assert_eq!(number.center(), center());
        assert_eq!(number.kind(), "SL");
        assert_eq!(DocumentNumber::parse(" 430102-sl-2026-0000123 ").unwrap(), number);
    }

    #[test]
    fn refuses() {
        for (kind, year, serial, reason) in [
            ("S", 2026, 1, Reason::BadFormat),
            ("sl", 2026, 1, Reason::BadFormat),
            ("受", 2026, 1, Reason::BadFormat),
            ("SL", 1899, 1, Reason::OutOfRange),
            ("SL", 2026, 10_000_000, Reason::OutOfRange),
        ] {
            let fault = DocumentNumber::issue(&center(), kind, year, serial).unwrap_err();
            assert_eq!(fault.reason, reason, "{kind} {year} {serial}");
        }
        for text in [
            "430102-SL-2026-123",
            "430102-SL-2026-0000123-1",
            "430102SL20260000123",
            "43010-SL-2026-0000123",
            "430102-S1-2026-0000123",
        ] {
            let fault = DocumentNumber::parse(text).unwrap_err();
            assert_eq!(fault.reason, Reason::BadFormat, "{text}");
        }
        let fault = DocumentNumber::parse("430102-SL-0026-0000123").unwrap_err();
        assert_eq!(fault.reason, Reason::OutOfRange);
    }

    proptest! {
        #[test]
        fn parse_inverts_issue(year in date::YEARS, serial in 0..=MAX_SERIAL) {
            let number = DocumentNumber::issue(&center(), "BZ", year, serial).unwrap();
            prop_assert_eq!(DocumentNumber::parse(number.as_str()).unwrap(), number);
        }
    }
}
