//! Unified social credit codes of organizations (统一社会信用代码, GB 32100-2015).

use std::fmt;

use crate::{Parsed, Reason, text};

/// Digits and capital letters without I, O, S, V, Z; a character's place is its
/// value.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// 18 characters: registering authority, kind, region (6), organization code (9),
/// check character.
///
/// Only the last check is enforced. The organization code has a check of its own
/// (GB 11714) that some old codes fail. Codes are public and are not masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    /// Reads a code; spaces, hyphens, full-width characters and small letters are
    /// tolerated.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`; `BAD_FORMAT` if it has not 18 characters of the
    /// alphabet, or no digits where the region stands; `CHECK_DIGIT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        let code = text::compact(value)?.to_ascii_uppercase();
        let region_is_digits =
            code.get(2..8).is_some_and(|region| region.bytes().all(|byte| byte.is_ascii_digit()));
        if code.len() != 18 || !region_is_digits || code.chars().any(|c| !ALPHABET.contains(c)) {
            return Err(Reason::BadFormat.into());
        }
        if code.chars().next_back() != check_character(&code) {
            return Err(Reason::CheckDigit.into());
        }
        Ok(CreditCode(code))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The weights are the powers of 3 modulo 31.
fn check_character(code: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for c in code.chars().take(17) {
        sum += ALPHABET.find(c)? * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreditCode({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // All codes are made up: XXXX bodies match no likely organization.
    #[test]
    fn valid() {
        for code in [
            "91430102XXXX00019D",
            "11430100XXXX00027K",
            "12430181XXXX00035M",
            // Its inner organization check is wrong; that is not enforced.
            "91430102XXXX00061R",
        ] {
            assert_eq!(CreditCode::parse(code).unwrap().to_string(), code);
        }
        for typed in ["91430102xxxx00019d", " 91430102-XXXX0001-9D "] {
            let code = CreditCode::parse(typed).unwrap();
            assert_eq!(code.as_str(), "91430102XXXX00019D");
        }
    }

    #[test]
    fn invalid() {
        for (code, reason) in [
            ("", Reason::Required),
            ("91430102XXXX00019E", Reason::CheckDigit),
            ("91430102IXXX00019D", Reason::BadFormat),
            ("91430102XXXX00019", Reason::BadFormat),
            ("91430102XXXX00019DD", Reason::BadFormat),
            ("9143010AXXXX00019D", Reason::BadFormat),
            ("91430102长长XX019D", Reason::BadFormat),
        ] {
            let fault = CreditCode::parse(code).unwrap_err();
            assert_eq!(fault.reason, reason, "{code}");
        }
    }

    proptest! {
        #[test]
        fn every_wrong_character_is_caught(body in "91430102[0-9A-HJ-NPQRTUWXY]{9}") {
            let code = format!("{body}{}", check_character(&body).unwrap());
            prop_assert!(CreditCode::parse(&code).is_ok());
            let chars: Vec<char> = code.chars().collect();
            for at in 0..18 {
                for c in ALPHABET.chars().filter(|c| *c != chars[at]) {
                    let mut wrong = chars.clone();
                    wrong[at] = c;
                    prop_assert!(CreditCode::parse(&String::from_iter(wrong)).is_err());
                }
            }
        }
    }
}
