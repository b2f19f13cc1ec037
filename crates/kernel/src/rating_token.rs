//! Rating tokens: the secret in a link that lets whoever was served rate that event, once.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{Parsed, Reason};

/// Small letters and digits that fit an address (RFC 4648, base 32), five bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// 128 bits, five at a time.
const LENGTH: usize = 26;

/// Twenty-six characters, 128 bits: whoever has it may rate, and it says nothing of anybody.
///
/// It is given out once and kept as its [digest](Self::digest) alone. With so many bits the digest may be told to
/// others; that of a [`LookupCode`](crate::LookupCode) could be tried out. `Debug` hides it and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RatingToken(String);

impl RatingToken {
    /// Makes a token from sixteen bytes of a cryptographic random source.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut number = u128::from_be_bytes(bytes);
        let mut token = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let letter = usize::try_from(number % 32).ok().and_then(|at| ALPHABET.get(at));
            token.extend(letter.map(|byte| char::from(*byte)));
            number /= 32;
        }
        RatingToken(token)
    }

    /// Reads a token as it stands in a link; capitals and white space around it are borne.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`.
    pub fn parse(value: &str) -> Parsed<Self> {
        let token = value.trim().to_ascii_lowercase();
        if token.is_empty() {
            return Err(Reason::Required.into());
        }
        if token.len() == LENGTH && token.bytes().all(|byte| ALPHABET.contains(&byte)) {
            Ok(RatingToken(token))
        } else {
            Err(Reason::BadFormat.into())
        }
    }

    /// The characters, in the clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256 of its characters.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The link, below the address where citizens reach the center.
    pub fn link(&self, public_url: &str) -> String {
        format!("{}/rate/{}", public_url.trim_end_matches('/'), self.0)
    }
}

impl fmt::Debug for RatingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RatingToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_it_stands_in_a_link() {
        let token = RatingToken::from_random([7; 16]);
        let typed = format!(" {}\n", token.as_str().to_ascii_uppercase());
        assert_eq!(RatingToken::parse(&typed).unwrap(), token);
        assert_eq!(
            token.link("https://hall.example/"),
            format!("https://hall.example/rate/{}", token.as_str())
        );
        for bad in [
            "a",
            "aaaaaaaaaaaaaaaaaaaaaaaaaa1",
            "aaaaaaaaaaaaaaaaaaaaaaaaa1",
            "../aaaaaaaaaaaaaaaaaaaaaaa",
            "一",
        ] {
            assert_eq!(RatingToken::parse(bad).unwrap_err().reason, Reason::BadFormat, "{bad}");
        }
        assert_eq!(RatingToken::parse(" ").unwrap_err().reason, Reason::Required);
    }

    #[test]
    fn debug_hides_it() {
        let token = RatingToken::from_random([7; 16]);
        assert!(!format!("{token:?}").contains(token.as_str()));
    }

    #[test]
    fn the_digest_is_sha_256() {
        // SHA-256 of twenty-six a's, by coreutils.
        let digest = RatingToken::from_random([0; 16]).digest();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "9976d549a25115dab4e36d0c1fb8f31cb07da87dd83275977360eb7dc09e88de");
    }

    proptest! {
        #[test]
        fn parse_inverts_from_random(bytes in any::<[u8; 16]>(), other in any::<[u8; 16]>()) {
            let token = RatingToken::from_random(bytes);
            prop_assert_eq!(RatingToken::parse(token.as_str()).unwrap(), token.clone());
            prop_assert_eq!(token == RatingToken::from_random(other), bytes == other);
        }
    }
}
