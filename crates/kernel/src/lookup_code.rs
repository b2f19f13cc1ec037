//! Lookup codes (查询码): the secret that lets a citizen without an account see
//! one application.

use std::fmt;

use crate::{Parsed, Reason};

/// Digits and letters that are not mistaken for each other: no 0 O 1 I L.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Eight characters of a 31-letter alphabet, about 39.6 bits.
///
/// That is enough against guessing only together with a limit on attempts. The
/// code is shown to the applicant alone; `Debug` hides it and there is no
/// `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LookupCode(String);

impl LookupCode {
    /// Makes a code from eight bytes of a cryptographic random source.
    ///
    /// The bytes are one number of 64 bits, written in base 31. As 2^64 is more
    /// than 20 million times 31^8, no code is likelier than another by more than
    /// one part in 20 million.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut number = u64::from_be_bytes(bytes);
        let mut code = String::with_capacity(8);
        for _ in 0..8 {
            let letter = usize::try_from(number % 31).ok().and_then(|at| ALPHABET.get(at));
            code.extend(letter.map(|byte| char::from(*byte)));
            number /= 31;
        }
        LookupCode(code)
    }

    /// Reads a code as people type it: trimmed, in either case, with or without
    /// a hyphen in the middle.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        let typed = value.trim().to_ascii_uppercase();
        if typed.is_empty() {
            return Err(Reason::Required.into());
        }
        let code = match typed.split_once('-') {
            Some((first, second)) if first.len() == 4 => format!("{first}{second}"),
            _ => typed,
        };
        if code.len() == 8 && code.bytes().all(|byte| ALPHABET.contains(&byte)) {
            Ok(LookupCode(code))
        } else {
            Err(Reason::BadFormat.into())
        }
    }

    /// The eight characters, in the clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LookupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_forms() {
        for typed in ["2345ABCD", " 2345abcd ", "2345-ABCD", "2345-abcd\n"] {
            assert_eq!(LookupCode::parse(typed).unwrap().as_str(), "2345ABCD");
        }
        for typed in [
            "2345ABC",
            "2345ABCDE",
            "2345ABC0",
            "2345ABCO",
            "2345ABC1",
            "2345ABCI",
            "2345ABCL",
            "234-5ABCD",
            "2345--ABCD",
            "2345-AB-CD",
            "２345ABCD",
            "-2345ABCD",
        ] {
            let fault = LookupCode::parse(typed).unwrap_err();
            assert_eq!(fault.reason, Reason::BadFormat, "{typed}");
        }
        assert_eq!(LookupCode::parse(" ").unwrap_err().reason, Reason::Required);
    }

    #[test]
    fn debug_hides_it() {
        let code = LookupCode::from_random([7; 8]);
        assert!(!format!("{code:?}").contains(code.as_str()));
    }

    #[test]
    fn extremes() {
        assert_eq!(LookupCode::from_random([0; 8]).as_str(), "22222222");
        assert_eq!(LookupCode::from_random([255; 8]).as_str().len(), 8);
    }

    proptest! {
        #[test]
        fn parse_inverts_from_random(bytes in any::<[u8; 8]>()) {
            let code = LookupCode::from_random(bytes);
            prop_assert_eq!(LookupCode::parse(code.as_str()).unwrap(), code);
        }
    }
}
