//! What entitles to one ballot of one round. Whoever holds it votes; nobody knows who that is.

use std::fmt;

use sha2::{Digest as _, Sha256};
use yimen_kernel::{Parsed, Reason};

/// Neither 0 nor O, neither 1 nor I nor L: it is typed from paper.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// 31²⁶ is more than 2¹²⁸.
const LENGTH: usize = 26;

/// 128 random bits, as 26 letters and digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token of a random number.
    pub fn from_random(mut number: u128) -> Self {
        let base = LETTERS.len() as u128;
        let letters = (0..LENGTH).map(|_| {
            let place = usize::try_from(number % base).unwrap_or_default();
            number /= base;
            LETTERS.get(place).copied().map_or('2', char::from)
        });
        Self(letters.collect())
    }

    /// Reads a token as people type it: small letters, white space and hyphens are taken as well.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(typed: &str) -> Parsed<Self> {
        let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let token: String = kept.take(LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect();
        if token.is_empty() {
            return Err(Reason::Required.into());
        }
        if token.len() != LENGTH || !token.bytes().all(|letter| LETTERS.contains(&letter)) {
            return Err(Reason::BadFormat.into());
        }
        Ok(Self(token))
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_as_people_do() {
        let token = Token::from_random(u128::MAX);
        assert_eq!(token.as_str().len(), LENGTH);
        let typed = format!(" {}-{}\n", &token.as_str()[..13].to_lowercase(), &token.as_str()[13..]);
        assert_eq!(Token::parse(&typed).unwrap(), token);
        assert_eq!(Token::parse(" - ").unwrap_err().reason, Reason::Required);
        for wrong in ["2", &"2".repeat(27), &"0".repeat(26), &"票".repeat(26)] {
            assert_eq!(Token::parse(wrong).unwrap_err().reason, Reason::BadFormat, "{wrong}");
        }
        assert!(!format!("{token:?}").contains(token.as_str()));
    }

    proptest! {
        #[test]
        fn no_two_numbers_have_the_same(one in any::<u128>(), other in any::<u128>()) {
            let tokens = (Token::from_random(one), Token::from_random(other));
            prop_assert_eq!(tokens.0 == tokens.1, one == other);
            prop_assert_eq!(Token::parse(tokens.0.as_str()).unwrap(), tokens.0);
        }
    }
}
