//! Signed JSON between us and an outside system: HMAC-SHA-256 (RFC 2104) over `<timestamp>.<body>`.
//!
//! The same scheme both ways: a bank's or a carrier's callback is checked here, and what we send to a
//! carrier is signed here.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_proto::policy::v1::SignedCallback;

/// Header with the id of the key.
pub const KEY_ID_HEADER: &str = "yimen-key-id";
/// Header with the seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "yimen-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "yimen-signature";
/// How far the clock of the other side may be from ours; what is older is a replay.
pub const REPLAY_WINDOW: Duration = Duration::minutes(5);

/// A secret shared with an outside system: 32 bytes, in hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret([u8; 32]);

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(digits: String) -> std::result::Result<Self, Self::Error> {
        let bytes = hex::decode(digits.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a shared secret is 64 hexadecimal digits, as `openssl rand -hex 32` prints")
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        hex::encode(secret.0)
    }
}

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    fn mac(&self, timestamp: &str, body: &[u8]) -> Result<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(Error::internal)?;
        Ok(mac.chain_update(timestamp).chain_update(b".").chain_update(body))
    }

    /// Signs `body` at `now`: the timestamp and the signature as their headers carry them.
    ///
    /// # Errors
    /// Never for a secret of this type; the algorithm takes keys of any length.
    pub fn sign(&self, now: DateTime<Utc>, body: &[u8]) -> Result<(String, String)> {
        let timestamp = now.timestamp().to_string();
        let signature = hex::encode(self.mac(&timestamp, body)?.finalize().into_bytes());
        Ok((timestamp, signature))
    }
}

/// Checks that one of `keys` signed the callback within the replay window, in constant time.
///
/// # Errors
/// `BAD_SIGNATURE` for an unknown key, another signature or a body that was changed; `STALE_SIGNATURE`
/// outside the window.
pub fn verify(keys: &BTreeMap<String, Secret>, callback: &SignedCallback, now: DateTime<Utc>) -> Result<()> {
    let bad = || Error::unauthenticated(Reason::BadSignature);
    let secret = keys.get(&callback.key_id).ok_or_else(bad)?;
    let given = hex::decode(&callback.signature).map_err(|_| bad())?;
    secret.mac(&callback.timestamp, &callback.body)?.verify_slice(&given).map_err(|_| bad())?;
    let signed = callback.timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let signed = signed.ok_or_else(bad)?;
    if (now - signed).abs() > REPLAY_WINDOW {
        return Err(Error::unauthenticated(Reason::StaleSignature));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> BTreeMap<String, Secret> {
        BTreeMap::from([("bank".to_owned(), Secret::from([7; 32]))])
    }

    fn signed(at: DateTime<Utc>) -> SignedCallback {
        let (timestamp, signature) = keys()["bank"].sign(at, b"{}").unwrap();
        SignedCallback { key_id: "bank".into(), timestamp, signature, body: b"{}".to_vec() }
    }

    #[test]
    fn what_was_signed_passes_and_nothing_else() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let reason =
            |callback: &SignedCallback| verify(&keys(), callback, now).map_err(|error| error.reason());
        assert_eq!(reason(&signed(now)), Ok(()));
        assert_eq!(reason(&signed(now - Duration::minutes(5))), Ok(()));
        for away in [Duration::seconds(301), -Duration::seconds(301)] {
            assert_eq!(reason(&signed(now - away)), Err(Reason::StaleSignature));
        }
        let bent = [
            SignedCallback { key_id: "other".into(), ..signed(now) },
            SignedCallback { body: b"{ }".to_vec(), ..signed(now) },
            SignedCallback { timestamp: (now.timestamp() + 1).to_string(), ..signed(now) },
            SignedCallback { signature: String::new(), ..signed(now) },
            SignedCallback { signature: "zz".into(), ..signed(now) },
        ];
        for callback in bent {
            assert_eq!(reason(&callback), Err(Reason::BadSignature));
        }
    }

    /// RFC 4231, test case 2, says what the algorithm is; this says what the signed text is.
    #[test]
    fn the_signed_text_is_timestamp_point_body() {
        let now = DateTime::from_timestamp(1, 0).unwrap();
        let (timestamp, signature) = Secret::from([0; 32]).sign(now, b"x").unwrap();
        let plain = Hmac::<Sha256>::new_from_slice(&[0; 32]).unwrap().chain_update(b"1.x").finalize();
        assert_eq!((timestamp.as_str(), signature), ("1", hex::encode(plain.into_bytes())));
    }

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", Secret::from([7; 32])), "Secret");
        assert!(Secret::try_from("07".to_owned()).is_err());
        assert!(Secret::try_from("07".repeat(32)).is_ok());
    }
}
