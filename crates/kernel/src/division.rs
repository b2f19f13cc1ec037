//! Codes of administrative divisions (GB/T 2260).

use std::fmt;

use crate::{Parsed, Reason};

/// A six-digit division code; it also names the center of that division.
///
/// Only the format is checked. Which codes exist, since when, and what became of
/// former ones is data, because the Ministry of Civil Affairs changes it yearly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode(String);

impl DivisionCode {
    /// Reads six ASCII digits.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        if value.is_empty() {
            Err(Reason::Required.into())
        } else if value.len() == 6 && is_digits(value) {
            Ok(DivisionCode(value.to_owned()))
        } else {
            Err(Reason::BadFormat.into())
        }
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The division that an already checked code begins with.
    pub(crate) fn leading(checked: &str) -> Self {
        DivisionCode(checked.chars().take(6).collect())
    }
}

/// Whether all characters are ASCII digits.
pub(crate) fn is_digits(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DivisionCode({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_only() {
        for code in ["430100", "430102", "430122", "999999"] {
            assert_eq!(DivisionCode::parse(code).unwrap().to_string(), code);
        }
        for code in ["43010", "4301020", "43010a", "４30102", " 430102"] {
            let fault = DivisionCode::parse(code).unwrap_err();
            assert_eq!(fault.reason, Reason::BadFormat, "{code}");
        }
        assert_eq!(DivisionCode::parse("").unwrap_err().reason, Reason::Required);
    }
}
