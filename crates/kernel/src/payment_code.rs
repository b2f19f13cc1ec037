//! Payment codes (缴款码): what a payer gives to the bank.

use std::fmt;

use crate::case_number::check_digit;
use crate::division::is_digits;
use crate::{DivisionCode, FieldFault, Parsed, Reason};

/// The highest serial.
pub const MAX_SERIAL: u64 = 99_999_999_999;

/// 20 digits. To everyone but the issuer they are opaque: a code that finance issues has another inner
/// form. Those of this system, made for trying, are the center's division, two digits of the year, a
/// serial of eleven digits and a check digit (ISO 7064 MOD 11,10).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentCode(String);

impl PaymentCode {
    /// The code of a center's `serial`-th notice in a year.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` for a serial of more than eleven digits.
    pub fn issue(center: &DivisionCode, year: i32, serial: u64) -> Parsed<Self> {
        if serial > MAX_SERIAL {
            return Err(FieldFault::limited(Reason::OutOfRange, format!("0–{MAX_SERIAL}")));
        }
        let body = format!("{center}{:02}{serial:011}", year.rem_euclid(100));
        let check = check_digit(&body);
        Ok(Self(format!("{body}{check}")))
    }

    /// Reads a code of any issuer: 20 digits; spaces between them are dropped.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        let text: String = value.chars().filter(|c| *c != ' ').collect();
        if text.is_empty() {
            return Err(Reason::Required.into());
        }
        if text.len() != 20 || !is_digits(&text) {
            return Err(Reason::BadFormat.into());
        }
        Ok(Self(text))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentCode({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let center = DivisionCode::parse("430102").unwrap();
        let code = PaymentCode::issue(&center, 2026, 123).unwrap();
        assert!(code.as_str().starts_with("4301022600000000123"), "{code}");
        assert_eq!(PaymentCode::parse(code.as_str()).unwrap(), code);
        assert_eq!(PaymentCode::parse("4301 0226 0000 0000 1230").unwrap().as_str(), "43010226000000001230");
        for bad in ["4301", "4301022600000000123x", "４3010226000000001230"] {
            assert_eq!(PaymentCode::parse(bad).unwrap_err().reason, Reason::BadFormat, "{bad}");
        }
        assert!(PaymentCode::issue(&center, 2026, MAX_SERIAL + 1).is_err());
    }
}
